# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How well depth explains a pair of images, without truth: does the right image, moved by it, look like the left?

    E = mean over p in V, o in O of  [L(p + o) > L(p)] != [W(p + o) > W(p)]     W(x, y) = R(x - f B / Z(x, y) - c, y)

L and R are left and right image, f the focal length, B the baseline, Z the depth, c the disparity at infinity, O
the 24 neighbours in a window of 5x5: the census transform (Zabih and Woodfill, ECCV 1994), which exposure does not
change. E is 0 where everything fits and about 0.5 where nothing does. V are the pixels that were matched with
confidence: visible in both images and textured, and the same ones for every depth of this pair, so that models can
be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import disparity_from_depth, resize_nearest
from mt_perception.stereo.matching import grey, match
from mt_perception.types import DepthMap, StereoPair

_REACH_PX = 2


@dataclass(frozen=True)
class Consistency:
    """error: that of the depth. reference: that of the matched disparity, the least that can be hoped for. Both 0 to 1.

    coverage: share of the matched pixels that have a depth; the two errors are over these.
    """

    error: float
    reference: float
    coverage: float


def consistency(pair: StereoPair, depth_m: DepthMap, width_px: int) -> Consistency | None:
    """Of the left image's depth (H, W), at `width_px` if that is smaller; None where too little can be matched."""
    found = match(pair, width_px)
    visible = found.confidence > 0
    depth_m = resize_nearest(depth_m, found.size)
    judged = visible & ~np.isnan(depth_m)
    if not found.usable or not judged.any():
        return None
    assert found.camera.baseline_m
    disparity_px = disparity_from_depth(depth_m, found.camera.fx_px, found.camera.baseline_m)
    left, right = grey(pair.left, found.size), grey(pair.right, found.size)
    offset_px = pair.offset_px * found.size[1] / pair.camera.width_px
    error, reference = (
        _error(left, right, each + np.float32(offset_px))[judged].mean() for each in (disparity_px, found.disparity_px)
    )
    return Consistency(float(error), float(reference), float(judged.sum() / visible.sum()))


def _error(left: NDArray[Any], right: NDArray[Any], shift_px: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w): the census distance of `left` to `right` moved by `shift_px`; of no meaning where that is NaN."""
    columns, rows = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in left.shape[::-1]))
    columns -= np.nan_to_num(shift_px)
    return census_distance(left, cv2.remap(right, columns, rows, cv2.INTER_LINEAR))


def census_distance(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float32]:
    """(h, w) 0 to 1: the share of the 24 neighbours that are brighter than the pixel in one of the images alone."""
    height, width = a.shape
    padded = [cv2.copyMakeBorder(each, *(_REACH_PX,) * 4, cv2.BORDER_REPLICATE) for each in (a, b)]
    differing = np.zeros((height, width), np.float32)
    steps = range(2 * _REACH_PX + 1)
    for top, left in ((y, x) for y in steps for x in steps):  # the pixel itself is never brighter than itself
        moved = [each[top : top + height, left : left + width] for each in padded]
        differing += (moved[0] > a) != (moved[1] > b)
    return differing / np.float32(len(steps) ** 2 - 1)
