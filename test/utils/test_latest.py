# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from mt_perception.utils.latest import LatestQueue


def test_newest_wins_and_says_so():
    queue = LatestQueue()
    assert queue.put(1) is False
    assert queue.put(2) is True
    assert queue.take() == [2]
    assert queue.take(timeout_s=0.01) == []


def test_the_last_displaced_are_spare():
    queue = LatestQueue(spare=2)
    assert [queue.put(item) for item in (1, 2, 3, 4)] == [False, True, True, True]
    assert queue.take() == [4, 3, 2]
    assert queue.put(5) is False and queue.take() == [5]


def test_close_wakes_a_waiting_taker():
    queue = LatestQueue()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(queue.take()))
    thread.start()
    time.sleep(0.05)
    queue.close()
    thread.join(1)
    assert taken == [[]] and not thread.is_alive()
    queue.put(5)
    assert queue.take(timeout_s=0) == []


def test_a_slow_taker_sees_growing_numbers_and_the_last_one():
    queue, seen = LatestQueue(), []

    def take():
        while items := queue.take(timeout_s=1):
            seen.extend(items)
            time.sleep(0.002)

    thread = threading.Thread(target=take)
    thread.start()
    displaced = sum(queue.put(item) for item in range(1, 5001))
    time.sleep(0.05)
    queue.close()
    thread.join(1)
    assert seen == sorted(set(seen)) and seen[-1] == 5000
    assert len(seen) + displaced == 5000


def test_sources_take_turns_however_quick_one_is():
    queue, taken = LatestQueue(), []
    for number in range(6):
        for each in range(10):
            queue.put(("quick", 10 * number + each), "quick")
        if number % 2 == 0:
            assert queue.put(("slow", number), "slow") is False
        taken += queue.take()
    assert taken == [("quick", 9), ("slow", 0), ("quick", 29), ("slow", 2), ("quick", 49), ("slow", 4)]


def test_what_a_thread_has_in_hand_is_given_to_no_other_until_it_takes_again():
    queue, others = LatestQueue(), []
    queue.put(1, "a")
    assert queue.take() == [1]
    queue.put(2, "a")
    queue.put(3, "b")

    def take():
        others.append(queue.take(timeout_s=1))
        others.append(queue.take(timeout_s=0.05))

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    assert others == [[3], []]
    assert queue.take() == [2]


@given(
    puts=st.lists(st.sampled_from("abc"), min_size=1, max_size=40),
    spare=st.integers(0, 2),
)
def test_every_source_that_waits_is_taken_once_in_the_order_in_which_it_began_to_wait(puts, spare):
    queue = LatestQueue(spare)
    displaced = [queue.put((source, number), source) for number, source in enumerate(puts)]
    begun = list(dict.fromkeys(puts))
    assert displaced.count(False) == len(begun)
    for source in begun:
        mine = [(each, number) for number, each in enumerate(puts) if each == source]
        assert queue.take() == mine[: -2 - spare : -1]
    assert queue.take(timeout_s=0) == []
