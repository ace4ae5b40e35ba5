# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""U-Net (Ronneberger et al., arXiv 1505.04597) with padding and batch norm, as it is used since."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mt_perception.network.segnet import normed_conv

CHANNELS = (64, 128, 256, 512, 1024)


class UNetEncoder(nn.Module):
    """Five stages of two 3x3 convolutions, a 2x2 max-pool between them."""

    strides = (1, 2, 4, 8, 16)
    channels = tuple((count,) for count in CHANNELS)
    multiple = 16

    def __init__(self) -> None:
        super().__init__()
        inputs = (3, *CHANNELS)
        self.stages = nn.ModuleList(double_conv(*pair) for pair in zip(inputs, CHANNELS, strict=False))

    def forward(self, image: Tensor) -> list[list[Tensor]]:
        x, maps = image, []
        for number, stage in enumerate(self.stages):
            x = stage(F.max_pool2d(x, 2) if number else x)
            maps.append([x])
        return maps


class UNetDecoder(nn.Module):
    """From coarse to fine: enlarge with a 2x2 up-convolution, put the encoder's maps beside it, convolve twice.

    `width` channels at the finest stride, twice as many at each coarser one. Takes the maps of any encoder whose
    strides double.
    """

    def __init__(self, channels: Sequence[Sequence[int]], width: int) -> None:
        super().__init__()
        self.width = width
        *finer, coarsest = [sum(group) for group in channels]
        wide = [width << level for level in range(len(finer))]
        coarser = [*wide[1:], coarsest]
        self.enlarge = nn.ModuleList(nn.ConvTranspose2d(c, w, 2, 2) for c, w in zip(coarser, wide, strict=True))
        self.stages = nn.ModuleList(double_conv(f + w, w) for f, w in zip(finer, wide, strict=True))

    def forward(self, maps: list[list[Tensor]]) -> Tensor:
        """Maps by stride, finest first, each (N, C, h, w) -> (N, width, h0, w0)."""
        *finer, coarsest = maps
        x = torch.cat(coarsest, 1)
        for enlarge, stage, group in reversed(list(zip(self.enlarge, self.stages, finer, strict=True))):
            height, width = group[0].shape[-2:]
            x = stage(torch.cat([*group, enlarge(x)[:, :, :height, :width]], 1))
        return x

    def head(self, task: str, outputs: int) -> nn.Module:
        """A pointwise convolution."""
        return PointwiseHead(self.width, outputs)


class PointwiseHead(nn.Module):
    """One task by a 1x1 convolution: (N, width, h, w) -> (N, outputs, h, w)."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.predict = nn.Conv2d(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.predict(x)


def double_conv(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3x3 convolutions, each with batch norm and ReLU."""
    return nn.Sequential(*normed_conv(inputs, outputs), *normed_conv(outputs, outputs))
