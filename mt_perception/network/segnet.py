# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""SegNet (Badrinarayanan et al., arXiv 1511.00561) in the form of four stages, without biases.

With three classes, no depth and a batch norm on the image it has 15,274,892 weights, and 1,749,671 when every
convolution is exchanged for a separable one: the published counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mt_perception.model.spec import SpecError

CHANNELS = (64, 128, 256, 512)


def normed_conv(inputs: int, outputs: int) -> list[nn.Module]:
    """3x3 convolution without bias, batch norm, ReLU: what U-Net is made of, too."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _stage(inputs: int, inner: int, outputs: int, convolutions: int) -> nn.Sequential:
    widths = [inputs, *[inner] * (convolutions - 1), outputs]
    return nn.Sequential(*(layer for pair in pairwise(widths) for layer in normed_conv(*pair)))


def _convolutions(channels: int) -> int:
    """As in VGG, wide stages have three."""
    return 2 if channels < 256 else 3


class SegNetEncoder(nn.Module):
    """Two stages of two and two of three convolutions. Its maps are those before each pooling."""

    strides = (1, 2, 4, 8)
    channels = tuple((count,) for count in CHANNELS)
    multiple = 16  # every map, the last among them, is cut into windows of 2x2

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        inputs = (3, *CHANNELS)
        self.stages = nn.ModuleList(
            _stage(first, second, second, _convolutions(second))
            for first, second in zip(inputs, CHANNELS, strict=False)
        )

    def forward(self, image: Tensor) -> list[list[Tensor]]:
        x, maps = self.norm(image), []
        for number, stage in enumerate(self.stages):
            x = stage(F.max_pool2d(x, 2) if number else x)
            maps.append([x])
        return maps


class SegNetDecoder(nn.Module):
    """The encoder mirrored: each stage puts its values where the encoder's map had the largest of each window."""

    def __init__(self, channels: Sequence[Sequence[int]], width: int) -> None:
        super().__init__()
        own = SegNetEncoder.channels[-len(channels) :]
        if tuple(map(tuple, channels)) != own:
            raise SpecError("decoder is 'segnet', which takes the maps of the encoder 'segnet' alone; set both")
        self.width = check_width("segnet", width, own[0][0])
        wide = [group[0] for group in own]
        inner = [_stage(now, now, finer, _convolutions(now)) for finer, now in pairwise(wide)]
        # the last convolution of the finest stage is the head's
        self.stages = nn.ModuleList([_stage(width, width, width, _convolutions(width) - 1), *inner])

    def forward(self, maps: list[list[Tensor]]) -> Tensor:
        """Maps by stride, finest first, each (N, C, h, w) -> (N, width, h0, w0)."""
        x = F.max_pool2d(maps[-1][0], 2)
        for stage, (largest,) in zip(reversed(self.stages), reversed(maps), strict=True):
            x = stage(unpool(x, largest))
        return x

    def head(self, task: str, outputs: int) -> nn.Module:
        """A 3x3 convolution; class scores pass a batch norm, as counted, and all else, where it would hide the mean
        of a batch, has a bias instead."""
        return SegNetHead(self.width, outputs, normed=task == "segmentation")


class SegNetHead(nn.Module):
    """(N, width, h, w) -> (N, outputs, h, w)."""

    def __init__(self, width: int, outputs: int, normed: bool) -> None:
        super().__init__()
        self.predict = nn.Conv2d(width, outputs, 3, padding=1, bias=not normed)
        self.norm = nn.BatchNorm2d(outputs) if normed else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.predict(x))


def unpool(x: Tensor, like: Tensor) -> Tensor:
    """(N, C, h, w) -> (N, C, 2h, 2w): each value where `like` is largest in its 2x2 window, zero elsewhere.

    What max-unpooling does with the indices of the pooling of `like`, the first of equals included, in comparisons
    that every runtime knows: a tournament of the four phases of `like`.
    """
    a, b, c, d = (like[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1))
    left_above, left_below = a >= b, c >= d
    above = torch.maximum(a, b) >= torch.maximum(c, d)
    places = (above & left_above, above & ~left_above, ~above & left_below, ~above & ~left_below)
    return F.pixel_shuffle(torch.stack([x * place for place in places], 2).flatten(1, 2), 2)


def check_width(name: str, width: int, own: int) -> int:
    """`width`, if it is the only one that the decoder called `name` comes in."""
    if width != own:
        raise SpecError(f"decoder_width is {width}; the decoder {name!r} ends with {own} channels here: set {own}")
    return width
