# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Parts that are known by name: those of this package, and those that other installed packages bring as entry points.

A package that brings a backend has in its `pyproject.toml`:

    [project.entry-points."mt_perception.backends"]
    mine = "its_package.backend:open_backend"

It is imported when it is requested by its name, and an output when the table of topics is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from mt_perception.errors import Error

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Item = TypeVar("Item")
BACKENDS, DATASETS, ENCODERS, DECODERS, OUTPUTS, TASKS = (
    f"mt_perception.{each}" for each in ("backends", "datasets", "encoders", "decoders", "outputs", "tasks")
)
"""Groups of entry points."""


class PluginError(Error, RuntimeError):
    """A part of another package that cannot be loaded."""


class Registry(Mapping[str, Item]):
    """By name, own parts, then those of the entry points in `group`; an own name always means the own part."""

    def __init__(self, group: str, own: Mapping[str, Item] | None = None) -> None:
        self.group = group
        self._own = dict(own or {})

    def add(self, name: str) -> Callable[[Item], Item]:
        """A decorator that adds an own part under `name`."""

        def decorate(item: Item) -> Item:
            self._own[name] = item
            return item

        return decorate

    def __getitem__(self, name: str) -> Item:
        """Raises `PluginError` for one that cannot be imported, `KeyError` for an unknown name."""
        return self._own[name] if name in self._own else _loaded(plugins(self.group)[name])

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in plugins(self.group)

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from (name for name in plugins(self.group) if name not in self._own)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def plugins(group: str) -> Mapping[str, EntryPoint]:
    """The entry points of all installed packages in a group, by name; nothing is imported."""
    from importlib.metadata import entry_points  # here, since most programs ask for none

    return {each.name: each for each in entry_points(group=group)}


def _loaded(point: EntryPoint) -> Item:  # type: ignore[type-var]
    try:
        return point.load()  # type: ignore[no-any-return]
    except Exception as error:  # whatever a stranger's module raises while it is imported
        package = f" of {point.dist.name}" if point.dist else ""
        raise PluginError(
            f"the plug-in {point.name}{package} ({point.value}) cannot be loaded ({type(error).__name__}: {error})"
        ) from error
