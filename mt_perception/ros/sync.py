# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Left and right images of one instant, brought together: by message_filters, or alike where it is not installed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from rclpy.duration import Duration

from mt_perception.messages.read import stamp_ns
from mt_perception.stereo.pairing import Pairer

SIDES = ("left", "right")
_QUEUE = 5  # images per side that wait for their partner: they are large, and a partner is never late by more
_JUMP_NS = 1_000_000_000
_RECENT = 200


class Pair(NamedTuple):
    """Two image messages of one instant."""

    left: Any
    right: Any


class _Filters:
    """The synchronizers of message_filters behind the interface of `Pairer`."""

    def __init__(self, slop_ns: int, size: int) -> None:
        from message_filters import ApproximateTimeSynchronizer, SimpleFilter, TimeSynchronizer

        self._inputs = [SimpleFilter() for _ in SIDES]
        if slop_ns:
            self._sync = ApproximateTimeSynchronizer(self._inputs, size, slop_ns / 1e9)
            self._sync.slop = Duration(nanoseconds=slop_ns)
        else:
            self._sync = TimeSynchronizer(self._inputs, size)
        self._found: list[tuple[Any, Any]] = []
        # it calls back under its lock, so the callback does no more than this
        self._sync.registerCallback(lambda left, right: self._found.append((left, right)))

    @property
    def waiting(self) -> Sequence[Mapping[int, Any]]:
        return self._sync.queues

    def add(self, stream: int, stamp_ns: int, item: Any) -> tuple[Any, Any] | None:
        self._inputs[stream].signalMessage(item)
        return self._found.pop() if self._found else None


def new_pairer(slop_ns: int, size: int = _QUEUE) -> Any:
    """A pairer of messages: by message_filters where it is installed, else by `Pairer`."""
    try:
        return _Filters(slop_ns, size)
    except ImportError:
        return Pairer(slop_ns, size)


class PairSync:
    """Calls `deliver` with each pair, and counts what becomes of the images. Called from one thread.

    slop_s is asked for every image, so that it may change at any time. Only the images are paired: a camera_info
    says the same for every image, so its newest is enough, and a lost one costs no pair.
    """

    def __init__(
        self,
        deliver: Callable[[Pair], None],
        slop_s: Callable[[], float],
        make_pairer: Callable[[int], Any] = new_pairer,
    ) -> None:
        self._deliver, self._slop_s, self._make_pairer = deliver, slop_s, make_pairer
        self._slop_ns = round(1e9 * slop_s())
        self._pairer = make_pairer(self._slop_ns)
        self._received, self._pairs = [0, 0], 0
        self._arrived_s = [float("-inf")] * 2
        self._newest_ns: int | None = None
        self._skews_ns: deque[int] = deque(maxlen=_RECENT)
        self._gaps_ns: deque[int] = deque(maxlen=10)

    def add(self, side: int, message: Any) -> None:
        """Take in an image of `side` (0 left, 1 right)."""
        now_ns = stamp_ns(message.header)
        self._follow(now_ns)
        self._received[side] += 1
        self._arrived_s[side] = time.monotonic()
        others = list(self._pairer.waiting[1 - side])
        pair = self._pairer.add(side, now_ns, message)
        if pair:
            self._pairs += 1
            self._skews_ns.append(abs(stamp_ns(pair[0].header) - stamp_ns(pair[1].header)))
            self._deliver(Pair(*pair))
        elif others:
            self._gaps_ns.append(min(abs(each - now_ns) for each in others))

    def _follow(self, now_ns: int) -> None:
        """Begin anew when the slop was changed, or when time went back.

        A recording that begins again has older stamps than those that wait; they would be taken for the oldest and
        thrown away, every one.
        """
        slop_ns = round(1e9 * self._slop_s())
        jumped = self._newest_ns is not None and now_ns < self._newest_ns - _JUMP_NS
        if jumped or slop_ns != self._slop_ns:
            self._slop_ns, self._pairer = slop_ns, self._make_pairer(slop_ns)
        self._newest_ns = now_ns if jumped or self._newest_ns is None else max(self._newest_ns, now_ns)

    def waiting_for(self, topics: Sequence[str], timeout_s: float) -> str:
        """In words, what is missing for the next pair: an image on one of `topics` (left, right), or equal stamps."""
        now_s = time.monotonic()
        silent = [topic for topic, at_s in zip(topics, self._arrived_s, strict=True) if now_s - at_s > timeout_s]
        if silent or not self._gaps_ns:
            return " and ".join(silent or topics)
        expected = (
            f"less than sync_slop_s ({self._slop_ns / 1e9:g} s) apart" if self._slop_ns else "equal (sync_slop_s is 0)"
        )
        apart_s = min(self._gaps_ns) / 1e9
        return f"stamps of {topics[0]} and {topics[1]} that are {expected}: they are {apart_s:.3f} s apart"

    def numbers(self) -> dict[str, str]:
        """For the diagnostics: images that found no partner, and how far the stamps of those that did differ."""
        numbers = {
            f"{name}_unmatched": str(received - self._pairs - len(waiting))
            for name, received, waiting in zip(SIDES, self._received, self._pairer.waiting, strict=True)
        }
        if self._skews_ns:
            p50, largest = np.percentile(self._skews_ns, (50, 100)) / 1e6
            numbers |= {"sync_skew_p50_ms": f"{p50:.3f}", "sync_skew_max_ms": f"{largest:.3f}"}
        return numbers
