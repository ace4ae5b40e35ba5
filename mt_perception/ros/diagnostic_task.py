# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One line of the diagnostics, a task as diagnostic_updater calls it: facts, conditions, mishaps, and a level."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.impl.rcutils_logger import RcutilsLogger

_CAUSES = 50
_LENGTH = 300  # characters: what is not our own in a text (an encoding, a format) may be of any length
_STALE_S = 5.0  # older than this, a problem of the past no longer sets the level
_FORGOTTEN_S = 300.0  # older than this, it is no longer listed
_OFTEN, _OFTEN_S = 10, 60.0  # a condition is logged at most so many times in so many seconds
_NUMBER = re.compile(r"\d+(\.\d+)?")
_NO_HARDWARE = "none"  # as diagnostic_updater wants it said

Finding = tuple[bytes, str]
"""A level of `DiagnosticStatus` and its reason."""


@dataclass
class _Cause:
    level: bytes
    count: int = 0
    last_s: float = field(default_factory=time.monotonic)


class DiagnosticTask:
    """What is known of one part of the node. Called from several threads."""

    def __init__(self, name: str, logger: RcutilsLogger) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._logger = logger
        self._facts: dict[str, str] = {}
        self._conditions: dict[str, Finding] = {}
        self._told_s: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_OFTEN))
        self._causes: dict[str, _Cause] = {}

    def describe(self, tell: str = "", **facts: str) -> None:
        """Tell what is fixed from now on: backend, model, ... `tell`: a sentence to log where one of it is new."""
        with self._lock:
            is_new = not facts.items() <= self._facts.items()
            self._facts |= facts
        if tell and is_new:
            self._logger.info(tell)

    def fact(self, name: str) -> str:
        """What was told by this name; empty for nothing."""
        return self._facts.get(name, "")

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
        if is_new:
            self._log(text, is_error)

    def _log(self, text: str, is_error: bool) -> None:
        if is_error:  # two calls: rclpy lets one line of code log at one severity only
            self._logger.error(text)
        else:
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

    def happened(self, cause: str, is_error: bool = False) -> None:
        """Something went wrong once, because of `cause`, which is counted, and logged the first time."""
        cause = _cut(cause)
        with self._lock:
            is_new = self._count(cause, DiagnosticStatus.ERROR if is_error else DiagnosticStatus.WARN)
        if is_new:
            self._log(f"{cause} (logged once)", is_error)

    def _count(self, cause: str, level: bytes) -> bool:
        self._forget()
        is_new = cause not in self._causes
        if is_new and len(self._causes) >= _CAUSES:  # one that holds a changing number must not fill the memory
            cause, is_new = "other causes", False
        entry = self._causes.setdefault(cause, _Cause(level))
        entry.count, entry.last_s = entry.count + 1, time.monotonic()
        return is_new

    def _forget(self) -> None:
        oldest_s = time.monotonic() - _FORGOTTEN_S
        self._causes = {cause: each for cause, each in self._causes.items() if each.last_s > oldest_s}

    def status(
        self,
        owner: str,
        fine: str,
        findings: Sequence[Finding] = (),
        numbers: Mapping[str, str] | None = None,
        hardware: str = "",
        active: bool = True,
    ) -> DiagnosticStatus:
        """The state in words and numbers: all findings, the worst first, and its level; with none, `fine`.

        owner: the node's name and of several cameras this one's. findings: what else is found, before what is known
        here; none of it counts unless the task is `active`.
        """
        with self._lock:
            self._forget()
            found = [*findings, *self._findings()] if active else []
            found.sort(key=lambda each: each[0], reverse=True)
            values = {**self._facts, **(numbers or {}), **self._condition_values()}
            return DiagnosticStatus(
                level=found[0][0] if found else DiagnosticStatus.OK,
                name=f"{owner}{self.name}",
                message="; ".join(text for _, text in found) or fine,
                hardware_id=hardware or _NO_HARDWARE,
                values=[KeyValue(key=key, value=value) for key, value in values.items()],
            )

    def _findings(self) -> list[Finding]:
        now_s = time.monotonic()
        recent = {each.level: cause for cause, each in self._causes.items() if now_s - each.last_s < _STALE_S}
        return [*recent.items(), *self._conditions.values()]

    def _condition_values(self) -> dict[str, str]:
        words = {DiagnosticStatus.WARN: "warning", DiagnosticStatus.ERROR: "error"}
        conditions = {f"{words[level]}: {name}": text for name, (level, text) in self._conditions.items()}
        return conditions | {f"skipped: {cause}": str(each.count) for cause, each in self._causes.items()}


def _cut(text: str) -> str:
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 3]}..."
