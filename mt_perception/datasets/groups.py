"""Labels that only say "one of these classes": what a data set with coarser classes knows for certain.

A group has a code of its own beside the trainIds.
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
