# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Prefetching iterator and ordered thread-pool map: reading, networks and writing at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_END: Any = object()


def prefetch(items: Iterable[Item], waiting: int = 2) -> Iterator[Item]:
    """The same items in the same order, made in a thread of their own; at most so many wait to be taken.

    What making one raises is raised in its place. The thread ends with the items, or when the iterator is closed.
    """
    source = iter(items)
    with ThreadPoolExecutor(1, "prefetch") as thread:
        pending: deque[Future[Item]] = deque(thread.submit(next, source, _END) for _ in range(waiting))
        try:
            while (item := pending.popleft().result()) is not _END:
                pending.append(thread.submit(next, source, _END))
                yield item
        finally:
            for each in pending:
                each.cancel()


def ordered_map(items: Iterable[Item], workers: Sequence[Callable[[Item], Result]]) -> Iterator[Result]:
    """What the `workers` make of the items, in the order of the items; each worker has one at a time.

    At most two for each worker are being made or wait to be taken. An error comes in its place.
    """
    idle: SimpleQueue[Callable[[Item], Result]] = SimpleQueue()
    for each in workers:
        idle.put(each)

    def work(item: Item) -> Result:
        worker = idle.get()
        try:
            return worker(item)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(len(workers), "ordered_map") as threads:
        pending: deque[Future[Result]] = deque()
        try:
            for item in items:
                pending.append(threads.submit(work, item))
                if len(pending) == 2 * len(workers):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
