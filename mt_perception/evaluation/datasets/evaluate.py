# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Scores a model as users run it: through the `Perceiver`, with its default settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mt_perception.datasets.check import check_files
from mt_perception.datasets.holdout import Holdout, dataset_of, split_off
from mt_perception.datasets.sample import DatasetError, Reader, labels_of
from mt_perception.datasets.sources import READERS, SPLITS, TRAIN_ONLY, require_folders, require_known
from mt_perception.datasets.splits import split_readers, split_texts
from mt_perception.evaluation.datasets.baseline import Baseline, baseline
from mt_perception.evaluation.datasets.collector import Collector
from mt_perception.evaluation.datasets.predictions import FolderPredictor, ModelPredictor, Predictor, holds_predictions
from mt_perception.evaluation.datasets.scoreboard import Scoreboard
from mt_perception.model.bundle import open_model
from mt_perception.model.card import BundleCard
from mt_perception.pipeline import Perceiver
from mt_perception.report.page import over_text


def evaluate_on(
    target: str,
    folders: Mapping[str, Path],
    split: str = "val",
    holdout: Holdout | None = None,
    precision: str = "auto",
    model: str = "",
    worst: int = 0,
) -> tuple[Collector, BundleCard]:
    """All about the model `target`, or about the predictions in that folder of `model`; and the card of that model.

    `worst`: of so many frames of each data set the images are kept. For the rest see `evaluate`.
    """
    require_folders(list(holdout or ()), folders)
    if split not in SPLITS:
        raise DatasetError(f"split is {split!r}; expected one of {', '.join(SPLITS)}")
    for name in require_known(folders):
        if split != "train" and name in TRAIN_ONLY:
            raise DatasetError(f"{name} has no split {split}: nothing in it is true enough to score by; leave it out")
    predictions = Path(target) if holds_predictions(Path(target)) else None
    model = model if predictions else target
    card = open_model(model).card
    board = Collector(card.labels, worst)
    evaluate(model, folders, split, board, precision, holdout, predictions)
    return board, card


def data_results(board: Collector, card: BundleCard, split: str) -> dict[str, Any]:
    """Every number about a model on data sets, ready for JSON."""
    return {"model": card.name, "split": split, **board.results()}


def evaluate(
    model: Path | str,
    folders: Mapping[str, Path],
    split: str = "val",
    board: Scoreboard | None = None,
    precision: str = "auto",
    holdout: Holdout | None = None,
    predictions: Path | None = None,
) -> Scoreboard:
    """The scores of the bundle at `model` (empty: the package's own) on one split of every data set given.

    What its card says was held out of training is scored, too, or `holdout` instead. `board` collects the scores, and
    is what is returned; a plain new one if it is not given. `predictions`: a folder with what the model
    said, instead of asking it. Raises `DatasetError` where nothing of a data set could be scored.
    """
    card = open_model(str(model)).card
    predict: Predictor
    if predictions:
        predict = FolderPredictor(predictions)
    else:
        predict = ModelPredictor(Perceiver.open(model=str(model), precision=precision))
    holdout = held_out(card, folders) if holdout is None else holdout
    board = Scoreboard(card.labels) if board is None else board
    readers = split_readers(folders, split, holdout, taught=False)
    if empty := [name for name, reader in readers.items() if not len(reader)]:
        raise DatasetError(f"{empty[0]} has no images")
    check_files(list(readers.values()))
    for name, text in split_texts(readers, split, holdout).items():
        is_told = name in folders or set(holdout[dataset_of(name)]) <= set(card.holdout.get(dataset_of(name), ()))
        board.about[name] = {"split": text if is_told else f"{text} (the model's card does not say so)"}
    for name, reader in readers.items():
        depth = card.network.depth
        row_table = baseline(name, reader, folders[dataset_of(name)], holdout, card) if depth else None
        _score(name, reader, predict, row_table, board, card)
    return board


def _score(
    name: str, reader: Reader, predict: Predictor, row_table: Baseline | None, board: Scoreboard, card: BundleCard
) -> None:
    """Add what `predict` says of the samples of `reader`. Raises `DatasetError` where that is nothing.

    A model that tells no labels, or no depth, is judged by what it tells.
    """
    told = {"labels": card.tells_labels, "depth_m": card.network.depth}
    without: dict[str, Any] = {key: None for key, is_told in told.items() if not is_told}
    if row_table:
        board.about[name]["row_table"] = row_table.description
    scored = 0
    for index in tqdm(range(len(reader)), desc=name, unit="image"):
        sample = replace(reader[index], **without)
        if said := predict(sample, reader.files(index)[0]):
            scored += 1
            board.add(name, labels_of(reader), sample, *said, row_table.prior(index) if row_table else None)
    if not scored:
        raise DatasetError(f"{predict} says nothing of any image of {name}: its masks are named otherwise")
    if scored < len(reader):
        board.about[name]["scored"] = f"{scored} of {len(reader)} images, of which there are predictions"
    if not board.scores[name].has_truth:
        only = "labels" if told["labels"] else "depth"
        kinds = f"no {only} to compare" if without else "neither labels nor depth"
        raise DatasetError(f"nothing of {name} could be scored: its {len(reader)} images have {kinds}")


def held_out(card: BundleCard, folders: Mapping[str, Path]) -> dict[str, tuple[str, ...]]:
    """What the card says was held out of the data sets in `folders`, as far as it is there; else that is told."""
    found = {}
    for name, groups in card.holdout.items():
        if name not in folders:
            continue
        try:
            split_off(READERS[name](folders[name], "train"), groups, name)
            found[name] = groups
        except DatasetError as error:
            print(f"not scored: what was held out of {name} when {card.name} was trained ({error})", file=sys.stderr)
    return found


def table(board: Scoreboard) -> str:
    """All scores as text: one row per class and data set, in percent, then depth; first what each stands for."""
    wide = 2 + max((len(name) for name in board.about), default=10)
    rows = [f"{name}: {', '.join(about.values())}" for name, about in board.about.items()]
    for name, scores in board.labels.items():
        each_iou = zip(scores.labels.names, scores.iou, strict=True)
        rows += [f"{name:<{wide}}{label:<20}{100 * iou:6.1f} %" for label, iou in each_iou]
        rows.append(f"{name:<{wide}}{'mean IoU':<20}{100 * scores.miou:6.1f} %   {over_text(scores.over())}")
        rows.append(f"{name:<{wide}}{'pixel accuracy':<20}{100 * scores.pixel_accuracy:6.1f} %")
    for name, depths in board.depths.items():
        skill = board.skills[name].summary() if name in board.skills else {}
        rows += [f"{name:<{wide}}{key:<20}{value:8.3f}" for key, value in (depths.summary() | skill).items()]
        if not skill:
            rows.append(f"{name:<{wide}}{'skill':<20} unknown")
    return "\n".join(rows)
