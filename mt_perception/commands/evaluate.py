"""`mt-perception evaluate`: how good a model, its predictions in a folder, or recordings of its results are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mt_perception.commands.bag import add_recordings, check_reports, evaluate_recordings
from mt_perception.errors import Error
from mt_perception.settings import SETTINGS
from mt_perception.utils.json_safe import write_json

_ON_DATA = ("split", "holdout", "precision", "training_run")
_ON_RECORDINGS = ("truth", "truth_labels", "ray")


class EvaluateError(Error, ValueError):
    """Options that do not go together."""


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
        _refuse_models(options.targets)
        return evaluate_recordings(options, options.targets)
    if len(options.targets) > 1:
        raise EvaluateError(f"--data scores one model, not {len(options.targets)}; call it once for each")
    evaluate_on_data(options, options.targets[0])
    return 0


def evaluate_on_data(options: argparse.Namespace, target: str) -> None:
    """Score the model `target`, or the predictions in that folder of the model `options.model`; print and write it.

    What can be wrong with the options is found before the work begins.
    """
    from mt_perception.datasets.sources import parse_folders, require_folders
    from mt_perception.datasets.splits import parse_holdout
    from mt_perception.evaluation.datasets.collector import Collector
    from mt_perception.evaluation.datasets.evaluate import evaluate, table
    from mt_perception.evaluation.datasets.predictions import holds_predictions
    from mt_perception.model.bundle import open_model
    from mt_perception.report.curves import read_curves

    check_reports(options)
    folders, split = parse_folders(options.data), options.split or "val"
    holdout = None if options.holdout is None else parse_holdout(options.holdout)
    require_folders(list(holdout or ()), folders)
    curves = read_curves(options.training_run) if options.training_run else None
    predictions = Path(target) if holds_predictions(Path(target)) else None
    model = options.model if predictions else target
    card = open_model(model).card
    board = Collector(card.labels, options.worst if options.html else 0)
    evaluate(model, folders, split, board, options.precision or "auto", holdout, predictions)
    print(table(board))
    if options.json:
        write_json(options.json, {"model": card.name, "split": split, **board.results()})
    if options.html:
        from mt_perception.evaluation.datasets.page import page  # Matplotlib takes a second to import

        options.html.write_text(page(board, card, split, curves), encoding="utf-8")
        print(f"report: {options.html}")


def _refuse_models(targets: Sequence[str]) -> None:
    """Raise `EvaluateError` where a model is to be scored, and not said on what."""
    from mt_perception.model.bundle import CARD
    from mt_perception.utils.resources import packaged_models

    for target in targets:
        if (Path(target) / CARD).is_file() or target in packaged_models():
            raise EvaluateError(f"{target} is a model; tell on what to score it: --data NAME=FOLDER")
