# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Encoders: an image in, feature maps at falling resolution out, built by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor, nn

from mt_perception.model.spec import SpecError
from mt_perception.network.segnet import SegNetEncoder
from mt_perception.network.timm_encoder import TimmEncoder
from mt_perception.network.unet import UNetEncoder
from mt_perception.utils import registry
from mt_perception.utils.registry import Registry

TIMM = "timm/"
"""What follows it is the name of an encoder of timm."""


class Encoder(Protocol):
    """Feature maps by stride: `channels[i]` lists the channels of the maps that `forward` gives at `strides[i]`.

    It is fed images whose sides are multiples of `multiple`; the network sees to that.
    """

    strides: tuple[int, ...]
    channels: tuple[tuple[int, ...], ...]
    multiple: int

    def __call__(self, image: Tensor) -> list[list[Tensor]]:
        """(N, 3, H, W) normalised image -> for each stride, its maps, each (N, C, ceil(H/s), ceil(W/s))."""


class MobileNetV3(nn.Module):
    """torchvision's MobileNetV3 up to its last bottleneck; the classifier's wide convolution is left out.

    `taps`: the blocks whose results are given, by stride. Those of the small one are as published for the multi-task
    network (blocks 1 | 3 | 7, 8 | 10, 11); those of the large one are chosen likewise: the last block of strides 4 and
    8, the last two of 16 and 32.
    """

    strides = (4, 8, 16, 32)
    multiple = 1  # convolutions with padding take any size

    def __init__(self, name: str, taps: tuple[tuple[int, ...], ...], channels: tuple[tuple[int, ...], ...]) -> None:
        super().__init__()
        import torchvision  # here, so that other encoders do without it

        self.name, self.taps, self.channels = name, taps, channels
        self.features = torchvision.models.get_model(name, weights=None).features[: taps[-1][-1] + 1]

    def forward(self, image: Tensor) -> list[list[Tensor]]:
        maps: dict[int, Tensor] = {}
        x = image
        for index, block in enumerate(self.features):
            x = block(x)
            maps[index] = x
        return [[maps[tap] for tap in group] for group in self.taps]


def _mobilenet_v3_small() -> MobileNetV3:
    return MobileNetV3("mobilenet_v3_small", ((1,), (3,), (7, 8), (10, 11)), ((16,), (24,), (48, 48), (96, 96)))


def _mobilenet_v3_large() -> MobileNetV3:
    taps = ((3,), (6,), (11, 12), (14, 15))
    return MobileNetV3("mobilenet_v3_large", taps, ((24,), (40,), (112, 112), (160, 160)))


ENCODERS: Registry[Callable[[], nn.Module]] = Registry(
    registry.ENCODERS,
    {
        "mobilenet_v3_small": _mobilenet_v3_small,
        "mobilenet_v3_large": _mobilenet_v3_large,
        "twins_svt_small": lambda: TimmEncoder("twins_svt_small"),
        "twins_pcpvt_small": lambda: TimmEncoder("twins_pcpvt_small"),
        "segnet": SegNetEncoder,
        "unet": UNetEncoder,
    },
)
"""By name, what makes one with random weights. Other packages add to it by entry points."""


def build_encoder(name: str) -> Any:
    """The encoder called `name`, with random weights."""
    if name.startswith(TIMM):
        return TimmEncoder(name.removeprefix(TIMM))
    if name not in ENCODERS:
        raise SpecError(f"encoder is {name!r}; allowed: {', '.join(ENCODERS)}, {TIMM}NAME, or an installed plug-in")
    return ENCODERS[name]()
