# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Batch norms and the convolutions before them as one; the same network in fewer operations, for running it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mt_perception.network.multitask import MultiTaskNetwork

_EXAMPLE = (1, 3, 32, 32)


class GlobalMean(nn.Module):
    """The mean of each channel: (N, C, H, W) -> (N, C, 1, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3), keepdim=True)


def folded(network: MultiTaskNetwork) -> MultiTaskNetwork:
    """Simplify the network in place, in evaluation mode, not for training any more; returns it.

    Every [convolution, batch norm] becomes one convolution, in fp32: the statistics do not survive a cast to half
    precision as well as the folded weights do. A pool to one pixel becomes a mean, which exporters do not take apart.
    Heads that are not deployed go.
    """
    for task in network.spec.extra_heads:
        del network.heads[task]
    for conv_name, norm_name in conv_norm_pairs(network.eval()):
        conv, norm = (network.get_submodule(name) for name in (conv_name, norm_name))
        if type(norm) is nn.BatchNorm2d:  # one of its kind may do more, such as an activation
            network.set_submodule(conv_name, fuse_conv_bn_eval(conv, norm))  # type: ignore[type-var]
            network.set_submodule(norm_name, nn.Identity())
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size in (1, (1, 1)):
            network.set_submodule(name, GlobalMean())
    return network


def conv_norm_pairs(network: nn.Module) -> list[tuple[str, str]]:
    """Names of the convolutions whose result goes into a batch norm and nowhere else, each with that norm's.

    Wherever they stand: autograd's record of one small image tells what was computed from what. A convolution that
    runs more than once has no norm of its own.
    """
    owners = {id(module.weight): name for name, module in network.named_modules() if _has_weight(module)}
    with torch.enable_grad():
        outputs = network.eval()(torch.zeros(_EXAMPLE, device=next(network.parameters()).device))
    uses = list(_uses({each.grad_fn for each in outputs.values()}))
    readers = Counter(source for _, source in uses)
    pairs = []
    for node, source in uses:
        if "BatchNorm" in node.name() and "Convolution" in source.name() and readers[source] == 1:
            names = [owners.get(id(weight)) for weight in (_weight(source, readers), _weight(node, readers))]
            if all(names):
                pairs.append((names[0], names[1]))
    return pairs  # type: ignore[return-value]


def _has_weight(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d | nn.BatchNorm2d) and module.weight is not None


def _uses(waiting: set[Any]) -> Iterator[tuple[Any, Any]]:
    """(node, what it was computed from) for all that the nodes `waiting` were computed from."""
    seen = set[Any]()
    while waiting:
        node = waiting.pop()
        seen.add(node)
        sources = [source for source, _ in node.next_functions if source is not None]
        yield from ((node, source) for source in sources)
        waiting |= set(sources) - seen


def _weight(node: Any, readers: Counter[Any]) -> Tensor | None:
    """The weight of a convolution or norm, if nothing else uses it: the second that autograd would differentiate by."""
    source = node.next_functions[1][0]
    return source.variable if hasattr(source, "variable") and readers[source] == 1 else None
