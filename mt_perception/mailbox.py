"""Hand-over of the newest item from one thread to another."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """One slot, newest wins: `put` never waits, `take` gets what came last.

    A slow consumer sees fresh items and skips old ones, instead of falling ever further behind.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False

    def put(self, item: T) -> bool:
        """Place `item`. Returns True when it displaced one that nobody had taken."""
        with self._changed:
            displaced = self._item is not None
            self._item = None if self._closed else item
            self._changed.notify()
            return displaced

    def take(self, timeout_s: float | None = None) -> T | None:
        """Wait for an item and remove it; None after `timeout_s`, or once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Wake a waiting `take`; from now on it returns None and `put` keeps nothing."""
        with self._changed:
            self._closed, self._item = True, None
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed
