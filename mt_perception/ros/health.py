"""What the node knows of its own state, counted as it happens and reported once a second."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.impl.rcutils_logger import RcutilsLogger

_WINDOW = 200  # frames over which rates and percentiles are taken
_CAUSES = 50
_STALE_S = 5.0  # older than this, a problem of the past no longer sets the level


@dataclass
class _Skipped:
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
        self._warnings: dict[str, str] = {}
        self._errors: set[str] = set()
        self._skipped: dict[str, _Skipped] = {}
        self._counts: Counter[str] = Counter()
        self._stages: dict[str, deque[float]] = {}
        self._input, self._output = Rate(), Rate()
        self._active_since = time.monotonic()

    def describe(self, **facts: str) -> None:
        """Tell what is fixed from now on: backend, model, ..."""
        with self._lock:
            self._facts |= facts

    def warn(self, name: str, text: str, is_error: bool = False) -> None:
        """Begin a lasting condition, which is logged when it is new; an empty `text` ends it.

        It sets the level WARN, or with `is_error` ERROR.
        """
        with self._lock:
            (self._errors.add if is_error and text else self._errors.discard)(name)
            is_new = bool(text) and self._warnings.get(name) != text
            self._warnings.pop(name, None)
            if text:
                self._warnings[name] = text
        if is_new:
            self._logger.warning(text)

    def activated(self) -> None:
        """From here on a picture is expected."""
        self._active_since = time.monotonic()

    def received(self, displaced: bool) -> None:
        """A picture came in; `displaced` when the one before it had not been taken yet."""
        with self._lock:
            self._input.tick()
            self._counts["frames_in"] += 1
            self._counts["frames_dropped"] += displaced

    def finished(self, timings_ms: Mapping[str, float]) -> None:
        """A frame was published, with the milliseconds of each stage."""
        with self._lock:
            self._output.tick()
            self._counts["frames_out"] += 1
            for stage, milliseconds in timings_ms.items():
                self._stages.setdefault(stage, deque(maxlen=_WINDOW)).append(milliseconds)

    def skipped(self, cause: str) -> None:
        """A frame did not come out because of `cause`, which is logged the first time."""
        with self._lock:
            is_new = cause not in self._skipped
            if is_new and len(self._skipped) >= _CAUSES:  # one that holds a changing number must not fill the memory
                cause, is_new = "other causes", False
            entry = self._skipped.setdefault(cause, _Skipped())
            entry.count, entry.last_s = entry.count + 1, time.monotonic()
            self._counts["frames_invalid"] += 1
        if is_new:
            self._logger.warning(f"{cause} (logged once)")

    def status(self, name: str, active: bool, input_timeout_s: float, waiting_for: str) -> DiagnosticStatus:
        """The state in words and numbers; the level is that of the worst thing found."""
        with self._lock:
            level, message = self._judge(active, input_timeout_s, waiting_for)
            values = {**self._facts, **self._numbers(), **self._warning_values()}
            return DiagnosticStatus(
                level=level,
                name=name,
                message=message,
                hardware_id=self._facts.get("device", ""),
                values=[KeyValue(key=key, value=value) for key, value in values.items()],
            )

    def _judge(self, active: bool, input_timeout_s: float, waiting_for: str) -> tuple[bytes, str]:
        if not active:
            return DiagnosticStatus.OK, "not active"
        silence_s = min(self._input.age_s, time.monotonic() - self._active_since)
        if silence_s > input_timeout_s:
            return DiagnosticStatus.ERROR, f"no picture for {silence_s:.0f} s: waiting for {waiting_for}"
        if self._errors:
            return DiagnosticStatus.ERROR, "; ".join(self._warnings[name] for name in sorted(self._errors))
        recent = [cause for cause, each in self._skipped.items() if time.monotonic() - each.last_s < _STALE_S]
        if recent:
            return DiagnosticStatus.WARN, recent[-1]
        if self._warnings:
            return DiagnosticStatus.WARN, "; ".join(self._warnings.values())
        if not self._counts["frames_in"]:
            return DiagnosticStatus.OK, f"waiting for {waiting_for}"
        return DiagnosticStatus.OK, f"{self._output.hz:.1f} frames per second"

    def _numbers(self) -> dict[str, str]:
        names = ("frames_in", "frames_out", "frames_dropped", "frames_invalid")
        numbers = {name: str(self._counts[name]) for name in names}
        numbers |= {"input_fps": f"{self._input.hz:.1f}", "output_fps": f"{self._output.hz:.1f}"}
        for stage, samples in self._stages.items():
            p50, p99 = np.percentile(samples, (50, 99))
            numbers |= {f"{stage}_p50_ms": f"{p50:.2f}", f"{stage}_p99_ms": f"{p99:.2f}"}
        return numbers | {"memory_mb": f"{resident_mb():.0f}"}

    def _warning_values(self) -> dict[str, str]:
        skipped = {f"skipped: {cause}": str(each.count) for cause, each in self._skipped.items()}
        return {f"warning: {name}": text for name, text in self._warnings.items()} | skipped


def resident_mb() -> float:
    """Resident memory of this process in megabytes (Linux)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[1])
    return pages * 4096 / 1e6


def array_of(status: DiagnosticStatus, stamp: object) -> DiagnosticArray:
    """The message for `/diagnostics`."""
    message = DiagnosticArray(status=[status])
    message.header.stamp = stamp
    return message
