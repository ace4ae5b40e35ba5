# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a network costs, by PyTorch's own counter."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def multiply_adds(network: nn.Module, size: tuple[int, int]) -> int:
    """Multiply-adds of convolutions and matrix products for one image of `size` (height, width)."""
    empty = copy.deepcopy(network).to("meta").eval()  # the shapes are enough to count
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        empty(torch.zeros(1, 3, *size, device="meta"))
    return counter.get_total_flops() // 2  # the counter counts a multiply-add as two


@dataclass(frozen=True)
class Cost:
    """Of one image through a network."""

    parameters: int
    multiply_adds: int

    def __str__(self) -> str:
        return f"{self.parameters:,} parameters, {self.multiply_adds / 1e9:.2f} G multiply-adds"


def cost(network: nn.Module, size: tuple[int, int]) -> Cost:
    """For an image of `size` (height, width)."""
    return Cost(sum(each.numel() for each in network.parameters()), multiply_adds(network, size))
