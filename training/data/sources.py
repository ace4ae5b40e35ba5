# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets as recipes and the command line name them, checked before anything is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from mt_perception.datasets.check import check_files
from mt_perception.datasets.holdout import Holdout
from mt_perception.datasets.sample import Reader, Sample, labels_of
from mt_perception.datasets.sources import require_folders
from mt_perception.datasets.splits import split_readers
from mt_perception.labels import LabelSet
from mt_perception.metrics.label_mapping import LabelMapping
from mt_perception_training.data.pseudo import open_pseudo_labelled

MEMORY_BYTES = 4 << 30
"""A data set that needs less than this when decoded is held in memory."""


class InMemory:
    """A reader's samples, decoded once: small data sets then cost no time per step, and worker processes share them."""

    def __init__(self, reader: Reader) -> None:
        self.files, self.labels = reader.files, labels_of(reader)
        self._samples = [reader[index] for index in range(len(reader))]

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        return self._samples[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._samples)


class Relabelled:
    """A reader's samples with their labels in the classes of `labels`, among which are all that it has."""

    def __init__(self, reader: Reader, labels: LabelSet) -> None:
        self.files, self.labels = reader.files, labels
        self._reader, self._table = reader, LabelMapping(labels_of(reader), labels).table()

    def __len__(self) -> int:
        return len(self._reader)

    def __getitem__(self, index: int) -> Sample:
        sample = self._reader[index]
        return sample if sample.labels is None else replace(sample, labels=self._table[sample.labels])


def relabelled(reader: Reader, labels: LabelSet) -> Reader:
    """The reader with its labels in the classes of `labels`; itself where they are already."""
    known = LabelMapping(labels_of(reader), labels_of(reader)).table()
    return (
        reader if np.array_equal(known, LabelMapping(labels_of(reader), labels).table()) else Relabelled(reader, labels)
    )


def open_readers(
    names: Sequence[str],
    folders: Mapping[str, Path],
    split: str,
    holdout: Holdout = MappingProxyType({}),
    taught: bool = True,
    pseudo: Path | None = None,
) -> dict[str, Reader]:
    """Readers of one split (see `split_readers`), their files checked; small data sets decoded into memory.

    `pseudo`: a folder with pseudo-labels, for a split to train on; see `data.pseudo`.
    """
    require_folders(names, folders)
    readers = split_readers({name: folders[name] for name in names}, split, holdout, taught)
    check_files(list(readers.values()))
    if pseudo:
        readers = open_pseudo_labelled(readers, pseudo)
    return {name: _in_memory_if_small(reader) for name, reader in readers.items()}


def _in_memory_if_small(reader: Reader) -> Reader:
    return InMemory(reader) if len(reader) * reader[0].nbytes < MEMORY_BYTES else reader
