# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Strict JSON: NaN and infinity become null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mt_perception.utils.files import write_whole


def json_safe(value: Any) -> Any:
    """`value` with None for every number that is NaN or infinite, in all mappings and sequences it holds."""
    if isinstance(value, Mapping):
        return {key: json_safe(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_safe(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json(path: Path, value: Any) -> None:
    """Write `value`, made `json_safe`, to `path`."""
    write_whole(path, (json.dumps(json_safe(value), indent=1, allow_nan=False) + "\n").encode())


def check_folder(path: Path | None) -> None:
    """Raise `FileNotFoundError` before anything is measured for a file that could not be written after."""
    if path and not path.absolute().parent.is_dir():
        folder = path.absolute().parent
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {folder}; make it, or name another file")
