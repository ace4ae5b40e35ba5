"""The classes that a data set's truth tells apart: their names, colours, and how label codes fold onto them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mt_perception.datasets.groups import COARSE, GROUPS, CoarseClasses
from mt_perception.datasets.holdout import dataset_of
from mt_perception.labels import CITYSCAPES, UNLABELLED, Label
from mt_perception.types import Mask


@dataclass(frozen=True, eq=False)
class Classes:
    """`labels[i]` has the trainId i; `fold` (256,) uint8 maps label codes to these, `UNLABELLED` where none fits."""

    labels: tuple[Label, ...]
    fold: NDArray[np.uint8]

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the confusion matrix."""
        return tuple(label.name for label in self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def folded(self, mask: Mask) -> Mask:
        """(H, W) trainIds or group codes -> indices of these classes."""
        return self.fold[mask]


def classes_of(dataset: str) -> Classes:
    """A coarser data set's own classes, the 19 of Cityscapes for all others: as `Scoreboard` scores them."""
    if coarse := COARSE.get(dataset_of(dataset)):
        return Classes(_labels(coarse), coarse.fold())
    fold = np.full(256, UNLABELLED, np.uint8)
    fold[: len(CITYSCAPES)] = np.arange(len(CITYSCAPES))
    return Classes(CITYSCAPES, fold)


def _labels(classes: CoarseClasses) -> tuple[Label, ...]:
    """Each in the colour of the first Cityscapes class that it stands for."""
    colors = {label.train_id: label.color for label in CITYSCAPES}
    firsts = (GROUPS.get(code, (code,))[0] for code in classes.codes)
    pairs = enumerate(zip(classes.names, firsts, strict=True))
    return tuple(Label(name, index, index, colors[first]) for index, (name, first) in pairs)
