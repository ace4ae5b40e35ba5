"""Labels that only say "one of these classes": what a data set with coarser classes knows for certain.

A group has a code of its own beside the trainIds. The loss asks for the summed probability of its members, so
that a coarse label teaches what it knows and leaves the rest to other labels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mt_perception.labels import UNLABELLED

GROUPS: dict[int, tuple[int, ...]] = {
    101: (2, 3),  # building, wall
    102: (6, 7),  # traffic light, traffic sign
    103: (8, 9),  # vegetation, terrain
    104: (13, 14, 15, 16),  # car, truck, bus, train
    105: (12, 17, 18),  # rider, motorcycle, bicycle
}
"""Members (trainIds) of each group, by its code."""


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


CAMVID_NAMES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist",
)  # fmt: skip
CAMVID_CODES = (10, 101, 5, 0, 1, 103, 102, 4, 104, 11, 105)
"""What each of CamVid's 11 published classes says: a trainId, or the code of a group."""


def camvid_fold() -> NDArray[np.uint8]:
    """(256,) uint8: label code -> CamVid class; `UNLABELLED` for all others. Every evaluated class has one."""
    table = np.full(256, UNLABELLED, np.uint8)
    for index, code in enumerate(CAMVID_CODES):
        table[[code, *GROUPS.get(code, ())]] = index
    return table
