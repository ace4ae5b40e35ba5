import threading
import time

from mt_perception.utils.latest import Mailbox


def test_newest_wins_and_says_so():
    box = Mailbox()
    assert box.put(1) is False
    assert box.put(2) is True
    assert box.take() == [2]
    assert box.take(timeout_s=0.01) == []


def test_the_last_displaced_are_spare():
    box = Mailbox(spare=2)
    assert [box.put(item) for item in (1, 2, 3, 4)] == [False, True, True, True]
    assert box.take() == [4, 3, 2]
    assert box.put(5) is False and box.take() == [5]


def test_close_wakes_a_waiting_taker():
    box = Mailbox()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(box.take()))
    thread.start()
    time.sleep(0.05)
    box.close()
    thread.join(1)
    assert taken == [[]] and not thread.is_alive()
    box.put(5)
    assert box.take(timeout_s=0) == []


def test_a_slow_taker_sees_growing_numbers_and_the_last_one():
    box, seen = Mailbox(), []

    def take():
        while items := box.take(timeout_s=1):
            seen.extend(items)
            time.sleep(0.002)

    thread = threading.Thread(target=take)
    thread.start()
    displaced = sum(box.put(item) for item in range(1, 5001))
    time.sleep(0.05)
    box.close()
    thread.join(1)
    assert seen == sorted(set(seen)) and seen[-1] == 5000
    assert len(seen) + displaced == 5000
