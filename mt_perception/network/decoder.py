# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Decoders: the maps of an encoder in, one map at the finest stride out, built by name; and the heads upon it.

Light-Weight RefineNet (Nekrasov et al., arXiv 1810.03272) is as published for multi-task use (1809.04766).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mt_perception.model.spec import NetworkSpec, SpecError
from mt_perception.network.segnet import SegNetDecoder
from mt_perception.network.unet import UNetDecoder
from mt_perception.utils import registry
from mt_perception.utils.registry import Registry


class Decoder(Protocol):
    """Fuses an encoder's maps into one of `width` channels, and knows which head goes with it."""

    width: int

    def __call__(self, maps: list[list[Tensor]]) -> Tensor:
        """Maps by stride, finest first, each (N, C, h, w) -> (N, width, h0, w0)."""

    def head(self, task: str, outputs: int) -> nn.Module:
        """For one task: (N, width, h, w) -> (N, outputs, h, w). Its last convolution is called `predict`."""


def conv1x1(inputs: int, outputs: int, groups: int = 1, norm: bool = False) -> nn.Module:
    """A pointwise convolution without bias, as all of the decoder's are; with `norm`, a batch norm after it."""
    conv = nn.Conv2d(inputs, outputs, 1, bias=False, groups=groups)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs)) if norm else conv


class ChainedResidualPooling(nn.Module):
    """`steps` times (four, as published) [5x5 max-pool, 1x1 convolution], each step's result added to the sum."""

    def __init__(self, channels: int, groups: int = 1, steps: int = 4, norm: bool = False) -> None:
        super().__init__()
        self.convs = nn.ModuleList(conv1x1(channels, channels, groups, norm) for _ in range(steps))

    def forward(self, x: Tensor) -> Tensor:
        total = x
        for conv in self.convs:
            x = conv(max_pool_5x5(x))
            total = total + x
        return total


def max_pool_5x5(x: Tensor) -> Tensor:
    """5x5 max-pool of stride 1, as a row pass and a column pass: the same result from 10 instead of 25 reads."""
    return F.max_pool2d(F.max_pool2d(x, (1, 5), 1, (0, 2)), (5, 1), 1, (2, 0))


class LightWeightRefineNet(nn.Module):
    """Fuses the encoder's maps from coarse to fine into one map at the finest stride, `width` channels wide.

    `steps`, `norm` and `head_kernel` are `pooling_steps`, `decoder_norm` and `head_kernel` of `NetworkSpec`.
    """

    def __init__(
        self, channels: Sequence[Sequence[int]], width: int, steps: int = 4, norm: bool = False, head_kernel: int = 3
    ) -> None:
        super().__init__()
        self.width = width
        self._norm, self._head_kernel = norm, head_kernel
        self.reduce = nn.ModuleList(
            nn.ModuleList(conv1x1(each, width, norm=norm) for each in group) for group in channels
        )
        last = len(channels) - 1
        self.pool = nn.ModuleList(
            ChainedResidualPooling(width, width if level == 0 else 1, steps, norm) for level in range(last + 1)
        )
        self.adapt = nn.ModuleList(conv1x1(width, width, norm=norm) for _ in range(last))

    def forward(self, maps: list[list[Tensor]]) -> Tensor:
        """Maps by stride, finest first, each (N, C, h, w) -> (N, width, h0, w0)."""
        x = self._fuse(maps, len(maps) - 1)
        for level in reversed(range(len(maps) - 1)):
            finer = maps[level][0].shape[-2:]
            x = self._fuse(maps, level, upsample(self.adapt[level](x), finer))
        return x

    def head(self, task: str, outputs: int) -> nn.Module:
        """The same for every task."""
        return Head(self.width, outputs, self._norm, self._head_kernel)

    def _fuse(self, maps: list[list[Tensor]], level: int, *coarser: Tensor) -> Tensor:
        first, *others = [reduce(each) for reduce, each in zip(self.reduce[level], maps[level], strict=True)]  # type: ignore
        return self.pool[level](F.relu6(sum([*others, *coarser], first)))


def upsample(x: Tensor, size: Sequence[int]) -> Tensor:
    """Bilinear, with the pixel-centre convention of OpenCV (corners not aligned)."""
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class Head(nn.Module):
    """One task: depthwise 1x1, ReLU6, 3x3 with bias; (N, width, h, w) -> (N, outputs, h, w)."""

    def __init__(self, width: int, outputs: int, norm: bool = False, kernel: int = 3) -> None:
        super().__init__()
        self.scale = conv1x1(width, width, groups=width, norm=norm)
        self.predict = nn.Conv2d(width, outputs, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.predict(F.relu6(self.scale(x)))


class LinearConcat(nn.Module):
    """The light decoder that goes with transformers: each level through a linear layer to `width` channels, resized to
    the finest, put side by side, and mixed by a pointwise convolution."""

    def __init__(self, channels: Sequence[Sequence[int]], width: int) -> None:
        super().__init__()
        self.width = width
        self.linear = nn.ModuleList(nn.Conv2d(sum(group), width, 1) for group in channels)
        self.mix = nn.Conv2d(len(channels) * width, width, 1)

    def forward(self, maps: list[list[Tensor]]) -> Tensor:
        """Maps by stride, finest first, each (N, C, h, w) -> (N, width, h0, w0).

        A pointwise convolution of levels side by side is the sum of one for each, and may as well come before the
        resizing: where the maps are small.
        """
        shares = self.mix.weight.split(self.width, 1)
        finest, *coarser = [
            F.conv2d(linear(torch.cat(group, 1)), share)
            for linear, group, share in zip(self.linear, maps, shares, strict=True)
        ]
        size = finest.shape[-2:]
        total = sum((upsample(each, size) for each in coarser), finest)
        return total + self.mix.bias[:, None, None]  # type: ignore[index]

    def head(self, task: str, outputs: int) -> nn.Module:
        """The same for every task."""
        return Head(self.width, outputs)


DECODERS: Registry[Callable[[Sequence[Sequence[int]], NetworkSpec], Decoder]] = Registry(
    registry.DECODERS,
    {
        "light_weight_refinenet": lambda channels, spec: LightWeightRefineNet(
            channels, spec.decoder_width, spec.pooling_steps, spec.decoder_norm, spec.head_kernel
        ),
        "linear_concat": lambda channels, spec: LinearConcat(channels, spec.decoder_width),
        "segnet": lambda channels, spec: SegNetDecoder(channels, spec.decoder_width),
        "unet": lambda channels, spec: UNetDecoder(channels, spec.decoder_width),
    },
)
"""(the encoder's channels, spec) -> the decoder, with random weights. Other packages add to it by entry points."""


def build_decoder(spec: NetworkSpec, channels: Sequence[Sequence[int]]) -> Any:
    """The decoder that `spec` names, for an encoder with these channels."""
    if spec.decoder not in DECODERS:
        raise SpecError(f"decoder is {spec.decoder!r}; allowed: {', '.join(DECODERS)}, or an installed plug-in")
    return DECODERS[spec.decoder](channels, spec)
