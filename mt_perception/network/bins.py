"""Depth as a choice between fixed depths: what keeps its edges sharp."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mt_perception.network.codecs import DepthCodec


class DepthBins(nn.Module):
    """Encoded depth as the mean of fixed values, each as probable as its score says.

    What a convolution alone makes of smooth features is smooth: depth fades from a car into the road behind it. A
    softmax changes over from near to far as it does from class to class (compare AdaBins, arXiv 2011.14141, whose bins
    are not fixed).
    """

    values: Tensor

    def __init__(self, count: int, codec: DepthCodec) -> None:
        """`count` values, evenly over the range of `codec`."""
        super().__init__()
        values = torch.linspace(codec.bottom, codec.top, count)
        self.register_buffer("values", values.view(1, count, 1, 1), persistent=False)

    def forward(self, scores: Tensor) -> Tensor:
        """(N, count, h, w) -> (N, 1, h, w)."""
        return (scores.softmax(1) * self.values).sum(1, keepdim=True)
