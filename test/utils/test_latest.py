import threading
import time

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
