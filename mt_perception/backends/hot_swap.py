# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A backend that serves at once while a better one is made ready, and is then replaced by it."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mt_perception.backends import Backend, BackendError
from mt_perception.types import Camera

_LOG = logging.getLogger(__name__)
Prepare = Callable[[Callable[[str], None], threading.Event], Backend]
_COMMAND = "import sys; from mt_perception.commands.main import main; sys.exit(main(sys.argv[1:]))"


@dataclass
class _State:
    """What the serving thread and the preparing one share. Each field is replaced as a whole."""

    backend: Backend
    progress: str = ""
    fallback: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)

    def report(self, text: str) -> None:
        self.progress = text


class HotSwapBackend:
    """Serves with `first` until `prepare` has returned another backend, then with that, from one image to the next.

    `prepare` is given a function to report its progress, and an event that is set when this object is gone and nobody
    needs its result. When it raises, `first` goes on serving, and `fallback` says why. It runs here and now, or with
    `background` in a thread of its own.
    """

    def __init__(self, first: Backend, prepare: Prepare, background: bool = False) -> None:
        self._state = state = _State(first)
        if not background:
            _swap(state, prepare)
            if state.fallback:
                _LOG.warning(state.fallback)
            return
        # the thread holds the state, not this object, which can so be freed while the thread still works
        thread = threading.Thread(target=_swap, args=(state, prepare), name="hot_swap", daemon=True)
        thread.start()
        weakref.finalize(self, _cancel, state.cancelled, thread)

    @property
    def name(self) -> str:
        return self._state.backend.name

    @property
    def precision(self) -> str:
        return self._state.backend.precision

    @property
    def device(self) -> str:
        return self._state.backend.device

    @property
    def progress(self) -> str:
        return self._state.progress

    @property
    def fallback(self) -> str:
        return self._state.fallback

    def infer(
        self, image: NDArray[np.uint8], depth_scale: float, outputs: Collection[str], camera: Camera | None = None
    ) -> dict[str, NDArray[np.generic]]:
        """See `Backend.infer`."""
        return self._state.backend.infer(image, depth_scale, outputs, camera)


def _cancel(cancelled: threading.Event, thread: threading.Thread) -> None:
    cancelled.set()
    thread.join(2.0)  # at the end of this process, the thread would otherwise not come to end its own process


def _swap(state: _State, prepare: Prepare) -> None:
    first = state.backend
    try:
        state.backend = prepare(state.report, state.cancelled)
    except Exception as error:  # whatever a builder or a library raises: a slower backend is better than none
        reason = str(error) if isinstance(error, BackendError) else f"{type(error).__name__}: {error}"
        state.fallback = f"backend fallback: {first.name} {first.precision} serves instead, because {reason}"
    state.progress = ""


@contextmanager
def report_progress(text: str, report: Callable[[str], None] = _LOG.info, every_s: float = 5.0) -> Iterator[None]:
    """Report `text` with the seconds passed, at once and then again and again until the body has ended."""
    ended = threading.Event()
    started = time.monotonic()

    def repeat() -> None:
        while not ended.wait(every_s):
            report(f"{text} for {time.monotonic() - started:.0f} s")

    report(text)
    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run_command(arguments: Sequence[str], cancelled: threading.Event) -> None:
    """Run `mt-perception` with `arguments` as a process of its own, and wait for it.

    A process of its own, because what it needs of memory, and of Python's only lock, must not hold up the images;
    and because a builder that crashes must not take the node with it. Raises `BackendError` with its last words when
    it fails; ends it when `cancelled` is set.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as words:
        process = subprocess.Popen([sys.executable, "-c", _COMMAND, *arguments], stdout=words, stderr=words)
        try:
            while process.poll() is None:
                if cancelled.wait(0.1):
                    raise BackendError("it is no longer needed")
        finally:
            process.terminate()
            process.wait()
        if process.returncode:
            words.seek(0)
            said = [line.strip() for line in words if line.strip()] or ["it said nothing"]
            raise BackendError(f"mt-perception {' '.join(arguments)} ended with {process.returncode}: {said[-1]}")
