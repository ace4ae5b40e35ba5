# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a match says, as `stereo_msgs/DisparityImage` tells it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import resize_nearest, scale_camera
from mt_perception.stereo.matching import Match


@dataclass(frozen=True)
class Disparity:
    """Disparity of the left image, at its size, with the names of the message's fields.

    image: (H, W) float32 px; -1, which is below the minimum, where unknown. It is that of parallel cameras: what the
    principal points differ by is taken off, as the message's definition says. f in px, t in metres.
    """

    image: NDArray[np.float32]
    f: float
    t: float
    min_disparity: float
    max_disparity: float
    delta_d: float


def disparity(match: Match, size: tuple[int, int]) -> Disparity:
    """The match of a pair whose left image is of `size` (height, width)."""
    camera = scale_camera(match.camera, size)
    assert camera.baseline_m
    enlarged = size[1] / match.size[1]
    known = (match.confidence > 0) & (match.disparity_px >= 0)
    small_px = np.where(known, match.disparity_px * np.float32(enlarged), np.float32(-1))
    limit_px = match.searched_px * enlarged
    return Disparity(resize_nearest(small_px, size), camera.fx_px, camera.baseline_m, 0.0, limit_px, enlarged / 16)
