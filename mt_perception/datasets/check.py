# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Finds missing, broken and mismatched files before training starts, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from mt_perception.datasets.sample import DatasetError, Reader


def check_files(readers: Sequence[Reader]) -> None:
    """Raises one `DatasetError` that names every file with a problem."""
    total = sum(map(len, readers))
    samples = tqdm((each.files(index) for each in readers for index in range(len(each))), "files", total, leave=False)
    problems = [each for paths in samples for each in _problems(paths)]
    if problems:
        raise DatasetError(f"{len(problems)} files cannot be used:\n" + "\n".join(f"  {each}" for each in problems))


def _problems(paths: Sequence[Path]) -> Iterator[str]:
    expected: tuple[int, int] | None = None
    for path in paths:
        if path.suffix not in {".png", ".jpg"}:
            if not path.is_file():
                yield f"{path}: missing"
            continue
        try:
            with Image.open(path) as image:
                size = image.size
                image.verify()  # checksums, without decoding
        except FileNotFoundError:
            yield f"{path}: missing"
        except (UnidentifiedImageError, OSError, SyntaxError) as error:
            yield f"{path}: broken ({error})"
        else:
            expected = expected or size
            if size != expected:
                yield f"{path}: {size[0]}x{size[1]} px, but {paths[0].name} has {expected[0]}x{expected[1]}"
