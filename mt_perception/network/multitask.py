# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The multi-task network: one encoder, one decoder, one head per task."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from mt_perception.model.spec import NetworkSpec
from mt_perception.network.bins import DepthBins
from mt_perception.network.decoder import build_decoder, upsample
from mt_perception.network.depth_encodings import DepthEncoding
from mt_perception.network.encoders import build_encoder
from mt_perception.network.rays import RayEmbedding, assumed_camera
from mt_perception.network.separable import separable


class MultiTaskNetwork(nn.Module):
    """Normalised image in, class scores, encoded depth and what else was requested out."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        self.depth_encoding = DepthEncoding(spec.depth_encoding)
        encoder = build_encoder(spec.encoder)
        self.encoder = encoder
        self.stride: int = encoder.strides[spec.head_level]
        channels, strides = encoder.channels[spec.head_level :], encoder.strides[spec.head_level :]
        self.decoder = build_decoder(spec, channels)
        self.rays = nn.ModuleList(
            nn.ModuleList(RayEmbedding(each, stride) for each in group)
            for group, stride in zip(channels, strides, strict=True)
            if spec.rays
        )
        depth = {"depth": spec.depth_bins or 1} if spec.depth else {}
        outputs = {"segmentation": len(spec.train_ids), **depth, **spec.extra_heads}
        self.heads = nn.ModuleDict({task: self.decoder.head(task, count) for task, count in outputs.items()})
        self.bins = DepthBins(spec.depth_bins, self.depth_encoding) if spec.depth_bins else nn.Identity()
        if spec.separable in ("encoder", "all"):
            separable(self.encoder)
        if spec.separable in ("decoder", "all"):
            separable(self.decoder)
            separable(self.heads)

    def forward(self, image: Tensor, camera: Tensor | None = None) -> dict[str, Tensor]:
        """(N, 3, H, W) normalised -> `segmentation` (N, classes, H, W) logits, `depth` (N, 1, H, W) encoded, and one
        for each of the spec's extra heads.

        camera: (N, 4) fx, fy, cx, cy in pixels of `image`, for a network with rays; an assumed one without.
        """
        return {task: upsample(x, image.shape[-2:]) for task, x in self.coarse(image, camera).items()}

    def coarse(self, image: Tensor, camera: Tensor | None = None) -> dict[str, Tensor]:
        """As `forward`, at the decoder's own resolution."""
        maps = self.encoder(self._padded(image))[self.spec.head_level :]
        if self.spec.rays:
            maps = self._with_rays(maps, assumed_camera(image) if camera is None else camera)
        features = self.decoder(maps)
        results = {task: head(features) for task, head in self.heads.items()}
        if "depth" in results:
            results["depth"] = self.bins(results["depth"])
        if self.encoder.multiple == 1:
            return results
        height, width = (-(-each // self.stride) for each in image.shape[-2:])
        return {task: x[:, :, :height, :width] for task, x in results.items()}

    def _with_rays(self, maps: list[list[Tensor]], camera: Tensor) -> list[list[Tensor]]:
        pairs = zip(self.rays, maps, strict=True)
        return [[ray(each, camera) for ray, each in zip(*pair, strict=True)] for pair in pairs]  # type: ignore[call-overload]

    def _padded(self, image: Tensor) -> Tensor:
        """Sides that the encoder takes, grown with mean colour at the right and at the bottom."""
        if self.encoder.multiple == 1:
            return image
        missing_y, missing_x = (-each % self.encoder.multiple for each in image.shape[-2:])
        return F.pad(image, (0, missing_x, 0, missing_y))


def build_network(spec: NetworkSpec) -> MultiTaskNetwork:
    """The network that `spec` describes, with random weights."""
    return MultiTaskNetwork(spec)
