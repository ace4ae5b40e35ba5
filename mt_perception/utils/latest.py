"""Hand-over of the newest item from one thread to another."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestQueue(Generic[T]):
    """A keep-last queue, newest wins: `put` never waits, `take` gets what came last.

    A slow consumer sees fresh items and skips old ones, instead of falling ever further behind. The displaced are lost
    but for the last `spare`, for when the newest turns out to be of no use.
    """

    def __init__(self, spare: int = 0) -> None:
        self._changed = threading.Condition()
        self._items: deque[T] = deque(maxlen=1 + spare)
        self._closed = False

    def put(self, item: T) -> bool:
        """Place `item`. Returns True when it displaced one that nobody had taken."""
        with self._changed:
            displaced = bool(self._items)
            if not self._closed:
                self._items.append(item)
            self._changed.notify()
            return displaced

    def take(self, timeout_s: float | None = None) -> list[T]:
        """Wait for an item and remove all, newest first; empty after `timeout_s`, or once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed, timeout_s)
            items = list(reversed(self._items))
            self._items.clear()
            return items

    def close(self) -> None:
        """Wake a waiting `take`; from now on it returns nothing and `put` keeps nothing."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed
