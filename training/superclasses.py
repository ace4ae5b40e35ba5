# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the loss asks for, where labels of several data sets may only say "one of these classes".

It asks for the summed probability of those, so that a coarse label teaches what it knows and leaves the rest to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from mt_perception.labels import LabelSet
from mt_perception.metrics.label_mapping import LabelMapping
from mt_perception_training.recipe import RecipeError


class Targets:
    """For a network whose channels are `train_ids` of `labels`, from data sets with the classes of `sources`.

    truth: all that any of them can say: the classes of masks in batches.
    members: (rows, channels), which channels each of the things that the loss asks for allows; first each channel.
    table: (256,) trainId of `truth` -> row of `members`; -1 where the network has no such class, and for unlabelled.
    """

    def __init__(self, labels: LabelSet, train_ids: tuple[int, ...], sources: Iterable[LabelSet] = ()) -> None:
        self._labels, self._train_ids = labels, train_ids
        self.truth = labels.union(*sources)
        rows: list[tuple[int, ...]] = [(each,) for each in train_ids]
        self.table = np.full(256, -1, np.int64)
        for code, members in LabelMapping(self.truth, labels).members.items():
            if members and set(members) <= set(train_ids):
                if members not in rows:
                    rows.append(members)
                self.table[code] = rows.index(members)
        self.members: NDArray[np.bool_] = np.array([[each in members for each in train_ids] for members in rows])

    def weights(self, by_name: Mapping[str, float]) -> NDArray[np.float32]:
        """(rows,): the weight of each class, 1 where none is told, and for a superclass the largest of its members'."""
        if unknown := sorted(set(by_name) - set(self._labels.names)):
            raise RecipeError(f"class_weights names {unknown[0]!r}; the classes are {', '.join(self._labels.names)}")
        names = dict(zip(self._labels.train_ids, self._labels.names, strict=True))
        weights = np.array([by_name.get(names.get(each, ""), 1.0) for each in self._train_ids], np.float32)
        return np.where(self.members, weights, 0).max(1).astype(np.float32)
