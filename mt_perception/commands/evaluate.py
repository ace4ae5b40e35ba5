"""`mt-perception evaluate`: how good a model, its predictions in a folder, or recordings of its results are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from mt_perception.commands.bag import add_recordings, evaluate_recordings
from mt_perception.errors import Error
from mt_perception.settings import SETTINGS

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
    text = "the data sets to score on, such as camvid=~/camvid"
    parser.add_argument("--data", nargs="+", default=[], metavar="NAME=FOLDER", help=text)
    on_data = parser.add_argument_group("with --data")
    on_data.add_argument("--split", choices=("train", "val"), help="(default: val)")
    text = "scored beside the split; default: what the model's card says it was not trained on (none: leave that out)"
    on_data.add_argument("--holdout", nargs="*", metavar="NAME=GROUP", help=text)
    text = "arithmetic of the network (default: auto)"
    on_data.add_argument("--precision", choices=SETTINGS["precision"].choices, help=text)
    text = "add the curves of a training run to the report: what `train --out` wrote"
    on_data.add_argument("--run", dest="training_run", type=Path, metavar="DIR", help=text)
    add_recordings(parser)
    parser.set_defaults(command=_evaluate)


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
    (target,) = options.targets
    options.split, options.precision = options.split or "val", options.precision or "auto"
    # it comes with the training, which knows what a model has seen: not imported, but asked for by its name
    import_module("mt_perception_training.report.command").run_on(options, target)
    return 0


def _refuse_models(targets: Sequence[str]) -> None:
    """Raise `EvaluateError` where a model is to be scored, and not said on what."""
    from mt_perception.model.bundle import CARD
    from mt_perception.utils.resources import packaged_models

    for target in targets:
        if (Path(target) / CARD).is_file() or target in packaged_models():
            raise EvaluateError(f"{target} is a model; tell on what to score it: --data NAME=FOLDER")
