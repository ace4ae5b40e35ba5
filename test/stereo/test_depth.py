# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Known answers: pairs of the rendered street, and a network whose depth is wrong by a known factor."""

import time
from dataclasses import replace

import numpy as np
import pytest
from stereo.pairs import BLIND
from stereo.recorded import shifted, street

from mt_perception.settings import Settings
from mt_perception.stereo import StereoDepth, estimate_scale
from mt_perception.types import StereoPair

FAST = Settings(depth_mode="scaled", stereo_rate_hz=120.0)
FUSED = FAST.replace(depth_mode="fused")


@pytest.fixture(scope="module")
def street_pairs():
    return list(street(4))


@pytest.fixture
def stereo():
    problems, matches = [], []
    made = StereoDepth(lambda pair, match: matches.append((pair, match)), problems.append)
    made.problems, made.matches = problems, matches
    yield made
    made.close()


def corrected(stereo, pair, depth_m, settings):
    """One frame from beginning to end, with the comparison that follows it in the other thread."""
    while not (matching := stereo.begin(lambda: pair, settings)):
        time.sleep(0.001)  # until it is its turn
    result = stereo.correct(depth_m, pair.left.stamp_ns, matching, settings)
    stereo._last.result()
    return result


def off(depth_m, truth_m):
    """Median of |depth / truth - 1| up to 40 m."""
    near = truth_m < 40
    return float(np.median(np.abs(depth_m[near] / truth_m[near] - 1)))


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_scaled_depth_is_within_3_percent_of_the_truth(stereo, street_pairs, factor):
    for pair, truth_m in street_pairs:
        network_m = truth_m * np.float32(factor)
        depth_m = corrected(stereo, pair, network_m, FAST)
    assert off(network_m, truth_m) == pytest.approx(abs(factor - 1))
    assert off(depth_m, truth_m) < 0.03
    np.testing.assert_allclose(depth_m, network_m * (depth_m / network_m)[100, 100], rtol=1e-5)  # one factor for all
    assert stereo.scale.latest.inlier_share > 0.8 and stereo.problems == [""] * 4


def test_scaled_depth_of_a_bent_network(stereo, street_pairs):
    """Too small by half, more so far away, with noise and a wrong sky: the middle is right."""
    rng = np.random.default_rng(0)
    for pair, truth_m in street_pairs:
        bent = (truth_m / 20) ** 0.9 * 10 * np.exp(rng.normal(0, 0.1, truth_m.shape))
        depth_m = corrected(stereo, pair, bent.astype(np.float32), FAST)
    near = truth_m < 40
    assert np.median(depth_m[near] / truth_m[near]) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("mode", [FAST, FUSED], ids=["scaled", "fused"])
@pytest.mark.parametrize("kind", BLIND)
def test_a_right_camera_that_sees_nothing_leaves_the_networks_depth_untouched(stereo, street_pairs, kind, mode):
    for pair, truth_m in street_pairs[:2]:
        blind = BLIND[kind](pair.left.image, pair.right.image)
        depth_m = corrected(stereo, StereoPair(pair.left, replace(pair.right, image=blind)), truth_m / 2, mode)
    np.testing.assert_array_equal(depth_m, truth_m / 2)
    assert not stereo.scale.known


def test_a_right_camera_that_gets_covered_leaves_the_scale_as_it_was(stereo, street_pairs):
    (pair, truth_m), (after, _) = street_pairs[:2]
    corrected(stereo, pair, truth_m / 2, FAST)
    grey = replace(after.right, image=np.full_like(after.right.image, 90))
    before = stereo.scale.factor
    corrected(stereo, StereoPair(after.left, grey), truth_m / 2, FAST)
    assert stereo.scale.factor == before and stereo.scale.age_s == pytest.approx(0.125)


def test_fused_depth_is_right_in_the_first_frame(stereo, street_pairs):
    pair, truth_m = street_pairs[0]
    bent = (np.minimum(truth_m, 200) ** 0.8).astype(np.float32)
    fused = corrected(stereo, pair, bent, FUSED)
    assert off(bent, truth_m) > 0.2 and off(fused, truth_m) < 0.03
    assert fused.shape == truth_m.shape and np.isfinite(fused[truth_m < 40]).mean() > 0.999


def test_mono_is_the_networks_own(stereo, street_pairs):
    _, truth_m = street_pairs[0]
    assert stereo.correct(truth_m, 0, None, FAST.replace(depth_mode="mono")) is truth_m


def test_the_rate_is_bounded_unless_every_pair_is_needed(stereo, street_pairs):
    slow = FAST.replace(stereo_rate_hz=0.1)
    pair, _ = street_pairs[0]
    assert stereo.begin(lambda: pair, slow).result()
    assert stereo.begin(lambda: pair, slow) is None
    assert stereo.begin(lambda: pair, slow.replace(depth_mode="fused")).result()
    assert len(stereo.matches) == 2


def test_a_jump_in_time_forgets_the_scale(stereo, street_pairs):
    pair, truth_m = street_pairs[0]
    corrected(stereo, shifted(pair, 60), truth_m / 2, FAST)
    assert stereo.scale.factor == pytest.approx(2, rel=0.03)
    corrected(stereo, pair, truth_m / 4, FAST)  # the recording begins again
    assert stereo.scale.factor == pytest.approx(4, rel=0.03)


@pytest.mark.parametrize("mode", [FAST, FUSED], ids=["scaled", "fused"])
def test_a_pair_that_cannot_be_matched_is_told_and_costs_no_frame(stereo, street_pairs, mode):
    pair, truth_m = street_pairs[0]

    def broken():
        return StereoPair(pair.left, replace(pair.right, image=pair.right.image[:-2], camera=None))

    matching = stereo.begin(broken, mode)
    np.testing.assert_array_equal(stereo.correct(truth_m, 0, matching, mode), truth_m)
    corrected(stereo, pair, truth_m, mode)
    assert "camera_info of both" in stereo.problems[0] and stereo.problems[-1] == ""


def test_the_known_answer_is_the_measurement_itself(stereo, street_pairs):
    pair, truth_m = street_pairs[0]
    corrected(stereo, pair, truth_m * 2, FAST)
    measured = estimate_scale(truth_m * 2, stereo.matches[0][1])
    assert stereo.scale.latest == measured and measured.factor == pytest.approx(0.5, rel=0.03)
