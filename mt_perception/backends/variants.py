# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A graph for each set of outputs that is in use, the next one made while those before it serve."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

_LOG = logging.getLogger(__name__)
KEPT = 2  # the set of outputs in use, and the one before
Names = tuple[str, ...]
Made = TypeVar("Made")


class Variants(Generic[Made]):
    """Makes what serves a set of outputs, and keeps the last two and the one with the most outputs.

    With `background`, a set that one of those covers is served by that one for as long as its own takes to make, in a
    thread of its own. Otherwise it is waited for.
    """

    def __init__(self, make: Callable[[Names], Made], background: bool = False) -> None:
        self._make = make
        self._lock = Lock()
        self._made: OrderedDict[Names, tuple[Names, Made]] = OrderedDict()
        # at its end, Python waits for this thread: one that still compiles would abort the process (`ros.process`)
        self._thread = ThreadPoolExecutor(1, "variants") if background else None
        self._pending: tuple[Names, Future[Made]] | None = None

    def get(self, outputs: Collection[str]) -> tuple[Names, Made]:
        """What serves `outputs`, and the outputs that it has: these, or more."""
        with self._lock:
            return self._get(tuple(sorted(outputs)))

    def _get(self, requested: Names) -> tuple[Names, Made]:
        self._take_finished()
        serving = requested if requested in self._made else self._covering(requested)
        if serving is None:
            self._keep(requested, (requested, self._make(requested)))
            serving = requested
        elif serving != requested and self._thread and self._pending is None:
            self._pending = requested, self._thread.submit(self._make, requested)
        self._made.move_to_end(serving)
        return self._made[serving]

    def _covering(self, requested: Names) -> Names | None:
        """The smallest set that there is with all of `requested`."""
        covering = [names for names in self._made if set(requested) <= set(names)] if self._thread else []
        return min(covering, key=len, default=None)

    def _take_finished(self) -> None:
        if self._pending is None or not self._pending[1].done():
            return
        (requested, future), self._pending = self._pending, None
        if not (error := future.exception()):
            self._keep(requested, (requested, future.result()))
        elif covering := self._covering(requested):  # it served meanwhile, and goes on
            _LOG.warning(f"the graph for {', '.join(requested)} alone cannot be made ({error}); a larger one serves")
            self._keep(requested, self._made[covering])

    def _keep(self, requested: Names, made: tuple[Names, Made]) -> None:
        self._made[requested] = made
        largest = max(self._made, key=len)
        for old in [names for names in self._made if names != largest][:-KEPT]:
            del self._made[old]
