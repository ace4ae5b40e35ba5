# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pairs by hand, then what must hold for any arrival."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.stereo.pairing import Pairer

MS = 1_000_000


def pairs_of(arrivals, slop_ns, size=5):
    """Pairs of stamps (left, right) in the order in which they are found; arrivals are (stream, stamp)."""
    pairer = Pairer(slop_ns, size)
    return [pair for stream, stamp in arrivals if (pair := pairer.add(stream, stamp, stamp))]


@pytest.mark.parametrize(
    ("arrivals", "slop", "expected"),
    [
        ([(0, 10), (1, 10)], 0, [(10, 10)]),
        ([(1, 10), (0, 10)], 0, [(10, 10)]),
        ([(0, 10), (1, 11)], 0, []),
        ([(0, 10), (1, 11)], 2, [(10, 11)]),
        ([(0, 10), (1, 12)], 2, []),  # less than the slop, not as much
        ([(0, 10), (0, 14), (1, 13)], 5, [(14, 13)]),  # the nearest
        ([(0, 20), (0, 10), (1, 10), (1, 20)], 0, [(10, 10), (20, 20)]),  # out of order
        ([(0, 1), (0, 2), (0, 3), (1, 1), (1, 3)], 0, [(3, 3)]),  # of three the oldest did not wait
        ([(0, 10), (0, 10), (1, 10), (1, 10)], 0, [(10, 10)]),  # one stamp twice is one image
    ],
)
def test_pairs_by_hand(arrivals, slop, expected):
    assert pairs_of(arrivals, slop, size=2) == expected


def test_what_waits_is_bounded_and_shown():
    pairer = Pairer(0, 3)
    for stamp in range(100):
        pairer.add(0, stamp, stamp)
    assert [list(each) for each in pairer.waiting] == [[97, 98, 99], []]


arrivals = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60)), max_size=60)


@given(arrivals, st.integers(0, 20))
def test_each_image_is_used_once_and_partners_are_near(given_arrivals, slop):
    pairer, used = Pairer(slop, 5), set()
    for index, (stream, stamp) in enumerate(given_arrivals):
        pair = pairer.add(stream, stamp, (index, stream, stamp))
        for side, item in enumerate(pair or ()):
            assert item[1] == side and item not in used
            used.add(item)
        if pair:
            assert pair[0][2] == pair[1][2] or abs(pair[0][2] - pair[1][2]) < slop
        assert all(len(each) <= 5 for each in pairer.waiting)


@given(st.integers(2, 40), st.data())
def test_cameras_of_one_rate_lose_nothing_to_jitter(count, data):
    """100 ms apart, stamps that wander by up to 9 ms, and a right camera that comes in up to three images later."""
    wander = st.lists(st.integers(-9 * MS, 9 * MS), min_size=count, max_size=count)
    left = [100 * MS * i + data.draw(wander)[0] for i in range(count)]
    right = [stamp + shift for stamp, shift in zip(left, data.draw(wander), strict=True)]
    late = data.draw(st.integers(0, 3))
    order = sorted([(i, 0, s) for i, s in enumerate(left)] + [(i + late + 0.5, 1, s) for i, s in enumerate(right)])
    found = pairs_of([(stream, stamp) for _, stream, stamp in order], 10 * MS)
    assert found == list(zip(left, right, strict=True))


@given(st.sets(st.integers(0, 29)), st.sets(st.integers(0, 29)))
def test_dropped_images_cost_their_own_pair_alone(lost_left, lost_right):
    order = [(side, 100 * i) for i in range(30) for side in (0, 1) if i not in (lost_left, lost_right)[side]]
    whole = [(100 * i, 100 * i) for i in range(30) if i not in lost_left | lost_right]
    assert pairs_of(order, 50) == whole == pairs_of(order, 0)
