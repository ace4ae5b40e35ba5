"""Reading, network and writing at the same time: what comes next is made while what came before is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
_END: Any = object()


def ahead(items: Iterable[Item], waiting: int = 2) -> Iterator[Item]:
    """The same items in the same order, made in a thread of their own; at most so many wait to be taken.

    What making one raises is raised in its place. The thread ends with the items, or when the iterator is closed.
    """
    source = iter(items)
    with ThreadPoolExecutor(1, "ahead") as thread:
        pending: deque[Future[Item]] = deque(thread.submit(next, source, _END) for _ in range(waiting))
        try:
            while (item := pending.popleft().result()) is not _END:
                pending.append(thread.submit(next, source, _END))
                yield item
        finally:
            for each in pending:
                each.cancel()
