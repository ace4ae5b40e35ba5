# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A bundle with more files than it had: graphs and engines that were made ahead of time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mt_perception.model.bundle import Bundle, load_bundle, new_bundle


def copy_files(bundle: Bundle, folder: Path) -> None:
    """Copy all that a bundle's card names to `folder`, but for the card."""
    for name in bundle.card.files:
        (folder / name).write_bytes(bundle.file(name).read_bytes())


def with_files(bundle: Bundle, out: Path, files: Mapping[str, bytes]) -> Bundle:
    """Write `bundle` with more `files`, or others in their places, to `out`, which may be its own folder."""
    with new_bundle(out, bundle.card) as folder:
        copy_files(bundle, folder)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    return load_bundle(out)
