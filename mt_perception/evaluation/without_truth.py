# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How good results are in themselves, where there is no truth: flicker, and what a second camera sees."""

from __future__ import annotations

import numpy as np

from mt_perception.bags.by_stamp import FrameSet
from mt_perception.settings import SETTINGS
from mt_perception.stereo import consistency
from mt_perception.topics import DEPTH, MASK
from mt_perception.types import StereoPair


def flicker(before: FrameSet | None, frame_set: FrameSet) -> dict[str, float]:
    """How much changes from one frame to the next: the share of labels, and the mean ratio of metres, as a logarithm.

    A part of it is motion, the same for every model on the same recording; the rest is flicker.
    """
    found: dict[str, float] = {}
    if before is None:
        return found
    first, second = before.array(MASK), frame_set.array(MASK)
    if first is not None and second is not None and first.shape == second.shape:
        found["label_flicker"] = float(np.mean(first != second))
    first_m, second_m = before.array(DEPTH), frame_set.array(DEPTH)
    if first_m is not None and second_m is not None and first_m.shape == second_m.shape:
        known = np.isfinite(first_m) & np.isfinite(second_m) & (first_m > 0) & (second_m > 0)
        if known.any():
            found["depth_flicker"] = float(np.abs(np.log(second_m[known] / first_m[known])).mean())
    return found


def stereo_error(pair: StereoPair | None, frame_set: FrameSet) -> dict[str, float]:
    """How well depth explains the pair, beside what the pair itself gives; nothing without a pair."""
    depth_m = frame_set.array(DEPTH)
    found = consistency(pair, depth_m, SETTINGS["stereo_width"].default) if pair and depth_m is not None else None
    return {"stereo_error": found.error, "stereo_reference": found.reference} if found else {}
