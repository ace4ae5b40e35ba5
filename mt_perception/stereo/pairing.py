# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Finds what two streams have taken at the same instant, without ROS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Pairer(Generic[Item]):
    """Pairs the items of two streams, 0 and 1, by their stamps.

    Does for two streams what the synchronizers of ROS's message_filters do, so that it can stand in for them: a new
    item is paired with the nearest one of the other stream, if their stamps differ by less than `slop_ns`, or not at
    all with a slop of 0. Each item is used once. Of those that wait, each stream keeps the `size` newest by stamp.
    """

    def __init__(self, slop_ns: int, size: int) -> None:
        self._slop_ns, self._size = slop_ns, size
        self._queues: tuple[dict[int, Item], dict[int, Item]] = ({}, {})

    @property
    def waiting(self) -> tuple[Mapping[int, Item], Mapping[int, Item]]:
        """The items of each stream that have no partner yet, by stamp."""
        return self._queues

    def add(self, stream: int, stamp_ns: int, item: Item) -> tuple[Item, Item] | None:
        """Take in an item of `stream`; the pair that it completes, stream 0 first, or None."""
        own, other = self._queues[stream], self._queues[1 - stream]
        own[stamp_ns] = item
        while len(own) > self._size:
            del own[min(own)]
        if stamp_ns not in own or not other:
            return None
        partner_ns = min(other, key=lambda each: abs(each - stamp_ns))
        difference_ns = abs(partner_ns - stamp_ns)
        if difference_ns and difference_ns >= self._slop_ns:
            return None
        pair = own.pop(stamp_ns), other.pop(partner_ns)
        return pair if stream == 0 else pair[::-1]
