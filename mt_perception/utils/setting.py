# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is known of one setting, and how a value for it is checked; `settings.py` has them all."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mt_perception.errors import Error
from mt_perception.utils import registry

_TOPIC_NAMES = "[A-Za-z][A-Za-z0-9_]*"  # ROS allows no others in the names of topics


class SettingsError(Error, ValueError):
    """A setting that does not exist or has a value that is not allowed."""

    page = "parameters"


@dataclass(frozen=True)
class Setting:
    """What is known of one setting. `bounds` are inclusive, and values between 0 and `least` are none; `live`
    settings may change while running.

    `plugins` is the group of entry points by which installed packages add to the `choices`, and `pattern` what other
    values look like, which is `said` in words; `names` what each of several names has to look like.
    """

    name: str
    default: Any
    description: str
    unit: str = ""
    bounds: tuple[float, float] | None = None
    least: float = 0
    choices: tuple[str, ...] = ()
    plugins: str = ""
    pattern: str = ""
    said: str = ""
    names: str = _TOPIC_NAMES
    live: bool = False

    @property
    def kind(self) -> type:
        return type(self.default)

    @property
    def parameter(self) -> Any:
        """The default as a parameter holds it."""
        return ",".join(self.default) if self.kind is tuple else self.default

    @property
    def allowed(self) -> str:
        """The allowed values, in words."""
        if self.choices:
            other = "an installed plug-in" if self.plugins else self.said
            return "one of " + ", ".join(self.choices) + (f", or {other}" if other else "")
        if self.said:
            return self.said
        if self.bounds:
            low, high = (f"{bound:g}" for bound in self.bounds)
            return f"{f'0, or {self.least:g}' if self.least else low} to {high} {self.unit}".strip()
        letters = " of letters, digits and _" if self.names == _TOPIC_NAMES else ""
        names = f"names{letters}, separated by commas, none twice"
        return {bool: "true or false", str: "a text", tuple: names}.get(self.kind, "a number")

    def check(self, value: Any) -> Any:
        """Return `value` in this setting's type, or raise `SettingsError` saying what is allowed."""
        if self.kind is tuple:
            return self._names(value)
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        right_type = isinstance(value, self.kind) and (self.kind is bool or not isinstance(value, bool))
        in_bounds = right_type and (
            self.bounds is None or (self.bounds[0] <= value <= self.bounds[1] and not 0 < value < self.least)
        )
        if not (right_type and in_bounds and (not (self.choices or self.pattern) or self._is_choice(value))):
            raise SettingsError(f"{self.name} is {value!r}; allowed: {self.allowed} (default {self.default!r})")
        return value

    def _names(self, value: Any) -> tuple[str, ...]:
        """Of a text with commas, or of a list: an empty one cannot be written in a parameter file."""
        parts = value.split(",") if isinstance(value, str) else value
        names = tuple(str(part).strip() for part in parts or () if str(part).strip())
        if len(set(names)) < len(names) or not all(re.fullmatch(self.names, each) for each in names):
            raise SettingsError(f"{self.name} is {value!r}; allowed: {self.allowed} (default: none)")
        return names

    def _is_choice(self, value: str) -> bool:
        if value in self.choices or (self.pattern and re.fullmatch(self.pattern, value)):
            return True
        return bool(self.plugins) and value in registry.plugins(self.plugins)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of a sentence that says that there is no `name`: which of `names` was meant, or what there is."""
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names)}"
