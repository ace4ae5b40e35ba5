# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Hand-over of the newest item from one thread to another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestQueue(Generic[T]):
    """A keep-last queue, newest wins: `put` never waits, `take` gets what came last.

    A slow consumer sees fresh items and skips old ones, instead of falling ever further behind. The displaced are lost
    but for the last `spare`, for when the newest turns out to be of no use.

    Items of several sources have a `key` each: they displace none of another source, and sources take turns, so that
    one that is quick takes nothing from one that is slow. What is taken is in hand until the next `take` of the same
    thread: of its source no other thread gets anything meanwhile, so that results keep their order.
    """

    def __init__(self, spare: int = 0) -> None:
        self._changed = threading.Condition()
        self._spare = spare
        self._items: dict[Hashable, deque[T]] = {}  # in the order in which sources have begun to wait
        self._in_hand: dict[int, Hashable] = {}
        self._closed = False

    def put(self, item: T, key: Hashable = None) -> bool:
        """Place `item`. Returns True when it displaced one that nobody had taken."""
        with self._changed:
            displaced = key in self._items
            if not self._closed:
                self._items.setdefault(key, deque(maxlen=1 + self._spare)).append(item)
            self._changed.notify()
            return displaced

    def take(self, timeout_s: float | None = None) -> list[T]:
        """Wait for an item and remove all of its source, newest first; empty after `timeout_s`, or once closed."""
        thread = threading.get_ident()
        with self._changed:
            if thread in self._in_hand:
                del self._in_hand[thread]
                self._changed.notify()
            self._changed.wait_for(lambda: self._free or self._closed, timeout_s)
            if not self._free:
                return []
            self._in_hand[thread] = key = self._free[0]
            return list(reversed(self._items.pop(key)))

    @property
    def _free(self) -> list[Hashable]:
        """The sources that wait and that nobody has in hand, the one that waits longest first."""
        return [key for key in self._items if key not in self._in_hand.values()]

    def close(self) -> None:
        """Wake a waiting `take`; from now on it returns nothing and `put` keeps nothing."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed
