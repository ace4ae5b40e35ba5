# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is held out of training as a whole: drives, streets or cities, or stretches of a data set that has no such.

Frames of one drive are nearly alike, so a score on frames between those of the training says little.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mt_perception.datasets.sample import DatasetError, Grouped, Reader, Sample, Taught, labels_of

Holdout = Mapping[str, Collection[str]]
"""Groups by data set."""
ALL = "all"
"""Stands for all groups: nothing of the data set is trained on."""
BLOCKS = 10
"""Into so many stretches a data set without groups is cut: `block0` to `block9`."""
GAP = 5
"""So many samples beside a block that is held out are in neither part."""
_SUFFIX = "_holdout"
_MOST_TOLD = 12


class Subset:
    """Some samples of a reader, by their indices."""

    def __init__(self, reader: Reader, indices: Sequence[int]) -> None:
        self._reader, self._indices = reader, indices
        self.labels = labels_of(reader)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Sample:
        return self._reader[self._indices[index]]

    def files(self, index: int) -> Sequence[Path]:
        """Those of the reader."""
        return self._reader.files(self._indices[index])


def held_out_name(dataset: str) -> str:
    """What the held-out part of a data set is called in scores: `camvid_holdout`."""
    return dataset + _SUFFIX


def dataset_of(name: str) -> str:
    """The data set that a name in scores belongs to. Inverse of `held_out_name`, and the name itself else."""
    return name.removesuffix(_SUFFIX)


def untaught(reader: Reader) -> Reader:
    """The reader without what teachers say."""
    return reader.untaught() if isinstance(reader, Taught) else reader


def group_of(reader: Reader, index: int) -> str:
    """The sample's group by the reader, or the block that it lies in."""
    if isinstance(reader, Grouped):
        return reader.group(index)
    return f"block{index * min(BLOCKS, len(reader)) // len(reader)}"


def split_off(reader: Reader, groups: Collection[str], name: str) -> tuple[Subset, Subset]:
    """What is left to train on, and what is held out. Raises `DatasetError` for a group that `name` does not have."""
    found = [group_of(reader, index) for index in range(len(reader))]
    counts = Counter(found)
    if unknown := [each for each in groups if each != ALL and each not in counts]:
        told = ", ".join(f"{group} ({count})" for group, count in list(counts.items())[:_MOST_TOLD])
        more = ", ..." if len(counts) > _MOST_TOLD else ""
        raise DatasetError(f"{name} has no {unknown[0]} to hold out; its split train has {told}{more}, and {ALL}")
    held = [ALL in groups or group in groups for group in found]
    near = [_gap(found, held, index) for index in range(len(found))]
    kept = [index for index in range(len(found)) if not (held[index] or near[index])]
    return Subset(reader, kept), Subset(reader, [index for index, each in enumerate(held) if each])


def _gap(found: Sequence[str], held: Sequence[bool], index: int) -> bool:
    """Whether a sample lies beside a held-out one of the same drive: blocks are stretches of one."""
    return bool(re.fullmatch(r"block\d", found[index])) and any(held[max(0, index - GAP) : index + GAP + 1])
