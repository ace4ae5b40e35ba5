"""The multi-task network: one encoder, one decoder, one head per task."""

from __future__ import annotations

from torch import Tensor, nn

from mt_perception.network.codecs import DepthCodec
from mt_perception.network.decoder import Head, build_decoder, upsample
from mt_perception.network.encoders import build_encoder
from mt_perception.network.spec import NetworkSpec


class MultiTaskNetwork(nn.Module):
    """Normalised picture in, class scores and encoded depth out."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        self.codec = DepthCodec(spec.depth_codec)
        encoder = build_encoder(spec.encoder)
        self.encoder = encoder
        self.stride: int = encoder.strides[spec.finest]
        self.decoder = build_decoder(spec.decoder, encoder.channels[spec.finest :], spec.decoder_width)
        self.heads = nn.ModuleDict(
            {
                "segmentation": Head(spec.decoder_width, len(spec.train_ids)),
                "depth": Head(spec.decoder_width, 1),
            }
        )

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """(N, 3, H, W) normalised -> `segmentation` (N, classes, H, W) logits and `depth` (N, 1, H, W) encoded."""
        return {task: upsample(x, image.shape[-2:]) for task, x in self.coarse(image).items()}

    def coarse(self, image: Tensor) -> dict[str, Tensor]:
        """As `forward`, at the decoder's own resolution."""
        features = self.decoder(self.encoder(image)[self.spec.finest :])
        return {task: head(features) for task, head in self.heads.items()}


def build_network(spec: NetworkSpec) -> MultiTaskNetwork:
    """The network that `spec` describes, with random weights."""
    return MultiTaskNetwork(spec)
