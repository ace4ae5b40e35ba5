# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Depth as a choice between fixed depths: what keeps its edges sharp."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mt_perception.network.depth_encodings import DepthEncoding


class DepthBins(nn.Module):
    """Encoded depth as the mean of fixed values, each as probable as its score says.

    What a convolution alone makes of smooth features is smooth: depth fades from a car into the road behind it. A
    softmax changes over from near to far as it does from class to class (compare AdaBins, arXiv 2011.14141, whose bins
    are not fixed).
    """

    values: Tensor

    def __init__(self, count: int, encoding: DepthEncoding) -> None:
        """`count` values, evenly over the range of `encoding`."""
        super().__init__()
        values = torch.linspace(encoding.bottom, encoding.top, count)
        self.register_buffer("values", values.view(1, count, 1, 1), persistent=False)

    def forward(self, scores: Tensor) -> Tensor:
        """(N, count, h, w) -> (N, 1, h, w)."""
        return (scores.softmax(1) * self.values).sum(1, keepdim=True)
