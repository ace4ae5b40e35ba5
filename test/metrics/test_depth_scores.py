# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.labels import CITYSCAPES, LabelSet
from mt_perception.metrics.depth_scores import DepthScores
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.ranks import rank_correlation

FOUR = Comparison(*[LabelSet("four", CITYSCAPES.labels[:4])] * 2)


def test_depth_errors_by_hand():
    truth = np.array([[10.0, 20.0, np.nan, 0.0, 100.0, 5.0]], np.float32)
    guess = np.array([[11.0, 15.0, 3.0, 3.0, 99.0, np.inf]], np.float32)
    scores = DepthScores(max_m=80)
    scores.update(guess, truth)
    summary = scores.summary()
    assert summary["abs_rel"] == pytest.approx((1 / 10 + 5 / 20) / 2)
    assert summary["sq_rel"] == pytest.approx((1 / 10 + 25 / 20) / 2)
    assert summary["rmse"] == pytest.approx(np.sqrt((1 + 25) / 2))
    assert summary["rmse_log"] == pytest.approx(np.sqrt((np.log(1.1) ** 2 + np.log(0.75) ** 2) / 2))
    # 20 / 15 = 1.33 lies beyond 1.25 and within 1.25 squared
    assert (summary["delta1"], summary["delta2"]) == (0.5, 1.0)
    assert summary["coverage"] == pytest.approx(2 / 3)


def test_rank_correlation_by_hand():
    # ranks 0 1 2 3 against 0 2 1 3: 1 - 6 * (1 + 1) / (4 * 15)
    assert rank_correlation(np.array([1.0, 2, 3, 9]), np.array([10.0, 30, 20, 31])) == pytest.approx(0.8)
    # ties share a rank: 0.5 0.5 2 against 0 1 2 correlate with 1.5 / sqrt(1.5 * 2)
    assert rank_correlation(np.array([4.0, 4, 5]), np.array([1.0, 2, 3])) == pytest.approx(1.5 / 3**0.5)
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5.0)))


def test_scores_of_depth_take_no_more_memory_for_more_frames():
    rng = np.random.default_rng(0)
    few, many, other = DepthScores(), DepthScores(), DepthScores()
    frames = [rng.uniform(1, 70, (2, 3, 4)).astype(np.float32) for _ in range(40)]
    for index, (guess_m, truth_m) in enumerate(frames):
        for scores in (few,) if index < 2 else (many if index % 2 else other,):
            scores.update(guess_m, truth_m)
    many.update(np.full((3, 4), np.nan, np.float32), frames[0][1])  # nothing to be ordered in it
    many.merge(other)
    assert len(pickle.dumps(many)) <= len(pickle.dumps(few)) + 50  # a digit or two for each number
    mean = np.mean([rank_correlation(guess_m.ravel(), truth_m.ravel()) for guess_m, truth_m in frames[2:]])
    assert many.summary()["spearman"] == pytest.approx(mean)


@given(st.integers(0, 1000))
def test_depth_scores_do_not_depend_on_order_and_parts_to_the_last_digit(seed):
    rng = np.random.default_rng(seed)
    frames = [rng.lognormal(2, 1, (2, 3, 4)).astype(np.float32) for _ in range(7)]
    plain, shuffled, part = DepthScores(), DepthScores(), DepthScores()
    for guess_m, truth_m in frames:
        plain.update(guess_m, truth_m)
    for index in rng.permutation(7):
        (part if index % 2 else shuffled).update(*frames[index])
    shuffled.merge(part)
    assert shuffled.summary() == plain.summary()


def test_order_of_depth_does_not_depend_on_its_scale():
    truth = np.array([[1.0, 2, 5, np.nan], [70, 8, 3, 100]], np.float32)
    scores = DepthScores(max_m=80)
    scores.update(3 * truth**2, truth)
    assert scores.summary()["spearman"] == pytest.approx(1.0)
