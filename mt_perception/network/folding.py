"""Batch normalisation folded into the convolution before it: the same result from one operation less."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Module = TypeVar("Module", bound=nn.Module)


def fold_batch_norm(network: Module) -> Module:
    """Fold every [convolution, batch norm] of the network's `nn.Sequential`s, in place; returns the network.

    It must be in evaluation mode. Done in fp32, before a cast to half precision, which the statistics do not survive
    as well as the folded weights do.
    """
    for sequence in [each for each in network.modules() if isinstance(each, nn.Sequential)]:
        for (name, first), (next_name, second) in pairwise(list(sequence.named_children())):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                setattr(sequence, name, fuse_conv_bn_eval(first, second))
                setattr(sequence, next_name, nn.Identity())
    return network
