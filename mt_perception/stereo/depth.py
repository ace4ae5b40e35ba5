# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The network's depth, corrected by that of a pair, which is matched in a thread of its own."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from mt_perception.scale.estimate import Scale, apply_scale, update_scale
from mt_perception.settings import Settings
from mt_perception.stereo.fusion import fuse
from mt_perception.stereo.matching import Match, match
from mt_perception.stereo.scale import estimate_scale
from mt_perception.types import DepthMap, StereoPair

Matching = Future[Match | None]
"""A pair that is being matched; None when it cannot be."""

_NICER_BY = 5


class StereoDepth:
    """Metric depth by the settings `depth_mode`, `stereo_rate_hz` and `stereo_width`, which may change at any time.

    For each frame call `begin`, run the network meanwhile, then call `correct`; both from one thread. `scaled` never
    waits: it matches at most `stereo_rate_hz` pairs per second and applies the newest scale there is. `fused` needs
    the depth of each pair, so it matches all of them and waits for what the network has not covered.

    on_match is called with each pair and what was found, on_problem with the reason why a pair cannot be matched and
    with an empty text when the next one can; both in the matching thread.
    """

    def __init__(self, on_match: Callable[[StereoPair, Match], None], on_problem: Callable[[str], None]) -> None:
        self._on_match, self._on_problem = on_match, on_problem
        self._thread = ThreadPoolExecutor(1, "stereo", initializer=_stand_back)
        self._last: Future[Match | None] | None = None
        self._due_s = 0.0
        self.scale: Scale | None = None
        """The newest scale; None before the first pair. Replaced as a whole, in the matching thread."""

    def begin(self, make_pair: Callable[[], StereoPair], settings: Settings) -> Matching | None:
        """Start to match what `make_pair` makes (in the matching thread); None when it is not this pair's turn."""
        now_s = time.monotonic()
        busy = self._last is not None and not self._last.done()
        if busy or (settings.depth_mode != "fused" and now_s < self._due_s):
            return None
        self._due_s = now_s + 1 / settings.stereo_rate_hz
        self._last = matching = self._thread.submit(self._match, make_pair, settings.stereo_width)
        return matching

    def correct(self, depth_m: DepthMap, stamp_ns: int, matching: Matching | None, settings: Settings) -> DepthMap:
        """The network's depth (H, W) of the left image -> the same, corrected as `depth_mode` says.

        It stays as it is while nothing is known of the scale. The array passed in is not changed.
        """
        if not settings.scales_by_pair:
            return depth_m
        found = None
        if matching:
            self._last = comparison = self._thread.submit(self._compare, matching, depth_m, stamp_ns)
            found = comparison.result() if settings.depth_mode == "fused" else None
        return correct_depth(depth_m, self.scale, found)

    def close(self) -> None:
        """End the thread after the pair in hand."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _match(self, make_pair: Callable[[], StereoPair], width_px: int) -> Match | None:
        try:
            pair = make_pair()
            found = match(pair, width_px)
            self._on_match(pair, found)
        except Exception as error:  # a pair that cannot be matched costs its correction, never the frame
            self._on_problem(str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}")
            return None
        self._on_problem("")
        return found

    def _compare(self, matching: Matching, depth_m: DepthMap, stamp_ns: int) -> Match | None:
        found = matching.result()  # ready: this thread does one thing after the other
        self.scale = update_scale(self.scale, estimate_scale(depth_m, found) if found else None, stamp_ns)
        return found


def correct_depth(depth_m: DepthMap, scale: Scale | None, found: Match | None) -> DepthMap:
    """The network's depth (H, W) in the right scale, as far as that is known, with what a pair `found` worked in."""
    scaled_m = apply_scale(depth_m, scale)
    return fuse(scaled_m, found) if found and found.usable else scaled_m


def _stand_back() -> None:
    """Let the network's threads go first. Linux has a priority per thread; elsewhere it is one per process."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICER_BY)
