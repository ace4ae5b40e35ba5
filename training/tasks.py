# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Further tasks beside labels and depth: a class in `EXTRA_TASKS`, and its head in a recipe's network.

network: {extra_heads: {normals: 3}}
losses: {extra: {normals: 0.5}}      # its weight, 1 if not told
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from mt_perception.model.spec import NetworkSpec
from mt_perception.utils import registry
from mt_perception.utils.registry import Registry
from mt_perception_training.recipe import RecipeError


class ExtraTask(Protocol):
    """One more head of `outputs` channels, and what it has to learn."""

    outputs: int

    def __init__(self, fx_px: float) -> None:
        """`fx_px`: the focal length that all depth is brought to, in pixels of the network's input."""

    def loss(self, output: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """output (N, outputs, h, w) and the batch (see `data.batches.collate`), whose targets are (N, h, w) -> a scalar
        that counts only where there is truth, and is zero where there is none."""


class Normals:
    """The direction that a surface faces, as a unit vector in the axes of the camera (x right, y down, z forward).

    The truth is the slope of the true depth. It is that of the middle of the image, where the line of sight is the
    z axis; elsewhere it is relative to the line of sight. So it does not depend on where a crop was cut.
    """

    outputs = 3

    def __init__(self, fx_px: float) -> None:
        self._fx_px = fx_px

    def target(self, batch: Mapping[str, Tensor]) -> Tensor:
        """(N, 3, h, w): f d(ln z)/dx, f d(ln z)/dy and -1, brought to unit length; NaN where a neighbour is unknown.

        With P = z (x/f, y/f, 1), the cross product of dP/dx and dP/dy at x = y = 0 is along this vector.
        """
        log_z = F.pad(batch["depth_m"].log(), (1, 1, 1, 1), value=torch.nan)
        stride = batch["image"].shape[-1] / batch["depth_m"].shape[-1]
        slope = self._fx_px / (2 * stride)
        right = slope * (log_z[:, 1:-1, 2:] - log_z[:, 1:-1, :-2])
        down = slope * (log_z[:, 2:, 1:-1] - log_z[:, :-2, 1:-1])
        return F.normalize(torch.stack([right, down, -torch.ones_like(right)], 1))

    def loss(self, output: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """The mean of 1 - cosine of the angle between both."""
        target = self.target(batch)
        known = target.isfinite().all(1)
        cosine = F.cosine_similarity(output, target.nan_to_num(), 1)
        return torch.where(known, 1 - cosine, 0.0).sum() / known.sum().clamp(min=1)


EXTRA_TASKS: Registry[type[ExtraTask]] = Registry(registry.TASKS, {"normals": Normals})
"""Other packages add to it by entry points."""


def extra_tasks(spec: NetworkSpec, fx_px: float) -> dict[str, ExtraTask]:
    """The tasks of the network's extra heads. Raises `RecipeError` for one that is not known, or of another size."""
    for name, channels in spec.extra_heads.items():
        if name not in EXTRA_TASKS:
            raise RecipeError(f"extra_heads has {name!r}; known: {', '.join(EXTRA_TASKS)}")
        if channels != EXTRA_TASKS[name].outputs:
            raise RecipeError(f"extra_heads gives {name} {channels} channels; it has {EXTRA_TASKS[name].outputs}")
    return {name: EXTRA_TASKS[name](fx_px) for name in spec.extra_heads}
