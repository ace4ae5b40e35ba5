# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What can be read of a recording that is damaged somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from mt_perception.bags.bag import Bag

Item = TypeVar("Item")


def readable(bag: Bag, items: Iterable[Item], warnings: list[str]) -> Iterator[Item]:
    """What is read from a recording as far as that goes; why it goes no further is added to `warnings`."""
    try:
        yield from items
    except Exception as error:  # whatever a reader raises on damaged bytes
        warnings.append(f"{bag.path} is damaged and was read in part ({type(error).__name__}: {error})")
    if bag.read_error:  # also what is only known when all has been read
        warnings.insert(0, bag.read_error)
