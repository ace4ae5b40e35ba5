"""The thread in which everything slow happens: loading, warm-up, inference, publishing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from mt_perception.utils.latest import LatestQueue

Item = TypeVar("Item")
Tool = TypeVar("Tool")


class Worker(Generic[Tool, Item]):
    """Loads a tool, then applies it to the newest item in its queue, one at a time.

    Where `work` returns False, the item was of no use: then it gets the one displaced by it, if that is among the last
    `spare`, which is told to `on_return`. An item that raises is dropped and reported to `on_error`, and the tool with
    it: what has raised once may be broken for good. The next item gets a freshly loaded one, so that there is one
    restart per item at most.
    """

    def __init__(
        self,
        load: Callable[[], Tool],
        work: Callable[[Tool, Item], bool | None],
        on_error: Callable[[Exception], None],
        on_return: Callable[[], None] = lambda: None,
        spare: int = 0,
    ) -> None:
        self._load, self._work, self._on_error, self._on_return = load, work, on_error, on_return
        self._queue: LatestQueue[Item] = LatestQueue(spare)
        self._loaded = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="perception", daemon=True)

    def start(self) -> None:
        """Start the thread and wait until the tool is loaded; raises what loading raised."""
        self._thread.start()
        self._loaded.wait()
        if self._failure:
            raise self._failure

    def put(self, item: Item) -> bool:
        """Hand over an item without waiting. Returns True when it displaced one that was not taken yet."""
        return self._queue.put(item)

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the thread after the item in hand and free the tool."""
        self._queue.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        tool: Tool | None = None
        try:
            tool = self._load()
        except Exception as error:
            self._failure = error
            return
        finally:
            self._loaded.set()
        while not self._queue.closed:
            for number, item in enumerate(self._queue.take()):
                if number:
                    self._on_return()
                try:
                    if tool is None:
                        tool = self._load()
                    if self._work(tool, item) is not False:
                        break
                except Exception as error:
                    tool = None
                    self._on_error(error)
                    break
