"""Metric depth with the help of a second camera: matching, the network's scale, and one depth from both."""

from mt_perception.stereo.consistency import Consistency, consistency
from mt_perception.stereo.depth import StereoDepth, corrected
from mt_perception.stereo.disparity import Disparity, disparity
from mt_perception.stereo.fusion import fuse
from mt_perception.stereo.matching import Match, match
from mt_perception.stereo.scale import measure

__all__ = [
    "Consistency", "Disparity", "Match", "StereoDepth",
    "consistency", "corrected", "disparity", "fuse", "match", "measure",
]  # fmt: skip
