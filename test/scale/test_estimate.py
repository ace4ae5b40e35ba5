# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the factor does over time, by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.scale.estimate import LIMIT, Measurement, update_scale

SECOND = 1_000_000_000


def measurement(factor):
    return Measurement(factor, 0.1, 0.9, 1000)


def test_the_first_measurement_counts_in_full_and_a_step_arrives_with_the_time_constant():
    scale = update_scale(None, measurement(2.0), SECOND)
    assert scale.factor == pytest.approx(2.0) and scale.known
    scale = update_scale(scale, measurement(4.0), 3 * SECOND)  # one time constant later: 1 - 1/e of the way, in log
    assert math.log2(scale.factor) == pytest.approx(1 + (1 - math.exp(-1)))


def test_the_rate_of_measuring_does_not_matter():
    ends = []
    for steps in (1, 4, 40):
        scale = update_scale(None, measurement(1.0), 0)
        for step in range(steps):
            scale = update_scale(scale, measurement(2.0), 3 * SECOND * (step + 1) // steps)
        ends.append(scale.factor)
    assert ends == pytest.approx([ends[0]] * 3)


def test_pairs_that_tell_nothing_leave_it_and_let_it_age():
    scale = update_scale(None, None, SECOND)
    assert not scale.known and scale.factor == 1.0 and scale.age_s == math.inf
    scale = update_scale(update_scale(scale, measurement(2.0), 2 * SECOND), None, 9 * SECOND)
    assert scale.factor == pytest.approx(2.0) and scale.age_s == 7.0


@pytest.mark.parametrize("jump_s", [-60, -1, 11, 3600])
def test_a_jump_in_time_forgets_it(jump_s):
    scale = update_scale(None, measurement(2.0), 100 * SECOND)
    assert not update_scale(scale, None, (100 + jump_s) * SECOND).known
    assert update_scale(scale, measurement(3.0), (100 + jump_s) * SECOND).factor == pytest.approx(3.0)


def test_a_pair_that_is_a_little_late_is_no_jump():
    scale = update_scale(update_scale(None, measurement(2.0), SECOND), measurement(3.0), SECOND - 10**8)
    assert scale.factor == pytest.approx(2.0)


@given(st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(-20, 20)), min_size=1, max_size=20))
def test_it_stays_between_its_limits_and_what_was_measured(steps):
    scale, now_s = None, 100.0
    for factor, elapsed_s in steps:
        now_s += elapsed_s
        scale = update_scale(scale, measurement(factor), int(now_s * SECOND))
    factors = [min(max(factor, 1 / LIMIT), LIMIT) for factor, _ in steps]
    assert min(factors) * 0.999 <= scale.factor <= max(factors) * 1.001
    assert update_scale(None, measurement(100.0), 0).at_limit and not update_scale(None, measurement(2.0), 0).at_limit
