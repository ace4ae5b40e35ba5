# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The row table (`mt_perception.model.row_prior`) that depth of a data set is compared with, and its images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from mt_perception.datasets.holdout import Holdout, dataset_of
from mt_perception.datasets.sample import DatasetError, Reader
from mt_perception.datasets.splits import are_same, split_readers, spread
from mt_perception.model.card import BundleCard
from mt_perception.model.row_prior import FOLDS, LeftOut, RowHistogram, RowPrior, pooled

MOST_FRAMES = 400
"""More, evenly spread, hardly move a median, and take long to read."""


@dataclass(frozen=True)
class Baseline:
    """`prior(index)` is the table for one image; None where there is none, as `description` says."""

    description: str
    prior: Callable[[int], RowPrior | None]


def baseline(name: str, reader: Reader, folder: Path, holdout: Holdout, card: BundleCard) -> Baseline | None:
    """What the images of `reader`, called `name` in scores, are compared with. None without depth.

    The split train of its data set tells; where that has no other images, the other tenths of these very ones; and
    the model's card where there is but one.
    """
    if reader[0].depth_m is None:
        return None
    training = training_part(dataset_of(name), folder, holdout)
    if training and not are_same(training, reader):
        histogram = fit(training)
        table = histogram.prior()
        return Baseline(f"row table of its split train ({histogram.frames} frames)", lambda _: table)
    if len(reader) > 1:
        left_out = _left_out(reader)
        return Baseline(
            "row table of the other tenths of these images, as the split train has no others",
            lambda index: left_out.prior(_part(index, len(reader))),
        )
    if card.row_prior:
        return Baseline(f"row table of what {card.name} was trained on", lambda _: card.row_prior)
    return Baseline(
        "no row table: the split train has no other images, and the model's card has no table", lambda _: None
    )


def training_part(name: str, folder: Path, holdout: Holdout) -> Reader | None:
    """What of a data set is trained on, with the truth alone; None where it has no such."""
    try:
        return split_readers({name: folder}, "train", holdout, taught=False)[name]
    except DatasetError:
        return None


def fit(reader: Reader) -> RowHistogram:
    """The depth of at most `MOST_FRAMES` of the samples, by angle."""
    histogram = RowHistogram()
    for index in tqdm(spread(len(reader), MOST_FRAMES), desc="row table", leave=False):
        sample = reader[index]
        if sample.depth_m is not None and sample.camera:
            histogram.update(sample.depth_m, sample.camera)
    return histogram


def row_prior_of(folders: Mapping[str, Path], holdout: Holdout) -> RowPrior | None:
    """The table for a model's card: of the splits train of `folders`, each with the same weight."""
    parts = [part for name, folder in folders.items() if (part := training_part(name, folder, holdout))]
    return pooled(fit(part) for part in parts if part[0].depth_m is not None).prior()


def _left_out(reader: Reader) -> LeftOut:
    left_out = LeftOut()
    for index in tqdm(spread(len(reader), MOST_FRAMES), desc="row table", leave=False):
        sample = reader[index]
        if sample.depth_m is not None and sample.camera:
            left_out.update(_part(index, len(reader)), sample.depth_m, sample.camera)
    return left_out


def _part(index: int, count: int) -> int:
    return index * FOLDS // count
