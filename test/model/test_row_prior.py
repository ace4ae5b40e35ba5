# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The row table: what it says by hand, whatever the lens, and what skill against it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.geometry import scale_camera
from mt_perception.model.row_prior import LeftOut, RowHistogram, RowPrior, SkillScores, pooled
from mt_perception.types import Camera

CAMERA = Camera(5, 40, 100.0, 100.0, 2.0, 9.25)
"""Tangents from -0.0925 to 0.2975, each row in the middle of a bin of its own."""


def ground(camera: Camera, height_m: float = 1.65) -> np.ndarray:
    """(H, W) metres of flat ground; NaN above the horizon."""
    tangents = (np.arange(camera.height_px) - camera.cy_px) / camera.fy_px
    rows = np.where(tangents > 0, height_m / np.where(tangents > 0, tangents, 1), np.nan)
    return np.repeat(rows[:, None], camera.width_px, axis=1).astype(np.float32)


def fitted(*frames: np.ndarray, camera: Camera = CAMERA) -> RowPrior:
    histogram = RowHistogram()
    for each in frames:
        histogram.update(each, camera)
    prior = histogram.prior()
    assert prior is not None
    return prior


def test_the_table_is_the_median_of_each_row_by_hand():
    depth_m = np.full((40, 5), np.nan, np.float32)
    depth_m[10] = 4, 4, 6, 30, 30  # the median is 6
    depth_m[20] = 7, np.inf, 0, 500, np.nan  # one depth; sky, none, beyond 80 m and unknown are none
    table = fitted(depth_m).predict(CAMERA)
    assert table.shape == (40, 5) and table.dtype == np.float32
    assert table[10] == pytest.approx(6, rel=0.02) and table[20] == pytest.approx(7, rel=0.02)
    assert table[15] == pytest.approx((6 * 7) ** 0.5, rel=0.03)  # half-way, in the logarithm
    assert table[0] == pytest.approx(table[10]) and table[39] == pytest.approx(table[20])  # beyond: the nearest


def test_the_median_is_taken_over_all_frames():
    near, far = (np.full((40, 5), metres, np.float32) for metres in (5, 20))
    assert fitted(near, far, far).predict(CAMERA)[7] == pytest.approx(20, rel=0.02)
    assert RowHistogram().prior() is None


@given(st.floats(0.5, 3), st.integers(20, 60), st.integers(3, 8))
def test_flat_ground_is_the_same_to_every_lens(zoom, height_px, width_px):
    """What was learned with one lens holds for another at the same height, at any size."""
    other = Camera(width_px, height_px, 100 * zoom, 100 * zoom, 2.0, height_px / 3)
    many_rows = scale_camera(CAMERA, (400, 5))
    truth_m = ground(other)
    tangents = (np.arange(height_px) - other.cy_px) / other.fy_px
    inside = (tangents > 0.03) & (tangents < 0.29)
    table = fitted(ground(many_rows), camera=many_rows).predict(other)
    np.testing.assert_allclose(table[inside], truth_m[inside], rtol=0.03)


def test_one_data_set_does_not_drown_another():
    dense, sparse = RowHistogram(), RowHistogram()
    for _ in range(9):
        dense.update(np.full((40, 5), 10.0, np.float32), CAMERA)
    laser = np.full((40, 5), np.nan, np.float32)
    laser[:, 2] = 40
    sparse.update(laser, CAMERA)
    both = pooled([dense, sparse])
    assert both.frames == 10
    weights = both.counts.sum(1)
    assert sorted(set(weights.tolist())) == [0, 2]  # each of the two counts once at every angle that both have
    dense.merge(sparse)
    prior = dense.prior()
    assert prior is not None and prior.predict(CAMERA)[20] == pytest.approx(10, rel=0.02)


def test_a_part_is_judged_by_the_others():
    left_out = LeftOut()
    left_out.update(0, np.full((40, 5), 10.0, np.float32), CAMERA)
    assert left_out.prior(0) is None
    left_out.update(1, np.full((40, 5), 30.0, np.float32), CAMERA)
    tables = [left_out.prior(part) for part in (0, 1)]
    assert [each.predict(CAMERA)[3, 3] for each in tables if each] == pytest.approx([30, 10], rel=0.02)


def test_skill_by_hand():
    truth = np.array([[10.0, 20.0, 7.0, 8.0], [np.nan, np.inf, 100.0, 5.0]], np.float32)
    guess = np.array([[11.0, 20.0, 14.0, 8.0], [1.0, 1.0, 1.0, np.inf]], np.float32)
    table = np.full((2, 4), 10.0, np.float32)
    scores = SkillScores()
    scores.update(guess, truth, table)
    found = scores.summary()
    # four pixels count; the table: 0, 10/20, 3/7, 2/8
    usual = (0 + 1 / 2 + 3 / 7 + 1 / 4) / 4
    assert found["prior_abs_rel"] == pytest.approx(usual)
    assert found["skill"] == pytest.approx(1 - ((0.1 + 0 + 1 + 0) / 4) / usual)
    # 7 m is 30 % nearer than the table says and stands out, 8 m does not
    assert found["standing_out"] == pytest.approx(1.0) and found["standing_out_share"] == pytest.approx(0.25)


def test_the_table_itself_has_no_skill_and_the_truth_has_all():
    truth = np.random.default_rng(0).uniform(1, 70, (40, 5)).astype(np.float32)
    table = np.asarray(fitted(truth).predict(CAMERA))
    itself, perfect, both = SkillScores(), SkillScores(), SkillScores()
    itself.update(table, truth, table)
    perfect.update(truth, truth, table)
    for each in (itself, perfect):
        both.merge(each)
    assert itself.summary()["skill"] == 0 and perfect.summary()["skill"] == 1
    assert both.summary()["skill"] == pytest.approx(0.5)
    assert all(np.isnan(value) for value in SkillScores().summary().values())
