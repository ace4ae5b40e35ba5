# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception evaluate`: how good a model, its predictions in a folder, or recordings of its results are."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mt_perception.commands.bag import add_recordings, check_reports, evaluate_recordings
from mt_perception.evaluation.targets import EvaluateError, one_target, refuse_models
from mt_perception.settings import SETTINGS
from mt_perception.utils.json_safe import write_json

_ON_DATA = ("split", "holdout", "precision", "training_run")
_ON_RECORDINGS = ("truth", "truth_labels", "ray")


def add_parser(commands: Any) -> None:
    """Add the subcommand `evaluate` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser(
        "evaluate",
        help="score a model on data sets, predictions in a folder, or recordings of results",
        description="With --data: one MODEL (a folder, or a name of the package's), or a folder of what mt-perception "
        "run wrote, of the model that --model names. Else: recordings with masks and depth, compared with the first.",
    )
    parser.add_argument("targets", nargs="+", metavar="MODEL_OR_BAG", help="what is scored; @FILE lists recordings")
    add_on_data(parser)
    add_recordings(parser)
    parser.set_defaults(command=_evaluate)


def add_on_data(parser: argparse.ArgumentParser, required: bool = False) -> None:
    """Add the options that `evaluate_on_data` takes."""
    text = "the data sets to score on, such as camvid=~/camvid"
    parser.add_argument("--data", nargs="+", default=[], required=required, metavar="NAME=FOLDER", help=text)
    on_data = parser.add_argument_group("with --data")
    on_data.add_argument("--split", choices=("train", "val"), help="(default: val)")
    text = "scored beside the split; default: what the model's card says it was not trained on (none: leave that out)"
    on_data.add_argument("--holdout", nargs="*", metavar="NAME=GROUP", help=text)
    text = "arithmetic of the network (default: auto)"
    on_data.add_argument("--precision", choices=SETTINGS["precision"].choices, help=text)
    text = "add the curves of a training run to the report: what `train --out` wrote"
    on_data.add_argument("--run", dest="training_run", type=Path, metavar="DIR", help=text)


def _evaluate(options: argparse.Namespace) -> int:
    is_on_data = bool(options.data)
    for name in _ON_RECORDINGS if is_on_data else _ON_DATA:
        if getattr(options, name):
            told = "run" if name == "training_run" else name.replace("_", "-")
            other = "recordings: leave out --data" if is_on_data else "data sets: add --data"
            raise EvaluateError(f"--{told} is for {other}")
    if not is_on_data:
        refuse_models(options.targets)
        return evaluate_recordings(options, options.targets)
    evaluate_on_data(options, one_target(options.targets))
    return 0


def evaluate_on_data(options: argparse.Namespace, target: str) -> None:
    """Score the model `target`, or the predictions in that folder of the model `options.model`; print and write it.

    What can be wrong with the options is found before the work begins.
    """
    from mt_perception.datasets.sources import parse_folders
    from mt_perception.datasets.splits import parse_holdout
    from mt_perception.evaluation.datasets.evaluate import data_results, evaluate_on, table
    from mt_perception.report.curves import read_curves

    check_reports(options)
    folders, split = parse_folders(options.data), options.split or "val"
    holdout = None if options.holdout is None else parse_holdout(options.holdout)
    curves = read_curves(options.training_run) if options.training_run else None
    worst = options.worst if options.html else 0
    board, card = evaluate_on(target, folders, split, holdout, options.precision or "auto", options.model, worst)
    print(table(board))
    if options.json:
        write_json(options.json, data_results(board, card, split))
    if options.html:
        from mt_perception.evaluation.datasets.page import page  # Matplotlib takes a second to import

        options.html.write_text(page(board, card, split, curves), encoding="utf-8")
        print(f"report: {options.html}")
