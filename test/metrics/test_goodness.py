# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How good labels and depth are together."""

import numpy as np

from mt_perception.evaluation.timeline import Timeline
from mt_perception.labels import CITYSCAPES
from mt_perception.metrics.goodness import goodness
from mt_perception.report.frames import FrameScores

NAN = float("nan")


def test_what_is_not_known_is_left_out():
    found = goodness([0.75, 0.75, NAN, NAN], [0.25, NAN, 0.25, NAN])
    np.testing.assert_equal(found, [0.5, 0.75, -0.25, NAN])


def test_data_sets_and_recordings_rank_frames_alike():
    frames = [(0.75, 0.25), (0.5, NAN), (NAN, 0.25), (1.0, 2.0)]
    timeline = Timeline(CITYSCAPES)
    for index, (miou, abs_rel) in enumerate(frames):
        timeline.add(index, (0, 0), np.zeros((1, 1), np.uint8), {"miou": miou, "abs_rel": abs_rel})
    name, badness = timeline.badness
    assert name == "truth" and (-badness).tolist() == [FrameScores("x", *each).score for each in frames]
    assert FrameScores("x", NAN, NAN).score == float("inf")  # nothing speaks against it
