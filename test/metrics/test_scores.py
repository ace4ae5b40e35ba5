# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.labels import CITYSCAPES, LabelSet
from mt_perception.metrics.depth_scores import DepthScores
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.scores import SegmentationScores

FOUR = Comparison(*[LabelSet("four", CITYSCAPES.labels[:4])] * 2)


def test_iou_by_hand():
    truth = np.array([[0, 0, 0, 1], [1, 1, 255, 255], [2, 0, 1, 0]], np.uint8)
    guess = np.array([[0, 0, 1, 1], [1, 0, 0, 1], [255, 0, 1, 0]], np.uint8)
    scores = SegmentationScores(FOUR)
    scores.update(guess, truth)
    # class 0: 4 hits, 5 true, 5 guessed (void not counted): 4/6; class 1: 3 hits, 4, 4: 3/5; class 2 missed; 3 absent
    assert scores.iou[:3].tolist() == pytest.approx([4 / 6, 3 / 5, 0])
    assert np.isnan(scores.iou[3])
    assert scores.miou == pytest.approx((4 / 6 + 3 / 5) / 3)
    assert scores.pixel_accuracy == pytest.approx(7 / 10)
    assert scores.over() == {
        "list": "four", "list_length": 4, "classes": ["road", "sidewalk", "building"], "absent": ["wall"], "pixels": 10
    }  # fmt: skip


@given(st.integers(0, 1000))
def test_scores_do_not_depend_on_how_frames_are_cut(seed):
    rng = np.random.default_rng(seed)
    truth, guess = (rng.integers(0, 4, (6, 10)).astype(np.uint8) for _ in range(2))
    whole, parts = SegmentationScores(FOUR), SegmentationScores(FOUR)
    whole.update(guess, truth)
    for rows in (slice(0, 1), slice(1, 6)):
        parts.update(guess[rows], truth[rows])
    np.testing.assert_array_equal(whole.confusion, parts.confusion)


def test_nothing_seen_is_not_a_score():
    assert np.isnan(SegmentationScores(FOUR).miou)
    assert np.isnan(DepthScores().summary()["abs_rel"])
