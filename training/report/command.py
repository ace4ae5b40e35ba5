"""`mt-perception-train evaluate`: scores as a table, as JSON, and as a report to look at."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mt_perception.settings import SETTINGS
from mt_perception.utils.json_safe import check_folder, write_json
from mt_perception_training.data.sources import parse_folders, require_folders
from mt_perception_training.data.splits import add_holdout, parse_holdout
from mt_perception_training.options import TrainingError
from mt_perception_training.predictions import holds_predictions


def add_parser(commands: Any) -> None:
    """Add the subcommand `evaluate` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser("evaluate", help="score a model on images with truth, and show where it fails")
    parser.add_argument("--model", default="", help=SETTINGS["model"].description)
    text = "where the data sets lie, such as cityscapes=~/cityscapes"
    parser.add_argument("--data", nargs="+", required=True, metavar="NAME=FOLDER", help=text)
    parser.add_argument("--split", default="val", choices=("train", "val"), help="(default val)")
    text = "scored beside the split; by default what the model's card says it was not trained on (none: leave that out)"
    add_holdout(parser, text)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number here")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with images here, one file")
    text = "add the curves of a training run to the report: what `train --out` wrote"
    parser.add_argument("--run", dest="training_run", type=Path, metavar="DIR", help=text)
    text = "frames of each data set that the report shows, the worst first (default 8)"
    parser.add_argument("--worst", type=int, default=8, metavar="N", help=text)
    text = "arithmetic of the network (default auto)"
    parser.add_argument("--precision", default="auto", choices=SETTINGS["precision"].choices, help=text)
    parser.set_defaults(run=_old_run)


def _old_run(options: argparse.Namespace) -> None:
    print("mt-perception-train evaluate is now mt-perception evaluate MODEL --data NAME=FOLDER", file=sys.stderr)
    run(options)


def run_on(options: argparse.Namespace, target: str) -> None:
    """As `run`, of the model `target`, or of the predictions in that folder by `options.model`."""
    if holds_predictions(Path(target)):
        run(options, Path(target))
    else:
        options.model = target
        run(options)


def run(options: argparse.Namespace, predictions: Path | None = None) -> None:
    """Evaluate, print, write. What can be wrong with the options is found before the work begins.

    `predictions`: a folder with what the model said, which is scored instead of asking it.
    """
    folders = parse_folders(options.data)
    holdout = None if options.holdout is None else parse_holdout(options.holdout)
    require_folders(list(holdout or ()), folders)
    if options.worst < 0:
        raise TrainingError(f"--worst is {options.worst}; it must be 0 or more")
    for file in (options.json, options.html):
        check_folder(file)
    from mt_perception_training.report.curves import read_curves

    curves = read_curves(options.training_run) if options.training_run else None

    from mt_perception.model.bundle import open_model
    from mt_perception_training.evaluate import evaluate, table
    from mt_perception_training.report.collector import Collector

    card = open_model(options.model).card
    board = Collector(card.labels, options.worst)
    evaluate(options.model, folders, options.split, board, options.precision, holdout, predictions)
    print(table(board))
    if options.json:
        facts = {"model": card.name, "split": options.split, **board.results()}
        write_json(options.json, facts)
    if options.html:
        from mt_perception_training.report.page import page  # Matplotlib takes a second to import

        options.html.write_text(page(board, card, options.split, curves), encoding="utf-8")
        print(f"report: {options.html}")
