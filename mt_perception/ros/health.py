# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the node knows of its own state, counted as it happens and reported once a second."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.impl.rcutils_logger import RcutilsLogger

from mt_perception.utils.hardware import resident_mb

_WINDOW = 200  # frames over which rates and percentiles are taken
_CAUSES = 50
_LENGTH = 300  # characters: what is not our own in a text (an encoding, a format) may be of any length
_STALE_S = 5.0  # older than this, a problem of the past no longer sets the level
_FORGOTTEN_S = 300.0  # older than this, it is no longer listed
_OFTEN, _OFTEN_S = 10, 60.0  # a condition is logged at most so many times in so many seconds
_NUMBER = re.compile(r"\d+(\.\d+)?")

AGE = "age"
"""The stage from an image's stamp to the publication of its results."""

Finding = tuple[bytes, str]
"""A level of `DiagnosticStatus` and its reason."""


@dataclass
class _Skipped:
    level: bytes
    count: int = 0
    last_s: float = field(default_factory=time.monotonic)


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
    """Counters and timings of a running node. Called from several threads."""

    def __init__(self, logger: RcutilsLogger) -> None:
        self._lock = threading.Lock()
        self._logger = logger
        self._facts: dict[str, str] = {}
        self._conditions: dict[str, Finding] = {}
        self._told_s: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_OFTEN))
        self._skipped: dict[str, _Skipped] = {}
        self._counts: Counter[str] = Counter()
        self._stages: dict[str, deque[float]] = {}
        self._input, self._output, self._dropped, self._late = Rate(), Rate(), Rate(), Rate()
        self._active_since = time.monotonic()

    def describe(self, tell: str = "", **facts: str) -> None:
        """Tell what is fixed from now on: backend, model, ... `tell`: a sentence to log where one of it is new."""
        with self._lock:
            is_new = not facts.items() <= self._facts.items()
            self._facts |= facts
        if tell and is_new:
            self._logger.info(tell)

    def warn(self, name: str, text: str, is_error: bool = False) -> None:
        """Begin a lasting condition, which is logged when it is new; an empty `text` ends it.

        It sets the level WARN, or with `is_error` ERROR. Other numbers in the text do not make it new: they may
        come with every image. One that comes and goes is logged some times a minute.
        """
        text = _cut(text)
        condition = DiagnosticStatus.ERROR if is_error else DiagnosticStatus.WARN, text
        with self._lock:
            is_new = bool(text) and self._is_new(name, *condition)
            self._conditions.pop(name, None)
            if text:
                self._conditions[name] = condition
        if is_new and is_error:  # two calls: rclpy lets one line of code log at one severity only
            self._logger.error(text)
        elif is_new:
            self._logger.warning(text)

    def _is_new(self, name: str, level: bytes, text: str) -> bool:
        last_level, last = self._conditions.get(name, (b"", ""))
        told_s, now_s = self._told_s[name], time.monotonic()
        is_told_often = len(told_s) == told_s.maxlen and now_s - told_s[0] < _OFTEN_S
        lasts = level == last_level and _NUMBER.sub("#", text) == _NUMBER.sub("#", last)
        if lasts or is_told_often:
            return False
        told_s.append(now_s)
        return True

    def warn_each(self, kind: str, texts: Mapping[str, str]) -> None:
        """Conditions of one kind, by name: those that are not named any more end."""
        with self._lock:
            ended = [name for name in self._conditions if name.startswith(f"{kind} ")]
        for name in ended:
            if name.removeprefix(f"{kind} ") not in texts:
                self.warn(name, "")
        for name, text in texts.items():
            self.warn(f"{kind} {name}", text)

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
        cause = _cut(cause)
        with self._lock:
            self._counts["frames_invalid"] += 1
            is_new = self._count(cause, DiagnosticStatus.WARN)
        if is_new:
            self._logger.warning(f"{cause} (logged once)")

    def restarted(self, cause: str) -> None:
        """The worker raised: its frame is lost, and it starts anew. Logged the first time of each cause."""
        cause = _cut(cause)
        with self._lock:
            self._counts["worker_restarts"] += 1
            is_new = self._count(cause, DiagnosticStatus.ERROR)
        if is_new:
            self._logger.error(f"{cause} (logged once)")

    def _count(self, cause: str, level: bytes) -> bool:
        self._forget()
        is_new = cause not in self._skipped
        if is_new and len(self._skipped) >= _CAUSES:  # one that holds a changing number must not fill the memory
            cause, is_new = "other causes", False
        entry = self._skipped.setdefault(cause, _Skipped(level))
        entry.count, entry.last_s = entry.count + 1, time.monotonic()
        return is_new

    def _forget(self) -> None:
        oldest_s = time.monotonic() - _FORGOTTEN_S
        self._skipped = {cause: each for cause, each in self._skipped.items() if each.last_s > oldest_s}

    def status(self, name: str, active: bool, input_timeout_s: float, waiting_for: str) -> DiagnosticStatus:
        """The state in words and numbers: all findings, the worst first, and its level."""
        with self._lock:
            self._forget()
            findings = self._active_findings(input_timeout_s, waiting_for) if active else [_finding_ok("not active")]
            values = {**self._facts, **self._numbers(), **self._condition_values()}
            return DiagnosticStatus(
                level=max(level for level, _ in findings),
                name=name,
                message="; ".join(text for _, text in sorted(findings, key=lambda each: each[0], reverse=True)),
                hardware_id=self._facts.get("device", ""),
                values=[KeyValue(key=key, value=value) for key, value in values.items()],
            )

    def _active_findings(self, input_timeout_s: float, waiting_for: str) -> list[Finding]:
        now_s = time.monotonic()
        findings: list[Finding] = []
        silence_s = min(self._input.age_s, now_s - self._active_since)
        if silence_s > input_timeout_s:
            findings.append((DiagnosticStatus.ERROR, f"no image for {silence_s:.0f} s: waiting for {waiting_for}"))
        recent = {each.level: cause for cause, each in self._skipped.items() if now_s - each.last_s < _STALE_S}
        findings += recent.items()
        if self._dropped.hz:
            rates = f"{self._dropped.hz:.1f} of {self._input.hz:.1f} images per second"
            findings.append((DiagnosticStatus.WARN, f"dropping {rates}: a newer one came before they were taken"))
        if self._late.hz:
            age_ms = np.median(self._stages[AGE])
            findings.append((DiagnosticStatus.WARN, f"late: results come {age_ms:.0f} ms after their images' stamps"))
        findings += self._conditions.values()
        rate = f"{self._output.hz:.1f} frames per second"
        return findings or [_finding_ok(rate if self._counts["frames_in"] else f"waiting for {waiting_for}")]

    def _numbers(self) -> dict[str, str]:
        names = ("frames_in", "frames_out", "frames_dropped", "frames_invalid", "frames_late", "worker_restarts")
        numbers = {name: str(self._counts[name]) for name in names}
        numbers |= {"input_fps": f"{self._input.hz:.1f}", "output_fps": f"{self._output.hz:.1f}"}
        for stage, samples in self._stages.items():
            p50, p99 = np.percentile(samples, (50, 99))
            numbers |= {f"{stage}_p50_ms": f"{p50:.2f}", f"{stage}_p99_ms": f"{p99:.2f}"}
        return numbers | {"memory_mb": f"{resident_mb():.0f}"}

    def _condition_values(self) -> dict[str, str]:
        words = {DiagnosticStatus.WARN: "warning", DiagnosticStatus.ERROR: "error"}
        conditions = {f"{words[level]}: {name}": text for name, (level, text) in self._conditions.items()}
        return conditions | {f"skipped: {cause}": str(each.count) for cause, each in self._skipped.items()}


def _cut(text: str) -> str:
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 3]}..."


def _finding_ok(text: str) -> Finding:
    return DiagnosticStatus.OK, text


def array_of(statuses: list[DiagnosticStatus], stamp: object) -> DiagnosticArray:
    """The message for `/diagnostics`."""
    message = DiagnosticArray(status=statuses)
    message.header.stamp = stamp
    return message
