# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the node knows of one of its cameras, counted as it happens and reported once a second, task by task."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.impl.rcutils_logger import RcutilsLogger

from mt_perception.ros.diagnostic_task import DiagnosticTask, Finding

_WINDOW = 200  # frames over which rates and percentiles are taken

AGE = "age"
"""The stage from an image's stamp to the publication of its results."""


class Rate:
    """Events per second over the last few seconds."""

    def __init__(self, window_s: float = 5.0) -> None:
        self._times: deque[float] = deque(maxlen=_WINDOW)
        self._window_s = window_s

    def tick(self) -> None:
        """One event, now."""
        self._times.append(time.monotonic())

    @property
    def hz(self) -> float:
        """0 when fewer than two events lie in the window."""
        recent = [t for t in self._times if t > time.monotonic() - self._window_s]
        return (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 1 else 0.0

    @property
    def age_s(self) -> float:
        """Seconds since the last event; infinite before the first."""
        return time.monotonic() - self._times[-1] if self._times else float("inf")


class Health:
    """Counters and timings of one camera. Called from several threads."""

    def __init__(self, logger: RcutilsLogger) -> None:
        self.input = DiagnosticTask("input", logger)
        """What comes: images, their camera_info, and those who publish them."""
        self.results = DiagnosticTask("results", logger)
        """What is made of them, and those who take it."""
        self.stereo = DiagnosticTask("stereo", logger)
        """How left and right go together."""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._stages: dict[str, deque[float]] = {}
        self._input, self._output, self._dropped, self._late = Rate(), Rate(), Rate(), Rate()
        self._active_since = time.monotonic()

    def activated(self) -> None:
        """From here on an image is expected."""
        self._active_since = time.monotonic()

    def received(self, displaced: bool) -> None:
        """An image came in; `displaced` when the one before it had not been taken yet."""
        with self._lock:
            self._input.tick()
            self._counts["frames_in"] += 1
            if displaced:
                self._dropped.tick()
                self._counts["frames_dropped"] += 1

    def returned(self) -> None:
        """A displaced image is used after all, since the newer one was of no use."""
        with self._lock:
            self._counts["frames_dropped"] -= 1

    def finished(self, timings_ms: Mapping[str, float], late: bool = False) -> None:
        """A frame was published, with the milliseconds of each stage."""
        with self._lock:
            self._output.tick()
            self._counts["frames_out"] += 1
            if late:
                self._late.tick()
                self._counts["frames_late"] += 1
            for stage, milliseconds in timings_ms.items():
                self._stages.setdefault(stage, deque(maxlen=_WINDOW)).append(milliseconds)

    def skipped(self, cause: str) -> None:
        """An image could not be used because of `cause`, which is logged the first time."""
        with self._lock:
            self._counts["frames_invalid"] += 1
        self.input.happened(cause)

    def restarted(self, cause: str) -> None:
        """The worker raised: its frame is lost, and it starts anew. Logged the first time of each cause."""
        with self._lock:
            self._counts["worker_restarts"] += 1
        self.results.happened(cause, is_error=True)

    def statuses(
        self,
        owner: str,
        active: bool,
        input_timeout_s: float,
        waiting_for: str,
        hardware: str = "",
        pairs: bool = False,
    ) -> list[DiagnosticStatus]:
        """What comes and what is made of it, and with `pairs` how left and right go together.

        owner: see `DiagnosticTask.status`. waiting_for: what has to come for the next results, in words.
        """
        with self._lock:
            silence_s = min(self._input.age_s, time.monotonic() - self._active_since)
            is_silent = silence_s > input_timeout_s
            missing = f"no image for {silence_s:.0f} s: waiting for {waiting_for}" if is_silent else ""
            comes, made = self._input_findings(missing), self._result_findings(missing)
            counts = self._numbers(("frames_in", "frames_dropped", "frames_invalid"), "input_fps", self._input)
            done = self._numbers(("frames_out", "frames_late", "worker_restarts"), "output_fps", self._output)
            done |= self._percentiles()
            rates = f"{self._input.hz:.1f} images per second", f"{self._output.hz:.1f} frames per second"
            is_begun = self._counts["frames_in"] > 0
        idle = f"waiting for {waiting_for}" if active else "not active"
        came, went = rates if active and is_begun else (idle, idle)
        statuses = [
            self.input.status(owner, came, comes, counts, hardware, active),
            self.results.status(owner, went, made, done, hardware, active),
        ]
        if pairs:
            scale = self.stereo.fact("scale") if active else ""
            matched = f"the scale of depth is {scale}" if scale else came
            statuses.append(self.stereo.status(owner, matched, hardware=hardware, active=active))
        return statuses

    def _input_findings(self, missing: str) -> list[Finding]:
        findings = [(DiagnosticStatus.ERROR, missing)] if missing else []
        if self._dropped.hz:
            rates = f"{self._dropped.hz:.1f} of {self._input.hz:.1f} images per second"
            findings.append((DiagnosticStatus.WARN, f"dropping {rates}: a newer one came before they were taken"))
        return findings

    def _result_findings(self, missing: str) -> list[Finding]:
        """Without images the last results are old: whose fault that is, the input tells."""
        findings = [(DiagnosticStatus.STALE, "there is no image to make them of")] if missing else []
        if self._late.hz:
            age_ms = np.median(self._stages[AGE])
            findings.append((DiagnosticStatus.WARN, f"late: results come {age_ms:.0f} ms after their images' stamps"))
        return findings

    def _numbers(self, names: tuple[str, ...], rate_name: str, rate: Rate) -> dict[str, str]:
        return {name: str(self._counts[name]) for name in names} | {rate_name: f"{rate.hz:.1f}"}

    def _percentiles(self) -> dict[str, str]:
        numbers: dict[str, str] = {}
        for stage, samples in self._stages.items():
            p50, p99 = np.percentile(samples, (50, 99))
            numbers |= {f"{stage}_p50_ms": f"{p50:.2f}", f"{stage}_p99_ms": f"{p99:.2f}"}
        return numbers


def array_of(statuses: list[DiagnosticStatus], stamp: object) -> DiagnosticArray:
    """The message for `/diagnostics`."""
    message = DiagnosticArray(status=statuses)
    message.header.stamp = stamp
    return message
