"""Encoders: a picture in, feature maps at falling resolution out, built by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor, nn

from mt_perception.network.spec import SpecError


class Encoder(Protocol):
    """Feature maps by stride: `channels[i]` lists the channels of the maps that `forward` gives at `strides[i]`."""

    strides: tuple[int, ...]
    channels: tuple[tuple[int, ...], ...]

    def __call__(self, image: Tensor) -> list[list[Tensor]]:
        """(N, 3, H, W) normalised picture -> for each stride, its maps, each (N, C, ceil(H/s), ceil(W/s))."""


class MobileNetV3Small(nn.Module):
    """torchvision's MobileNetV3-small up to its last bottleneck; the classifier's 576-channel convolution is left out.

    Taps as published for the multi-task network: blocks 1 | 3 | 7, 8 | 10, 11 at strides 4, 8, 16, 32.
    """

    strides = (4, 8, 16, 32)
    channels = ((16,), (24,), (48, 48), (96, 96))
    taps = ((1,), (3,), (7, 8), (10, 11))

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models import mobilenet_v3_small  # here, so that other encoders do without torchvision

        self.features = mobilenet_v3_small(weights=None).features[:12]

    def forward(self, image: Tensor) -> list[list[Tensor]]:
        maps: dict[int, Tensor] = {}
        x = image
        for index, block in enumerate(self.features):
            x = block(x)
            maps[index] = x
        return [[maps[tap] for tap in group] for group in self.taps]


ENCODERS: dict[str, Callable[[], nn.Module]] = {"mobilenet_v3_small": MobileNetV3Small}


def build_encoder(name: str) -> Any:
    """The encoder called `name`, with random weights."""
    if name not in ENCODERS:
        raise SpecError(f"encoder is {name!r}; allowed: {', '.join(ENCODERS)}")
    return ENCODERS[name]()
