# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Items made ahead in another thread."""

from __future__ import annotations

import threading

import pytest

from mt_perception.processing.prefetch import ordered_map, prefetch


def test_all_come_in_order_and_from_another_thread():
    makers = set()

    def items():
        for number in range(20):
            makers.add(threading.current_thread())
            yield number

    assert list(prefetch(items())) == list(range(20))
    assert len(makers) == 1 and threading.current_thread() not in makers
    assert list(prefetch([])) == []


def test_few_wait_however_slowly_they_are_taken():
    made = threading.Semaphore(0)

    def items():
        for number in range(50):
            made.release()
            yield number

    taken = prefetch(items(), waiting=2)
    for number in range(5):
        assert next(taken) == number
        for _ in range(1 if number else 3):  # the first one and two more, then one for each that is taken
            assert made.acquire(timeout=60)
        assert not made.acquire(timeout=0.02)
    taken.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("prefetch")]


def test_an_error_comes_in_its_place():
    def items():
        yield 1
        yield 2
        raise ValueError("the third is damaged")

    taken = prefetch(items())
    assert [next(taken), next(taken)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(taken)


def test_workers_share_the_items_and_their_order_stays():
    meeting = threading.Barrier(2)  # passed only by two at once
    busy = [threading.Lock(), threading.Lock()]

    def worker(lock):
        def square(number):
            assert lock.acquire(blocking=False), "a worker has one item at a time"
            meeting.wait(timeout=60)
            lock.release()
            return number * number

        return square

    assert list(ordered_map(range(10), [worker(lock) for lock in busy])) == [number * number for number in range(10)]
    assert list(ordered_map([], [str])) == []


def test_few_results_wait_and_what_is_left_is_not_begun():
    begun = []

    def items():
        for number in range(50):
            begun.append(number)
            yield number

    results = ordered_map(items(), [str, str])
    assert next(results) == "0" and begun == [0, 1, 2, 3]
    results.close()
    assert begun == [0, 1, 2, 3]
    assert not [each for each in threading.enumerate() if each.name.startswith("ordered_map")]


def test_a_workers_error_comes_in_its_place():
    results = ordered_map([4, 2, 0, 1], [lambda number: 8 // number])
    assert [next(results), next(results)] == [2, 4]
    with pytest.raises(ZeroDivisionError):
        next(results)
