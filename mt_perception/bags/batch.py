# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Many recordings in one call: named one by one or in a list, and one that fails does not stop the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from mt_perception.bags.bag import BagError
from mt_perception.errors import said
from mt_perception.utils.parallel import parallel_map

Item = TypeVar("Item")
Result = TypeVar("Result")
Failure = ValueError | RuntimeError | OSError
"""What is raised where the input is at fault, in one sentence; anything else is a mistake in the program."""


def listed(names: Sequence[str]) -> list[Path]:
    """The recordings that are meant: `@FILE` stands for the lines of that file, relative to its folder."""
    paths: list[Path] = []
    for name in names:
        if not name.startswith("@"):
            paths.append(Path(name))
            continue
        file = Path(name[1:])
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BagError(f"the list {file} cannot be read ({said(error)}); write one path a line") from error
        paths += [file.parent / line.strip() for line in lines if line.strip()]
    if not paths:
        raise BagError(f"{' '.join(names)} names no recording; write one path a line")
    return list(dict.fromkeys(paths))


def places(sources: Sequence[Path], folder: Path) -> list[tuple[Path, Path]]:
    """Each source with its result in `folder`, which has the source's name."""
    names = [path.stem if path.is_file() else path.resolve().name for path in sources]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise BagError(f"several inputs are named {twice[0]}, and their results would be, too; process them one by one")
    return [(path, folder / name) for path, name in zip(sources, names, strict=True)]


def attempts(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, ray: str = ""
) -> Iterator[tuple[Item, Result | Failure]]:
    """Each item with what `function` makes of it, or why it cannot, in the order in which they are ready."""
    return parallel_map(partial(_attempt, function), items, workers, ray)


def _attempt(function: Callable[[Item], Result], item: Item) -> tuple[Item, Result | Failure]:
    try:
        return item, function(item)
    except (ValueError, RuntimeError, OSError) as error:
        return item, error
