# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From plain values, as JSON and YAML give them, to dataclasses: every key and type is checked against the class."""

from __future__ import annotations

import reprlib
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from mt_perception.errors import Error
from mt_perception.utils.former_names import KEYS, current

MAX_TEXT, MAX_NAME = 4000, 100  # characters

_SHORT = reprlib.Repr()
_SHORT.maxstring, _SHORT.maxlevel = 80, 2


def shown(value: Any) -> str:
    """A value as a message shows it: on one line, and short, however large or deep it is."""
    text = _SHORT.repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


class ValueMismatch(Error, ValueError):
    """A key or value that is not allowed, in one sentence."""


_WORDS = {
    str: ("a text", "texts"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    bool: ("true or false", "times true or false"),
}
"""What one and several values of a type are called."""


def build(kind: Any, value: Any, where: str) -> Any:
    """Plain values -> `kind`: a dataclass, a tuple, a mapping, a plain type, or one of these or None.

    Texts have at most `MAX_TEXT` characters, and no control characters but ends of lines, since they reach terminals.
    Raises `ValueMismatch` that names the place after `where`; also for what a dataclass itself refuses.
    """
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind):
        return _build_dataclass(kind, value, where)
    if origin in (types.UnionType, typing.Union):
        (other,) = set(inner) - {types.NoneType}
        return None if value is None else build(other, value, where)
    if origin is tuple and isinstance(value, list | tuple):
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
        if len(kinds) == len(value):
            return tuple(build(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(kinds, value, strict=True)))
    elif origin is not None and issubclass(origin, Mapping) and isinstance(value, dict):
        return {_line(key, where): build(inner[1], each, f"{where}.{key}") for key, each in value.items()}
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, where)
    elif origin is None and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return _text(value, where) if kind is str else value
    raise ValueMismatch(f"{where} is {shown(value)}; expected {_in_words(kind)}")


def _in_words(kind: Any) -> str:
    """A type, as who writes YAML or JSON knows it."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        count = "" if inner[-1] is Ellipsis else f"{len(inner)} "
        return f"a list of {count}{_WORDS.get(inner[0], ('', 'values'))[1]}"
    if origin is not None:
        return "keys and values"
    return _WORDS[kind][0] if kind in _WORDS else str(kind.__name__)


def _number(value: int | float, where: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueMismatch(f"{where} is {shown(value)}; expected a number of at most 1.8e308") from None


def _text(value: str, where: str) -> str:
    if len(value) > MAX_TEXT or not value.replace("\n", "").replace("\t", "").isprintable():
        raise ValueMismatch(f"{where} is {shown(value)}; expected at most {MAX_TEXT} printable characters")
    return value


def _line(key: Any, where: str) -> str:
    if not isinstance(key, str) or not _is_line(key):
        raise ValueMismatch(f"{where} has the key {shown(key)}; expected 1 to {MAX_NAME} printable characters")
    return key


def _is_line(text: str) -> bool:
    return 1 <= len(text) <= MAX_NAME and text.isprintable()


def check_name(name: str) -> None:
    """Raise `ValueMismatch` unless `name` fits on a line of a log: 1 to `MAX_NAME` printable characters."""
    if not _is_line(name):
        raise ValueMismatch(f"name is {shown(name)}; expected 1 to {MAX_NAME} printable characters")


def _build_dataclass(kind: Any, value: Any, where: str) -> Any:
    if isinstance(value, kind):  # built before, by who knows more of it
        return value
    if not isinstance(value, dict):
        raise ValueMismatch(f"{where} is {shown(value)}; expected keys and values")
    hints = get_type_hints(kind)
    known = [each.name for each in fields(kind)]
    value = {key if key in known else current(key, KEYS): each for key, each in value.items()}
    for key in value:
        if key not in known:
            raise ValueMismatch(f"{where} has the unknown key {shown(key)}; known: {', '.join(known)}")
    made = {key: build(hints[key], each, f"{where}.{key}") for key, each in value.items()}
    try:
        return kind(**made)
    except TypeError:
        missing = [each.name for each in fields(kind) if each.name not in made]
        raise ValueMismatch(f"{where} lacks a key; not given: {', '.join(missing)}") from None
    except ValueError as error:  # what the value itself does not allow
        raise ValueMismatch(f"{where}: {error}") from None
