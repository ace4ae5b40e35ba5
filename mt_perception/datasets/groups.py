"""Labels that only say "one of these classes": what a data set with coarser classes knows for certain.

A group has a code of its own beside the trainIds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mt_perception.labels import UNLABELLED

GROUPS: dict[int, tuple[int, ...]] = {
    101: (2, 3),  # building, wall
    102: (6, 7),  # traffic light, traffic sign
    103: (8, 9),  # vegetation, terrain
    104: (13, 14, 15, 16),  # car, truck, bus, train
    105: (12, 17, 18),  # rider, motorcycle, bicycle
    106: (1, 9),  # sidewalk, terrain
    107: (11, 12),  # person, rider
    108: (13, 14, 15, 16, 17, 18),  # all vehicles
    109: (3, 4, 5, 6, 7),  # wall, fence, pole, traffic light, traffic sign
    110: (2, 8),  # building, vegetation
}
"""Members (trainIds) of each group, by its code."""


@dataclass(frozen=True)
class CoarseClasses:
    """The published classes of a data set that tells fewer apart than Cityscapes does.

    `codes[i]` is what class i, called `names[i]`, says: a trainId, or the code of a group.
    """

    names: tuple[str, ...]
    codes: tuple[int, ...]

    def table(self) -> NDArray[np.uint8]:
        """(256,) uint8: published class -> code; `UNLABELLED` for all others."""
        table = np.full(256, UNLABELLED, np.uint8)
        table[: len(self.codes)] = self.codes
        return table

    def fold(self) -> NDArray[np.uint8]:
        """(256,) uint8: trainId or code -> published class; `UNLABELLED` for what belongs to none."""
        table = np.full(256, UNLABELLED, np.uint8)
        for index, code in enumerate(self.codes):
            table[[code, *GROUPS.get(code, ())]] = index
        return table


CAMVID = CoarseClasses(
    ("sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist"),
    (10, 101, 5, 0, 1, 103, 102, 4, 104, 11, 105),
)
IDD_LITE = CoarseClasses(
    ("drivable", "not drivable", "living thing", "vehicle", "roadside object", "far object", "sky"),
    (0, 106, 107, 108, 109, 110, 10),
)
COARSE = {"camvid": CAMVID, "idd_lite": IDD_LITE}
"""By the name of the data set; all others tell the 19 classes of Cityscapes apart."""


def merge(labels: NDArray[np.uint8], opinion: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) label codes and another's trainIds -> what is certain, refined.

    The opinion counts where nothing else is known, and where it names a member of the group that is known.
    """
    agrees = labels == UNLABELLED
    for code, members in GROUPS.items():
        agrees |= (labels == code) & np.isin(opinion, members)
    return np.where(agrees, opinion, labels)
