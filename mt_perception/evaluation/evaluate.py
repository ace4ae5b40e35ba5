# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The front door of the evaluation: what `mt-perception evaluate` writes as JSON, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mt_perception.bags.batch import listed
from mt_perception.datasets.holdout import Holdout
from mt_perception.evaluation.datasets.evaluate import data_results, evaluate_on
from mt_perception.evaluation.recording import bag_results, evaluate_bags
from mt_perception.evaluation.targets import one_target, refuse_models
from mt_perception.labels import LabelSet
from mt_perception.model.bundle import open_model
from mt_perception.utils.json_safe import json_safe


def evaluate(
    *model_or_bags: Path | str,
    data: Mapping[str, Path | str] | None = None,
    split: str = "val",
    holdout: Holdout | None = None,
    precision: str = "auto",
    model: Path | str = "",
    truth: Path | str | None = None,
    truth_labels: LabelSet | None = None,
    cameras: tuple[str, str] = ("", ""),
) -> dict[str, Any]:
    """How good a model is on data sets, or how good recordings of results are.

    Args:
        model_or_bags: with `data` one model, its folder or its name among those of the package, or a folder of what
            `mt-perception run` wrote; without, recordings with masks and depth, all compared with the first.
        data: folders of data sets by name, such as `{"camvid": "~/camvid"}`; the names are those of `--data`.
        split: `val` or `train`.
        holdout: groups by data set that are scored beside the split; by default what the model's card says.
        precision: arithmetic of the network; see the parameter of that name.
        model: which one made the predictions or the recordings, whose card has their classes; the package's own if
            empty.
        truth: a recording of the truth; by default each recording's own.
        truth_labels: the classes of the true labels, where a recording does not tell them.
        cameras: the topics of (left and) right images in recordings; found when empty.

    Returns:
        What the command writes with `--json`: of data sets `model`, `split`, `scores` (such as `camvid_miou`) and
        `datasets`; of recordings `recordings` and `differences`. Scores that are not known are None.

    Raises:
        EvaluateError: a model without data, or data with several models.
        DatasetError: a folder is not the data set that it should be, or nothing of it could be scored.
        BagError: a recording cannot be read, holds no results, or none of them has truth.
        BundleError: there is no such model, or it is damaged.

    Examples:
        >>> import mt_perception as mtp
        >>> mtp.evaluate("street")
        Traceback (most recent call last):
        mt_perception.evaluation.targets.EvaluateError: street is a model; tell on what to score it: --data NAME=FOLDER
    """
    names = [str(each) for each in model_or_bags]
    if data is not None:
        folders = {name: Path(folder).expanduser() for name, folder in data.items()}
        board, card = evaluate_on(one_target(names), folders, split, holdout, precision, str(model))
        return data_results(board, card, split)
    return _of_recordings(names, str(model), truth, truth_labels, cameras)


def _of_recordings(
    names: Sequence[str], model: str, truth: Path | str | None, true: LabelSet | None, cameras: tuple[str, str]
) -> dict[str, Any]:
    refuse_models(names)
    card = open_model(model).card
    of = Path(truth) if truth else None
    outcomes = evaluate_bags(listed(names), of, card=card, cameras=cameras, true_labels=true)
    evaluations = []
    for outcome in outcomes.values():
        if isinstance(outcome, Exception):
            raise outcome
        evaluations.append(outcome)
    results: dict[str, Any] = json_safe(bag_results(evaluations))
    return results
