# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Whether depth explains a pair, without truth."""

import numpy as np
import pytest
from stereo.pairs import BLIND, WIDTH, box_and_wall, stereo_pair
from stereo.recorded import street

from mt_perception.stereo import consistency
from mt_perception.stereo.consistency import census_distance


def test_census_by_hand():
    """One bright pixel: it differs from all 24 neighbours, which each see it brighter; the other image is flat."""
    spot, flat = np.zeros((7, 9), np.float32), np.full((7, 9), 30, np.float32)
    spot[3, 4] = 9
    distance = census_distance(spot, flat)
    expected = np.zeros((7, 9))
    expected[1:6, 2:7] = 1 / 24  # of these, the spot alone is brighter
    expected[3, 4] = 0  # nothing is brighter than the spot
    np.testing.assert_allclose(distance, expected)
    assert not census_distance(spot, 3 * spot + 20).any()  # another exposure


def test_true_depth_explains_the_pair_and_no_other_does():
    left, right, depth_m = box_and_wall()
    pair = stereo_pair(left, right)
    found = {scale: consistency(pair, depth_m * np.float32(scale), WIDTH) for scale in (0.8, 1.0, 1.3)}
    assert found[1.0].error < 0.03 and found[1.0].coverage == 1
    assert found[1.0].error == pytest.approx(found[1.0].reference, abs=0.01)
    assert min(found[0.8].error, found[1.3].error) > 0.3  # by chance it would be 0.5
    assert found[0.8].reference == found[1.3].reference  # it is the pair's own


def test_what_has_no_depth_is_left_out_and_infinity_is_a_depth():
    left, right, depth_m = box_and_wall()
    pair = stereo_pair(left, right)
    half = depth_m.copy()
    half[:, : WIDTH // 2] = np.nan
    found = consistency(pair, half, WIDTH)
    assert found.error < 0.03 and 0.4 < found.coverage < 0.6
    assert consistency(pair, np.full_like(depth_m, np.inf), WIDTH).error > 0.3
    assert consistency(pair, np.full_like(depth_m, np.nan), WIDTH) is None


@pytest.mark.parametrize("blind", ["grey", "dark"])
def test_a_pair_that_cannot_be_matched_tells_nothing(blind):
    left, right, depth_m = box_and_wall()
    assert consistency(stereo_pair(left, BLIND[blind](left, right)), depth_m, WIDTH) is None


def test_in_a_rendered_street_true_depth_wins_too():
    (pair, truth_m), *_ = street(1)
    right, wrong = (consistency(pair, truth_m * np.float32(scale), 480) for scale in (1.0, 1.3))
    assert right.error < 1.2 * right.reference and wrong.error > 1.5 * right.error
