# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The factor between the network's depth and the pair's, measured robustly."""

from __future__ import annotations

import numpy as np

from mt_perception.geometry import resize_nearest
from mt_perception.scale.estimate import Measurement, robust_mean
from mt_perception.stereo.matching import MIN_COVERAGE, Match
from mt_perception.types import DepthMap

_MIN_DISPARITY_PX = 2.0  # below it a quarter of a pixel, the matcher's error, is over a tenth of the depth
_MIN_INLIERS = 0.3  # of the compared pixels must agree; where left and right show different things 0.17 do


def estimate_scale(depth_m: DepthMap, match: Match) -> Measurement | None:
    """Compare the network's depth (H, W) of the left image with the pair's; None where too little can be compared.

    The robust mean of log(stereo / network); confident and near pixels count more.
    """
    network_m, stereo_m = resize_nearest(depth_m, match.size), match.depth_m
    usable = np.isfinite(network_m) & (network_m > 0) & (match.confidence > 0)
    usable &= match.disparity_px >= _MIN_DISPARITY_PX
    if int(usable.sum()) < MIN_COVERAGE * usable.size:
        return None
    ratios = np.log(stereo_m[usable] / network_m[usable])
    found = robust_mean(ratios, match.confidence[usable] * np.minimum(match.disparity_px[usable], 16))
    return found if found.inlier_share >= _MIN_INLIERS else None
