# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Folders that are filled over hours: each file appears complete or not at all, and nothing is mixed."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mt_perception.datasets.sample import DatasetError
from mt_perception.utils.files import write_whole
from mt_perception.utils.json_safe import json_safe

_PNG_END = b"IEND\xaeB`\x82"


def is_whole(path: Path) -> bool:
    """Whether a PNG or JSON file is there, and not cut short."""
    try:
        with path.open("rb") as file:
            file.seek(-len(_PNG_END), os.SEEK_END)
            end = file.read()
    except OSError:  # not there, or shorter than that
        return False
    return end == _PNG_END if path.suffix == ".png" else end.rstrip().endswith(b"}")


def check_manifest(folder: Path, manifest: str, facts: Mapping[str, Any], allowed: Collection[str] = ()) -> None:
    """Write `facts` into the file `manifest` of `folder`; where it is there already, they must be the same.

    Raises `DatasetError` for a folder that was made with anything else, or holds other files than those `allowed`.
    """
    file, text = folder / manifest, json.dumps(json_safe(facts), indent=1) + "\n"
    if file.is_file():
        try:
            there = dict(json.loads(file.read_text(encoding="utf-8")))
        except ValueError:
            raise DatasetError(f"{file} is no manifest of what made the folder; give another --out") from None
        if changed := _difference(there, json.loads(text)):
            key, was, now = changed
            refusal = f"{folder} was made with {key} {was!r}, now it is {now!r}"
            raise DatasetError(f"{refusal}; give another --out, or delete the folder")
        return
    if folder.is_dir() and any(each.name not in allowed for each in folder.iterdir()):
        raise DatasetError(f"{folder} holds other files already; give an empty folder as --out")
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(file, text.encode())


def _difference(there: Mapping[str, Any], facts: Mapping[str, Any], where: str = "") -> tuple[str, Any, Any] | None:
    """The first key, at any depth, whose value is another one: its name and both values."""
    for key in dict.fromkeys((*facts, *there)):
        was, now = there.get(key), facts.get(key)
        if isinstance(was, dict) and isinstance(now, dict):
            if found := _difference(was, now, f"{where}{key}."):
                return found
        elif was != now:
            return f"{where}{key}", was, now
    return None
