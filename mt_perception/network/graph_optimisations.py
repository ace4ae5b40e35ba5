# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Graph optimisations: the same results by steps that a CPU does faster. The tests hold each against the plain one.

The 5x5 max-pool in two passes is not here but in the decoder: it is faster everywhere.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mt_perception.network.multitask import MultiTaskNetwork

_NO_LIMIT = 1e4


def in_fp32(x: Tensor) -> Tensor:
    """The result of a convolution, in fp32 even where OpenVINO computes it in half precision or int8.

    OpenVINO hands a convolution's result on in bf16, unless a clamp follows from which no further convolution is
    computed. In bf16 depth had some 200 steps. The limit is far beyond any output of the network.
    """
    return x.clamp(-_NO_LIMIT, _NO_LIMIT)


def upsampled_phases(x: Tensor, factor: int) -> list[Tensor]:
    """(C, h, w) -> the `factor` ** 2 images (C, h, w) of which `interleave` makes the bilinearly upsampled one.

    The pixels of one offset within their cell form an image of the coarse size: a fixed mixture of the coarse image
    and its shifted copies. What follows pixel by pixel (argmax, softmax, decoding) is done on each while it lies in
    the cache, and only the finished results are put together: the upsampled class scores, 20 numbers per pixel, are
    never written to memory.
    """
    return [phase for rows in _along(x, 1, factor) for phase in _along(rows, 2, factor)]


def interleave(phases: Sequence[Tensor], factor: int) -> Tensor:
    """`factor` ** 2 images (h, w), row by row -> (`factor` * h, `factor` * w)."""
    return F.pixel_shuffle(torch.stack(list(phases))[None], factor)[0, 0]


def repeated(phases: Sequence[Tensor], times: int) -> list[Tensor]:
    """The phases of which `interleave` makes what it makes of `phases`, each of its pixels a square of `times` ** 2.

    >>> repeated(["a", "b", "c", "d"], 2)
    ['a', 'a', 'b', 'b', 'a', 'a', 'b', 'b', 'c', 'c', 'd', 'd', 'c', 'c', 'd', 'd']
    """
    factor = math.isqrt(len(phases))
    offsets = [offset for offset in range(factor) for _ in range(times)]
    return [phases[factor * row + column] for row in offsets for column in offsets]


def _along(x: Tensor, dim: int, factor: int) -> list[Tensor]:
    """The phases along one axis: a pixel's centre lies (phase + 1/2) / factor - 1/2 cells from that of its cell."""
    length = x.shape[dim]
    before = torch.cat([x.narrow(dim, 0, 1), x.narrow(dim, 0, length - 1)], dim)  # edges are repeated
    after = torch.cat([x.narrow(dim, 1, length - 1), x.narrow(dim, length - 1, 1)], dim)
    phases = []
    for phase in range(factor):
        shift = (phase + 0.5) / factor - 0.5
        neighbour = before if shift < 0 else after
        phases.append(x if shift == 0 else (1 - abs(shift)) * x + abs(shift) * neighbour)
    return phases


class NinePointwise(nn.Module):
    """A 3x3 convolution with one output: its taps as nine channels of one 1x1 convolution, then shifted and added.

    Convolutions compute 16 outputs at a time. With one output 15 of them are waste; its taps fill nine.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.taps = nn.Conv2d(conv.in_channels, 9, 1, bias=False)
        self.taps.weight.data = conv.weight.data.reshape(conv.in_channels, 9).T[..., None, None].clone()
        self.bias = copy.deepcopy(conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(1, C, h, w) -> (1, 1, h, w)."""
        height, width = x.shape[2:]
        taps = F.pad(in_fp32(self.taps(x)), (1, 1, 1, 1))
        shifted = [taps[:, 3 * i + j, i : i + height, j : j + width] for i in range(3) for j in range(3)]
        total = sum(shifted[1:], shifted[0])[:, None]
        return total if self.bias is None else total + self.bias


def with_nine_pointwise(network: MultiTaskNetwork) -> MultiTaskNetwork:
    """A copy of `network` with the last convolution of its heads of one output rewritten, where it is a 3x3 one."""
    network = copy.deepcopy(network)
    for head in network.heads.values():
        last = head.predict
        if isinstance(last, nn.Conv2d) and last.out_channels == 1 and last.kernel_size == (3, 3):
            head.predict = NinePointwise(last)
    return network
