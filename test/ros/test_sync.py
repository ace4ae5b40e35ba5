# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Left and right brought together: the own pairer and message_filters pass the same tests."""

import random

import pytest

pytest.importorskip("rclpy")

from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import Image

from mt_perception.messages.read import stamp_ns
from mt_perception.ros import convert
from mt_perception.ros.sync import PairSync, _Filters, new_pairer
from mt_perception.stereo.pairing import Pairer

MS = 1_000_000
SECOND = 1000 * MS


def image(stamp):
    return Image(header=convert.header(stamp, "cam"))


@pytest.fixture(params=["own", "message_filters"])
def sync(request):
    """`sync(arrivals, slop_s)` feeds (side, stamp) and gives the synchronizer and the stamps of its pairs."""
    if request.param == "message_filters":
        pytest.importorskip("message_filters", reason="it comes with a ROS installation")
    kind = _Filters if request.param == "message_filters" else Pairer

    def feed(arrivals, slop_s=0.01):
        pairs = []
        made = PairSync(
            lambda pair: pairs.append(tuple(stamp_ns(each.header) for each in pair)),
            lambda: slop_s() if callable(slop_s) else slop_s,
            lambda slop_ns: kind(slop_ns, 5),
        )
        for side, stamp in arrivals:
            made.add(side, image(stamp))
        return made, pairs

    return feed


def test_message_filters_is_taken_where_it_is_installed():
    pytest.importorskip("message_filters", reason="it comes with a ROS installation")
    assert isinstance(new_pairer(0), _Filters)


@pytest.mark.parametrize("slop_s", [0.0, 0.01])
def test_equal_stamps_are_one_pair(sync, slop_s):
    made, pairs = sync([(side, SECOND + i * 33 * MS) for i in range(20) for side in (1, 0)], slop_s)
    assert pairs == [(SECOND + i * 33 * MS,) * 2 for i in range(20)]
    assert made.numbers() == {
        "left_unmatched": "0", "right_unmatched": "0", "sync_skew_p50_ms": "0.000", "sync_skew_max_ms": "0.000",
    }  # fmt: skip


def test_jitter_is_measured(sync):
    made, pairs = sync([(side, SECOND + i * 33 * MS + side * (2 + i % 3) * MS) for i in range(30) for side in (0, 1)])
    assert len(pairs) == 30
    numbers = made.numbers()
    assert (numbers["sync_skew_p50_ms"], numbers["sync_skew_max_ms"]) == ("3.000", "4.000")


def test_drops_are_counted_by_side(sync):
    arrivals = [(side, SECOND + i * 33 * MS) for i in range(40) for side in (0, 1) if not (side and i % 4 == 0)]
    made, pairs = sync(arrivals)
    assert len(pairs) == 30
    numbers = made.numbers()
    # ten have no partner; the newest four still wait for one, and the fifth place was taken by the last one that had
    assert numbers["left_unmatched"] == "6" and numbers["right_unmatched"] == "0"


def test_out_of_order_stamps_find_each_other(sync):
    stamps = [SECOND + i * 33 * MS for i in range(12)]
    shuffled = [stamp for i in range(0, 12, 3) for stamp in random.Random(i).sample(stamps[i : i + 3], 3)]
    arrivals = [pair for i in range(12) for pair in ((0, stamps[i]), (1, shuffled[i]))]
    _, pairs = sync(arrivals)
    assert sorted(pairs) == [(stamp, stamp) for stamp in stamps]


def test_a_dead_camera_is_named(sync):
    topics = ("/left/image_rect", "/right/image_rect")
    made, pairs = sync([])
    assert made.waiting_for(topics, 1.0) == "/left/image_rect and /right/image_rect"
    made, pairs = sync([(0, SECOND + i * 33 * MS) for i in range(100)])
    assert pairs == [] and made.numbers()["left_unmatched"] == "95"
    assert made.waiting_for(topics, 1.0) == "/right/image_rect"


def test_stamps_that_never_meet_are_explained(sync):
    made, pairs = sync([(side, SECOND + i * 100 * MS + side * 30 * MS) for i in range(9) for side in (0, 1)])
    assert pairs == []
    said = made.waiting_for(("left", "right"), 1.0)
    assert "less than sync_slop_s (0.01 s) apart: they are 0.030 s apart" in said


def test_half_the_rate_is_half_the_pairs(sync):
    arrivals = [(side, SECOND + i * 33 * MS) for i in range(40) for side in (0, 1) if not (side and i % 2)]
    made, pairs = sync(arrivals)
    assert len(pairs) == 20
    assert int(made.numbers()["left_unmatched"]) in range(15, 21)


@pytest.mark.parametrize("slop_s", [0.0, 0.01])
def test_a_recording_that_begins_again_goes_on(sync, slop_s):
    """What waits from the first round is newer than all that comes; it must not drive that out."""
    leftovers = [(0, 100 * SECOND + i * 33 * MS) for i in range(9)]
    again = [(side, SECOND + i * 33 * MS) for i in range(10) for side in (1, 0)]
    _, pairs = sync(leftovers + again, slop_s)
    assert len(pairs) == 10


def test_the_slop_may_change_at_any_time(sync):
    slop = [0.0]
    made, pairs = sync([(0, SECOND), (1, SECOND + 5 * MS)], lambda: slop[0])
    assert pairs == []
    slop[0] = 0.02
    for side in (0, 1):
        made.add(side, image(2 * SECOND + side * 5 * MS))
    assert pairs == [(2 * SECOND, 2 * SECOND + 5 * MS)]
    slop[0] = 0.0
    for side in (0, 1):
        made.add(side, image(3 * SECOND + side * 5 * MS))
    assert len(pairs) == 1
    assert made.numbers()["left_unmatched"] == "1" and made.numbers()["right_unmatched"] == "1"


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60)), max_size=50), st.integers(0, 20))
def test_both_find_the_same_pairs(arrivals, slop):
    pytest.importorskip("message_filters", reason="it comes with a ROS installation")
    own, other = Pairer(slop, 4), _Filters(slop, 4)
    for side, stamp in arrivals:
        message = image(stamp)
        assert own.add(side, stamp, message) == other.add(side, stamp, message)
        assert [set(each) for each in own.waiting] == [set(each) for each in other.waiting]
