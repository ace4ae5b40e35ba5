# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Ordinary convolutions exchanged for depthwise separable ones (Howard et al., arXiv 1704.04861), in any network."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import nn

from mt_perception.network.cost import Cost, cost

Module = TypeVar("Module", bound=nn.Module)
Where = Callable[[str, nn.Conv2d], bool]


def separable(module: Module, where: Where = lambda name, conv: True) -> Module:
    """Exchange the ordinary convolutions inside `module`, in place and with new random weights; returns it.

    Ordinary are those that see more than one pixel and whose outputs see all inputs. `where`, given a convolution and
    its name within `module`, tells which of them to exchange.
    """
    ordinary = [
        (name, conv)
        for name, conv in module.named_modules()
        if name and type(conv) is nn.Conv2d and conv.groups == 1 and conv.kernel_size != (1, 1)
    ]
    for name, conv in ordinary:
        if where(name, conv):
            parent, _, last = name.rpartition(".")
            setattr(module.get_submodule(parent), last, _exchanged(conv))
    return module


def _exchanged(conv: nn.Conv2d) -> nn.Sequential:
    """A depthwise convolution with the stride, padding and dilation of `conv`, then a pointwise one with its bias."""
    inputs, outputs = conv.in_channels, conv.out_channels
    geometry: Any = (conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    depthwise = nn.Conv2d(inputs, inputs, *geometry, inputs, bias=False, padding_mode=conv.padding_mode)  # type: ignore
    pointwise = nn.Conv2d(inputs, outputs, 1, bias=conv.bias is not None)
    return nn.Sequential(depthwise, pointwise).to(conv.weight).train(conv.training)


@dataclass(frozen=True)
class Exchange:
    """A network before and after."""

    before: Cost
    after: Cost

    def __str__(self) -> str:
        share = self.after.multiply_adds / self.before.multiply_adds
        return f"{self.before} -> {self.after} ({share:.0%} of the work)"


def exchange_report(network: nn.Module, size: tuple[int, int], where: Where = lambda name, conv: True) -> Exchange:
    """What `separable` saves: `network` itself stays as it is."""
    return Exchange(cost(network, size), cost(separable(copy.deepcopy(network), where), size))
