# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The factor of a pair, by hand."""

import numpy as np
import pytest
from stereo.pairs import HEIGHT, WIDTH, matched, scene

from mt_perception.stereo import estimate_scale


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0, 3.7])
def test_the_factor_by_hand(factor):
    measured = estimate_scale(scene() / np.float32(factor), matched(scene()))
    assert measured.factor == pytest.approx(factor, rel=1e-5)
    assert measured.spread < 1e-5 and measured.inlier_share == 1 and measured.pixels == HEIGHT * WIDTH


def test_a_third_of_nonsense_does_not_move_it():
    network_m = scene() * np.float32(0.5)
    network_m[:, : WIDTH // 3] = 40.0
    measured = estimate_scale(network_m, matched(scene()))
    assert measured.factor == pytest.approx(2.0, rel=0.01) and 0.6 < measured.inlier_share < 0.7


def test_another_size_and_pixels_without_depth():
    network_m = np.repeat(np.repeat(scene(), 2, 0), 2, 1) / 2
    network_m[:50], network_m[50:60] = np.inf, np.nan
    assert estimate_scale(network_m, matched(scene())).factor == pytest.approx(2.0, rel=1e-5)


def test_too_little_to_compare_tells_nothing():
    confidence = np.zeros((HEIGHT, WIDTH), np.float32)
    confidence[:4] = 1  # 4 % of the rows
    assert estimate_scale(scene(), matched(scene(), confidence)) is None
    assert estimate_scale(np.full_like(scene(), np.inf), matched(scene())) is None
    assert estimate_scale(scene(), matched(np.full_like(scene(), 15.0))) is None, "1.3 px of disparity are too few"


def test_pixels_that_do_not_agree_tell_nothing():
    network_m = np.exp(np.random.default_rng(0).uniform(-2, 3, (HEIGHT, WIDTH))).astype(np.float32)
    assert estimate_scale(network_m, matched(scene())) is None
