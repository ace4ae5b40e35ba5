# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The threads in which everything slow happens: loading, warm-up, inference, publishing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from mt_perception.utils.latest import LatestQueue

Item = TypeVar("Item")
Tool = TypeVar("Tool")


class Worker(Generic[Tool, Item]):
    """Loads a tool, then applies it to the newest item of each source in turn.

    Where `work` returns False, the item was of no use: then it gets the one displaced by it, if that is among the last
    `spare`, which is told to `on_return`. An item that raises is dropped and reported to `on_error`, and the tool with
    it: what has raised once may be broken for good. The next item gets a freshly loaded one, so that there is one
    restart per item at most.

    It has as many threads as `share` makes tools of the loaded one: one without. Items of one source are never worked
    on at the same time.
    """

    def __init__(
        self,
        load: Callable[[], Tool],
        work: Callable[[Tool, Item], bool | None],
        on_error: Callable[[Item, Exception], None],
        on_return: Callable[[Item], None] = lambda item: None,
        spare: int = 0,
        share: Callable[[Tool], list[Tool]] = lambda tool: [],
    ) -> None:
        self._load, self._work, self._on_error, self._on_return = load, work, on_error, on_return
        self._share = share
        self._queue: LatestQueue[Item] = LatestQueue(spare)
        self._loaded = threading.Event()
        self._failure: Exception | None = None
        self._threads = [threading.Thread(target=self._run, name="perception", daemon=True)]

    def start(self) -> None:
        """Start the threads and wait until the tool is loaded; raises what loading raised."""
        self._threads[0].start()
        self._loaded.wait()
        if self._failure:
            raise self._failure

    def put(self, item: Item, source: Hashable = None) -> bool:
        """Hand over an item without waiting. Returns True when it displaced one that was not taken yet."""
        return self._queue.put(item, source)

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the threads after the items in hand and free the tools."""
        self._queue.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout_s)

    def _run(self) -> None:
        try:
            tool = self._load()
            others = self._share(tool)
        except Exception as error:
            self._failure = error
            return
        else:
            for number, other in enumerate(others, 2):
                thread = threading.Thread(target=self._serve, args=[[other]], name=f"perception {number}", daemon=True)
                self._threads.append(thread)
                thread.start()
            del others
        finally:
            self._loaded.set()
        holder = [tool]
        del tool
        self._serve(holder)

    def _serve(self, holder: list[Tool]) -> None:
        """Work with the one tool in `holder`, which nothing else refers to: it is freed when it is dropped."""
        while not self._queue.closed:
            for number, item in enumerate(self._queue.take()):
                if number:
                    self._on_return(item)
                try:
                    if not holder:
                        holder.append(self._load())
                    if self._work(holder[0], item) is not False:
                        break
                except Exception as error:
                    holder.clear()
                    self._on_error(item, error)
                    break
