"""The same network in fewer operations, for running it: not for training."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Module = TypeVar("Module", bound=nn.Module)


class GlobalMean(nn.Module):
    """The mean of each channel: (N, C, H, W) -> (N, C, 1, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3), keepdim=True)


def folded(network: Module) -> Module:
    """Simplify the network in place, in evaluation mode; returns it.

    Every [convolution, batch norm] becomes one convolution, in fp32: the statistics do not survive a cast to half
    precision as well as the folded weights do. A pool to one pixel becomes a mean, which exporters do not take apart.
    """
    for module in list(network.eval().modules()):
        children = list(module.named_children())
        for name, child in children:
            if isinstance(child, nn.AdaptiveAvgPool2d) and child.output_size in (1, (1, 1)):
                setattr(module, name, GlobalMean())
        if isinstance(module, nn.Sequential):
            _fold_batch_norm(module, children)
    return network


def _fold_batch_norm(sequence: nn.Sequential, children: list[tuple[str, nn.Module]]) -> None:
    for (name, first), (next_name, second) in pairwise(children):
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            setattr(sequence, name, fuse_conv_bn_eval(first, second))
            setattr(sequence, next_name, nn.Identity())
