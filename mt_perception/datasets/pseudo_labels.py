# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is true of an image, refined by what another network says of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mt_perception.labels import UNLABELLED, LabelSet
from mt_perception.metrics.label_mapping import LabelMapping
from mt_perception.types import Mask


class Refined:
    """Masks of `truth` with pseudo-labels in the classes of `pseudo`. `labels`: the classes of what it makes of them.

    A pseudo-label counts where nothing else is known, and where it names a part of the class that is known.
    """

    def __init__(self, truth: LabelSet, pseudo: LabelSet) -> None:
        self.labels = truth.union(pseudo)
        self._table = LabelMapping(pseudo, self.labels).table()
        self._counts: NDArray[np.bool_] = np.ones((256, 256), bool)
        meanings = {each.train_id: each.meaning for each in self.labels}
        for known in truth:
            self._counts[known.train_id] = False
            parts = [train_id for train_id, meaning in meanings.items() if meaning < known.meaning]
            self._counts[known.train_id, parts] = True
        self._counts[self.labels.ignore] = self._counts[UNLABELLED]

    def __call__(self, labels: Mask, pseudo: Mask) -> Mask:
        """(H, W) trainIds of the truth, and the pseudo-labels -> of `labels`."""
        told = self._table[pseudo]
        return np.where(self._counts[labels, told], told, labels)
