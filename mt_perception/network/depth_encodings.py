# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Depth encodings: the transform between metres and the number that the network learns, and its inverse.

| name    | encoded value                                        | range  |
|---------|------------------------------------------------------|--------|
| log     | ln(d / min) / ln(max / min)                          | 0 to 1 |
| inverse | (1/min - 1/d) / (1/min - 1/max)                      | 0 to 1 |
| sqrt    | (sqrt(d) - sqrt(min)) / (sqrt(max) - sqrt(min))      | 0 to 1 |
| article | ln(d) / 5, d clipped to at least 1 m (see below)     | 0 to 1.1 |

`article` is the published transform, kept to compare with: everything nearer than 1 m becomes one value.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from mt_perception.model.spec import DepthEncodingSpec

_CURVES: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "log": (torch.log, torch.exp),
    "inverse": (lambda d: -1 / d, lambda y: -1 / y),
    "sqrt": (torch.sqrt, torch.square),
}


class DepthEncoding:
    """Encodes depth in metres for the network and decodes what the network says."""

    def __init__(self, spec: DepthEncodingSpec) -> None:
        self.spec = spec
        curve = "log" if spec.name == "article" else spec.name
        self._forward, self._inverse = _CURVES[curve]
        if spec.name == "article":
            self._low, self._span, self._min_m = 0.0, 5.0, max(1.0, spec.min_m)
        else:
            self._min_m = spec.min_m
            low, high = (self._forward(torch.tensor(d, dtype=torch.float64)).item() for d in (spec.min_m, spec.max_m))
            self._low, self._span = low, high - low

    def encode(self, depth_m: Tensor) -> Tensor:
        """Metres -> network values, clipped to the range; NaN stays NaN, +Inf becomes the far end."""
        return (self._forward(depth_m.clamp(self._min_m, self.spec.max_m)) - self._low) / self._span

    def decode(self, value: Tensor) -> Tensor:
        """Network values -> metres, clipped to the range first, so that no value overflows."""
        top = self.top
        return self._inverse(value.clamp(self.bottom, top) * self._span + self._low)

    @property
    def is_logarithmic(self) -> bool:
        """Whether a factor on metres is a constant added to the encoded value."""
        return self.spec.name in ("log", "article")

    @property
    def bottom(self) -> float:
        """The encoded value of the nearest depth."""
        return (math.log(self._min_m) / 5.0) if self.spec.name == "article" else 0.0

    @property
    def top(self) -> float:
        """The encoded value of the farthest depth."""
        return (math.log(self.spec.max_m) / 5.0) if self.spec.name == "article" else 1.0
