# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How a teacher looks at an image, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.labels import UNLABELLED, LabelSet
from mt_perception.types import Camera, DepthMap, Mask
from mt_perception_training.teachers.network import TeacherError

Image = NDArray[np.uint8]
Confidence = NDArray[np.float32]


@dataclass(frozen=True)
class Views:
    """How often a teacher looks at an image: also at its mirror image, and for labels at several sizes."""

    flip: bool = True
    scales: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if not self.scales or min(self.scales) <= 0 or max(self.scales) > 8:
            raise TeacherError(f"the scales are {list(self.scales)}; give factors above 0 and at most 8")

    @property
    def mirrored(self) -> tuple[bool, ...]:
        """Whether to look at the mirror image, for each look."""
        return (False, True) if self.flip else (False,)


class LabelTeacher(Protocol):
    """Says what is where, in its own classes."""

    @property
    def classes(self) -> LabelSet:
        """Those of its masks."""

    def labels(self, image: Image) -> tuple[Mask, Confidence]:
        """(H, W, 3) uint8 RGB -> (H, W) uint8 trainIds of `classes`, and (H, W) float32, how sure of each: 0 to 1."""


class DepthTeacher(Protocol):
    """Says how far everything is."""

    def depth_m(self, image: Image, camera: Camera) -> DepthMap:
        """(H, W, 3) uint8 RGB -> (H, W) float32 metres for this camera, NaN where nothing is known."""


def mirror(array: NDArray[Any], really: bool = True) -> NDArray[Any]:
    """(H, W, ...) with left and right exchanged, contiguous; `array` itself if not `really`."""
    return np.ascontiguousarray(array[:, ::-1]) if really else array


def confident(labels: Mask, sure: Confidence, at_least: float, classes: LabelSet) -> Mask:
    """(H, W) trainIds, `UNLABELLED` where the teacher is less sure, or names none of its `classes`."""
    return np.where((sure >= at_least) & np.isin(labels, classes.train_ids), labels, np.uint8(UNLABELLED))


def resized(array: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """(h, w, ...) float32 -> `size` (height, width), bilinear: for what has a mean, as probabilities do."""
    if array.shape[:2] == size:
        return array
    larger = cv2.resize(array, size[::-1], interpolation=cv2.INTER_LINEAR)
    return larger.reshape(*size, *array.shape[2:]).astype(np.float32, copy=False)
