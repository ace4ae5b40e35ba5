# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The steps from raw disparity to depth that one can learn from. Pure functions.

Disparity is (H, W) float32 in pixels of its own image's width, NaN where unknown. What is cut or resized is cut and
resized in image, labels, disparity and camera alike: depth = fx * baseline / disparity then stays what it was.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import depth_from_disparity, resize_nearest
from mt_perception.types import Camera, DepthMap
from mt_perception_training.depth.options import PreparationError

Disparity = NDArray[np.float32]


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """(height, width) times `scale`, in whole pixels."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def resize_disparity(disparity_px: Disparity, size: tuple[int, int]) -> Disparity:
    """Disparity of the same scene in an image of `size` (height, width): fewer pixels, so smaller values.

    Never interpolated: between a car and the house behind it there is nothing.
    """
    return resize_nearest(disparity_px, size) * np.float32(size[1] / disparity_px.shape[1])


def smooth(disparity_px: Disparity, diameter_px: int) -> Disparity:
    """Median over a square of 3 or 5 pixels (1: unchanged), which keeps edges. What is unknown stays so."""
    if diameter_px == 1:
        return disparity_px
    # the filter knows no NaN: holes take part with what lies behind them
    smoothed = cv2.medianBlur(inpaint(disparity_px), diameter_px)
    return np.where(np.isnan(disparity_px), np.float32(np.nan), smoothed)


def inpaint(disparity_px: Disparity) -> Disparity:
    """Fill unknown pixels with the smaller one of the nearest known disparities on the left and on the right.

    What one camera sees and the other does not lies behind that which hides it: the interpolation of KITTI's stereo
    development kit (Geiger et al., CVPR 2012). A row without any known pixel takes those of the nearest row with some.
    """
    known = ~np.isnan(disparity_px)
    rows = np.flatnonzero(known.any(axis=1))
    if known.all() or not rows.size:
        return disparity_px
    width = disparity_px.shape[1]
    columns = np.arange(width)
    before = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
    after = np.minimum.accumulate(np.where(known, columns, width)[:, ::-1], axis=1)[:, ::-1]
    walled = np.pad(disparity_px, ((0, 0), (1, 1)), constant_values=np.inf)  # column x is at x + 1
    behind = np.minimum(*(np.take_along_axis(walled, each + 1, axis=1) for each in (before, after)))
    filled = np.where(known, disparity_px, behind)
    nearest = rows[np.abs(np.arange(len(known))[:, None] - rows).argmin(axis=1)]
    return filled[nearest]


def to_metres(disparity_px: Disparity, camera: Camera, max_depth_m: float) -> DepthMap:
    """depth = fx * baseline / disparity, by this image's own camera; NaN where unknown or beyond `max_depth_m`."""
    if camera.baseline_m is None:
        raise PreparationError("disparity needs a camera with a baseline")
    depth_m = depth_from_disparity(disparity_px, camera.fx_px, camera.baseline_m)
    return np.where(depth_m <= max_depth_m, depth_m, np.float32(np.nan))
