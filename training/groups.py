"""What the loss asks for where a label only says "one of these classes" (`mt_perception.datasets.groups`).

It asks for the summed probability of the group's members, so that a coarse label teaches what it knows and leaves the
rest to other labels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mt_perception.datasets.groups import GROUPS
from mt_perception.labels import UNLABELLED


def target_channels(train_ids: tuple[int, ...]) -> NDArray[np.int64]:
    """(256,) label code -> row of `membership`; -1 where the network has no such class, and for unlabelled."""
    table = np.full(256, -1, np.int64)
    for row, code in enumerate(_codes(train_ids)):
        table[code] = row
    table[UNLABELLED] = -1
    return table


def membership(train_ids: tuple[int, ...]) -> NDArray[np.bool_]:
    """(rows, channels): which of the network's channels each label code allows."""
    rows = [GROUPS.get(code, (code,)) for code in _codes(train_ids)]
    return np.array([[each in members for each in train_ids] for members in rows])


def _codes(train_ids: tuple[int, ...]) -> list[int]:
    groups = [code for code, members in GROUPS.items() if set(members) <= set(train_ids)]
    return [*train_ids, *groups]
