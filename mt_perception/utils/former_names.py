# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What options, keys and data sets were called before: each name is read for one release more, with a notice."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

OPTIONS = {
    "--picture": "--image-size",
    "--pictures": "--images",
    "--max-miou-loss": "--max-miou-drop",
    "--max-abs-rel-loss": "--max-abs-rel-drop",
}
KEYS = {"depth_codec": "depth_encoding", "finest": "head_level"}
"""Of model cards, recipes and checkpoints."""
DATASETS = {"pictures": "images"}
RECIPES = {"article": "baseline"}
FOLDERS = {".parts": ".shards"}
"""What the names of folders that are filled over hours end in."""


def current_options(arguments: Sequence[str] | None) -> list[str]:
    """The command line (None: this process's own) with the options' names of today."""
    found = []
    for each in sys.argv[1:] if arguments is None else arguments:
        name, sign, value = each.partition("=")
        found.append(current(name, OPTIONS) + sign + value if name in OPTIONS else each)
    return found


def current(name: str, names: Mapping[str, str]) -> str:
    """What `names` call `name` today, with a notice on standard error if that is something else."""
    if name in names:
        _give_notice(name, names[name])
    return names.get(name, name)


@cache
def _give_notice(former: str, name: str) -> None:
    """Once in a process."""
    print(f"notice: {former} is now called {name}; the former name is read for one more release", file=sys.stderr)


def former_path(path: Path, names: Mapping[str, str]) -> Path:
    """`path`, or where only what it was called before is there, that; `names` are whole names or endings of them."""
    former = [path.with_name(path.name.removesuffix(n) + old) for old, n in names.items() if path.name.endswith(n)]
    return next((each for each in former if each.is_dir() and not path.is_dir()), path)
