"""The classes of Cityscapes: ids, trainIds, names and colours. The only table of them.

Facts from the data set's public definition (https://www.cityscapes-dataset.com): 35 ids, of which 19 are
evaluated and carry a trainId from 0 to 18. All others are void.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mt_perception.plain_values import ValueMismatch, check_name

UNLABELLED = 255
"""The trainId of every pixel that belongs to no evaluated class."""


@dataclass(frozen=True)
class Label:
    """One class: `label_id` in the data set's files, `train_id` in masks, `color` as (red, green, blue)."""

    name: str
    label_id: int
    train_id: int
    color: tuple[int, int, int]

    def __post_init__(self) -> None:
        check_name(self.name)
        if not 0 <= self.train_id < UNLABELLED:
            raise ValueMismatch(f"train_id is {self.train_id}; allowed: 0 to {UNLABELLED - 1}")
        if not all(0 <= each <= 255 for each in self.color):
            raise ValueMismatch(f"color is {list(self.color)}; allowed: red, green and blue from 0 to 255")


CITYSCAPES: tuple[Label, ...] = (
    Label("road", 7, 0, (128, 64, 128)),
    Label("sidewalk", 8, 1, (244, 35, 232)),
    Label("building", 11, 2, (70, 70, 70)),
    Label("wall", 12, 3, (102, 102, 156)),
    Label("fence", 13, 4, (190, 153, 153)),
    Label("pole", 17, 5, (153, 153, 153)),
    Label("traffic light", 19, 6, (250, 170, 30)),
    Label("traffic sign", 20, 7, (220, 220, 0)),
    Label("vegetation", 21, 8, (107, 142, 35)),
    Label("terrain", 22, 9, (152, 251, 152)),
    Label("sky", 23, 10, (70, 130, 180)),
    Label("person", 24, 11, (220, 20, 60)),
    Label("rider", 25, 12, (255, 0, 0)),
    Label("car", 26, 13, (0, 0, 142)),
    Label("truck", 27, 14, (0, 0, 70)),
    Label("bus", 28, 15, (0, 60, 100)),
    Label("train", 31, 16, (0, 80, 100)),
    Label("motorcycle", 32, 17, (0, 0, 230)),
    Label("bicycle", 33, 18, (119, 11, 32)),
)
SKY = 10
UNLABELLED_COLOR = (0, 0, 0)


def palette(labels: tuple[Label, ...] = CITYSCAPES) -> NDArray[np.uint8]:
    """(256, 3) uint8 RGB, indexed by trainId; black where no class has that id."""
    table = np.full((256, 3), UNLABELLED_COLOR, np.uint8)
    for label in labels:
        table[label.train_id] = label.color
    return table


def id_to_train_id() -> NDArray[np.uint8]:
    """(256,) uint8: index with a `labelIds` picture to get trainIds; every void id becomes `UNLABELLED`.

    A fresh table indexed once: remapping in place would send an id through two steps (8 -> 1 -> ...).
    """
    table = np.full(256, UNLABELLED, np.uint8)
    for label in CITYSCAPES:
        table[label.label_id] = label.train_id
    return table
