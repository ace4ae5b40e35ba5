# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the classes of one label set say in those of another, and in which of them both are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mt_perception.errors import Error
from mt_perception.labels import Label, LabelSet, table_of
from mt_perception.types import Mask


@dataclass(frozen=True)
class LabelMapping:
    """What the classes of `source` say in those of `target`. One that stands for several leaves open which it is.

    Classes are the same where they cover the same; names alone do not make them so.

    Examples:
        >>> import numpy as np
        >>> from mt_perception import LabelMapping
        >>> from mt_perception.datasets.camvid import CAMVID11
        >>> from mt_perception.labels import CITYSCAPES
        >>> to_camvid = LabelMapping(CITYSCAPES, CAMVID11)
        >>> [CAMVID11.labels[each].name for each in to_camvid.members[14]]  # of a truck
        ['car']
        >>> to_camvid.table()[np.array([[0, 14, 255]])]  # a mask of road, truck and nothing
        array([[  3,   8, 255]], dtype=uint8)
    """

    source: LabelSet
    target: LabelSet

    @cached_property
    def members(self) -> Mapping[int, tuple[int, ...]]:
        """By the trainId of each class in `source`, the trainIds in `target` that it may be.

        One where it is that class, or a part of it; several where it is a superclass of them; none where it is, or may
        be, something that `target` does not have.
        """
        return {each.train_id: self._members(each) for each in self.source}

    def _members(self, label: Label) -> tuple[int, ...]:
        if whole := [each for each in self.target if label.meaning <= each.meaning]:
            return (min(whole, key=lambda each: len(each.meaning)).train_id,)
        parts = [each for each in self.target if label.meaning & each.meaning]
        known = frozenset().union(*(each.meaning for each in parts))
        return tuple(each.train_id for each in parts) if label.meaning <= known else ()

    @property
    def is_certain(self) -> bool:
        """Whether each class of `source` is at most one of `target`, and some class is one at all."""
        return max(map(len, self.members.values())) == 1

    def table(self) -> NDArray[np.uint8]:
        """(256,) uint8: trainId in `source` -> that in `target`; `UNLABELLED` for superclasses and what that lacks."""
        return table_of((train_id, each[0]) for train_id, each in self.members.items() if len(each) == 1)


class NoCommonClasses(Error, ValueError):
    """Two label sets in which nothing can be compared."""

    page = "tutorials/own_classes"


@dataclass(frozen=True)
class Comparison:
    """Predictions in the classes of `predicted` beside truth in those of `true`.

    `labels` are those of the truth, where each predicted class is at most one of them; else those of the prediction,
    where it is the coarser. Raises `NoCommonClasses` where neither holds.
    """

    predicted: LabelSet
    true: LabelSet

    def __post_init__(self) -> None:
        _ = self.labels

    @cached_property
    def labels(self) -> LabelSet:
        """The classes that are told apart."""
        if LabelMapping(self.predicted, self.true).is_certain:
            return self.true
        if LabelMapping(self.true, self.predicted).is_certain:
            return self.predicted
        names = [f"{each.name} ({', '.join(each.names)})" for each in (self.predicted, self.true)]
        raise NoCommonClasses(
            f"predictions are in the classes of {names[0]}, the truth in those of {names[1]}: "
            "neither can be told in the other's"
        )

    @cached_property
    def _tables(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        tables = (LabelMapping(each, self.labels).table() for each in (self.predicted, self.true))
        predicted, true = (self.labels.places[each] for each in tables)
        return predicted, true

    def of_predicted(self, mask: Mask) -> Mask:
        """(H, W) trainIds of `predicted` -> places in `labels`; `UNLABELLED` for what is none of them."""
        return self._tables[0][mask]

    def of_true(self, mask: Mask) -> Mask:
        """(H, W) trainIds of `true` -> places in `labels`; `UNLABELLED` for what is none of them."""
        return self._tables[1][mask]
