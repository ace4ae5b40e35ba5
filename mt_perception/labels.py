# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Label sets as values: the classes that masks tell apart.

CITYSCAPES has facts from the data set's public definition (https://www.cityscapes-dataset.com): 35 ids, of which 19 are
evaluated and carry a trainId from 0 to 18. All others are void.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mt_perception.utils.plain_values import ValueMismatch, check_name, shown

UNLABELLED = 255
"""The trainId of every pixel that belongs to no class."""
UNLABELLED_COLOR = (0, 0, 0)
GROUND = ("road", "sidewalk", "terrain")
"""The names of classes that one moves on, in any label set that has them."""


@dataclass(frozen=True)
class Label:
    """One class: `label_id` in the data set's files, `train_id` in masks, `color` as (red, green, blue).

    `covers`: the names of the finer classes that it stands for, if it stands for several or has another name than they.
    """

    name: str
    label_id: int
    train_id: int
    color: tuple[int, int, int]
    covers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        if not 0 <= self.train_id < UNLABELLED:
            raise ValueMismatch(f"train_id is {self.train_id}; allowed: 0 to {UNLABELLED - 1}")
        if not 0 <= self.label_id <= 255:
            raise ValueMismatch(f"label_id is {self.label_id}; allowed: 0 to 255, as files of 8 bits hold")
        if not all(0 <= each <= 255 for each in self.color):
            raise ValueMismatch(f"color is {list(self.color)}; allowed: red, green and blue from 0 to 255")

    @property
    def meaning(self) -> frozenset[str]:
        """The names of the finest classes that it stands for: what it covers, or itself."""
        return frozenset(self.covers or (self.name,))


@dataclass(frozen=True)
class LabelSet:
    """The classes that masks tell apart.

    name: of the whole, such as `cityscapes`; scores are told with it.
    ignore: what a mask has where it is no class, beside `UNLABELLED`, which always says so.
    sky: the name of the class that is infinitely far; empty without one.

    Examples:
        >>> from mt_perception.labels import Label, LabelSet
        >>> field = LabelSet("field", (Label("crop", 1, 0, (0, 160, 0)), Label("sky", 2, 1, (70, 130, 180))), sky="sky")
        >>> field.names, field.sky_id
        (('crop', 'sky'), 1)
    """

    name: str
    labels: tuple[Label, ...]
    ignore: int = UNLABELLED
    sky: str = ""

    def __post_init__(self) -> None:
        check_name(self.name)
        if not 1 <= len(self.labels) <= UNLABELLED:
            raise ValueMismatch(f"{self.name} has {len(self.labels)} classes; allowed: 1 to {UNLABELLED}")
        for key in ("name", "train_id", "label_id", "meaning"):
            values = [getattr(each, key) for each in self.labels]
            if twice := [each for each in values if values.count(each) > 1]:
                told = ", ".join(sorted(twice[0])) if key == "meaning" else repr(twice[0])
                raise ValueMismatch(f"two classes of {self.name} have the same {key}, {told}")
        if not 0 <= self.ignore <= 255 or self.ignore in self.train_ids:
            raise ValueMismatch(f"ignore is {self.ignore}; allowed: 0 to 255, and the train_id of no class")
        if self.sky and self.sky not in self.names:
            raise ValueMismatch(f"sky is {shown(self.sky)}; the classes are {', '.join(self.names)}")

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, in their order."""
        return tuple(each.name for each in self.labels)

    @property
    def train_ids(self) -> tuple[int, ...]:
        """Of the classes, in their order."""
        return tuple(each.train_id for each in self.labels)

    @property
    def sky_id(self) -> int | None:
        """The trainId of what is infinitely far; None without it."""
        return next((each.train_id for each in self.labels if each.name == self.sky), None)

    def obstacles(self, names: Collection[str] = ()) -> tuple[int, ...]:
        """The trainIds of the classes in `names` that there are; without any, of all but the ground and the sky."""
        chosen = set(names or self.names) - (set() if names else {*GROUND, self.sky})
        return tuple(each.train_id for each in self.labels if each.name in chosen)

    @cached_property
    def places(self) -> NDArray[np.uint8]:
        """(256,) uint8: trainId -> place in `labels`; `UNLABELLED` for what is no class."""
        return table_of(zip(self.train_ids, range(len(self)), strict=True))

    def id_to_train_id(self) -> NDArray[np.uint8]:
        """(256,) uint8: index with an image of label ids to get trainIds; every id of no class becomes `UNLABELLED`.

        A fresh table indexed once: remapping in place would send an id through two steps (8 -> 1 -> ...).
        """
        return table_of((each.label_id, each.train_id) for each in self.labels)

    def palette(self) -> NDArray[np.uint8]:
        """(256, 3) uint8 RGB, indexed by trainId; black where no class has that id."""
        table = np.full((256, 3), UNLABELLED_COLOR, np.uint8)
        for label in self.labels:
            table[label.train_id] = label.color
        return table

    def union(self, *others: LabelSet) -> LabelSet:
        """These classes, and those of `others` that mean something else, under ids that are free.

        So masks can hold what several sources say, fine or coarse. Raises `ValueMismatch` for more than 255.
        """
        labels = {each.meaning: each for each in self.labels}
        free = iter(sorted({*range(UNLABELLED)} - {*self.train_ids, self.ignore}))
        names = {*self.names}
        for label in (each for other in others for each in other if each.meaning not in labels):
            if (train_id := next(free, None)) is None:
                raise ValueMismatch(f"{self.name} and {', '.join(o.name for o in others)} have more than 255 classes")
            name = label.name if label.name not in names else " | ".join(sorted(label.meaning))[:100]
            while name in names:
                name = f"{name[:98]} *"
            names.add(name)
            labels[label.meaning] = Label(name, train_id, train_id, label.color, tuple(sorted(label.meaning)))
        if len(labels) == len(self):
            return self
        return LabelSet(
            self.name,
            tuple(replace(each, label_id=each.train_id) for each in labels.values()),
            self.ignore,
            self.sky or next((o.sky for o in others if o.sky in names), ""),
        )


def table_of(pairs: Iterable[tuple[int, int]]) -> NDArray[np.uint8]:
    """(256,) uint8 with the second of each pair at the first; `UNLABELLED` elsewhere."""
    table = np.full(256, UNLABELLED, np.uint8)
    for index, value in pairs:
        table[index] = value
    return table


CITYSCAPES = LabelSet(
    "cityscapes",
    (
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
    ),
    sky="sky",
)


def coarser(name: str, classes: Mapping[str, tuple[str, ...]], sky: str = "") -> LabelSet:
    """A label set whose classes, numbered from 0, each stand for some of Cityscapes', in the colour of their first."""
    colors = {each.name: each.color for each in CITYSCAPES}
    items = enumerate(classes.items())
    return LabelSet(name, tuple(Label(n, i, i, colors[of[0]], of) for i, (n, of) in items), sky=sky)
