"""Items made ahead in another thread."""

from __future__ import annotations

import threading

import pytest

from mt_perception.offline.ahead import ahead


def test_all_come_in_order_and_from_another_thread():
    makers = set()

    def items():
        for number in range(20):
            makers.add(threading.current_thread())
            yield number

    assert list(ahead(items())) == list(range(20))
    assert len(makers) == 1 and threading.current_thread() not in makers
    assert list(ahead([])) == []


def test_few_wait_however_slowly_they_are_taken():
    made = threading.Semaphore(0)

    def items():
        for number in range(50):
            made.release()
            yield number

    taken = ahead(items(), waiting=2)
    for number in range(5):
        assert next(taken) == number
        for _ in range(1 if number else 3):  # the first one and two more, then one for each that is taken
            assert made.acquire(timeout=60)
        assert not made.acquire(timeout=0.02)
    taken.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("ahead")]


def test_an_error_comes_in_its_place():
    def items():
        yield 1
        yield 2
        raise ValueError("the third is damaged")

    taken = ahead(items())
    assert [next(taken), next(taken)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(taken)
