# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Metric depth with the help of a second camera: matching, the network's scale, and one depth from both."""

from mt_perception.stereo.consistency import Consistency, consistency
from mt_perception.stereo.depth import StereoDepth, correct_depth
from mt_perception.stereo.disparity import Disparity, disparity
from mt_perception.stereo.fusion import fuse
from mt_perception.stereo.matching import Match, match
from mt_perception.stereo.scale import estimate_scale

__all__ = [
    "Consistency", "Disparity", "Match", "StereoDepth", "consistency", "correct_depth", "disparity",
    "estimate_scale", "fuse", "match",
]  # fmt: skip
