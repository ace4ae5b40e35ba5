# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception-train`: train, generate streets, evaluate and export from a shell."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mt_perception.commands.completion import complete
from mt_perception.datasets.sources import parse_folders
from mt_perception.datasets.splits import parse_holdout
from mt_perception.utils.entry import missing, run
from mt_perception.utils.former_names import current_options
from mt_perception_training.depth.command import add_parser as add_depth
from mt_perception_training.evaluate_command import add_parser as add_evaluate
from mt_perception_training.options import RunOptions
from mt_perception_training.quantize_command import add_parser as add_quantize
from mt_perception_training.recipe import load_recipe
from mt_perception_training.teachers.command import add_parser as add_pseudo_label


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. What a user can mend ends in one sentence, not in a traceback."""
    parser = build_parser()
    complete(parser)
    options, rest = parser.parse_known_args(current_options(arguments))
    if rest and not hasattr(options, "passed_on"):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.passed_on = rest
    try:
        return run(lambda: options.run(options), "mt-perception-train")
    except ModuleNotFoundError as error:
        return missing(error)


def build_parser() -> argparse.ArgumentParser:
    """All commands and options."""
    parser = argparse.ArgumentParser(prog="mt-perception-train", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train a network by a recipe"))
    add_evaluate(commands)
    add_depth(commands)
    add_pseudo_label(commands)
    _add_export(commands.add_parser("export", help="write a checkpoint as a model that the node loads"))
    add_quantize(commands)
    text = "render streets in the layout of Cityscapes; its options are those of mt-city"
    commands.add_parser("city", help=text, add_help=False).set_defaults(run=_city, passed_on=())
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    text = "where the data sets lie, such as cityscapes=~/cityscapes"
    parser.add_argument("--data", nargs="+", default=[], metavar="NAME=FOLDER", help=text)


def _add_holdout(parser: argparse.ArgumentParser, text: str) -> None:
    """The option that `parse_holdout` reads."""
    text = f"drives, streets or cities of a data set, such as camvid=0001TP: {text}"
    parser.add_argument("--holdout", nargs="*", metavar="NAME=GROUP", help=text)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", required=True, help="a YAML file, or one of: street, city, baseline")
    _add_data(parser)
    _add_holdout(parser, "trained without them and validated on them, beside what the recipe says")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="checkpoints and logs")
    text = (
        "what other networks say of the images, for where their truth is silent; see mt-perception-train pseudo-label"
    )
    parser.add_argument("--pseudo-labels", type=Path, metavar="DIR", help=text)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out")
    text = (
        "a checkpoint's file, a model's folder or the name of a model of the package to start from, as far as it fits"
    )
    parser.add_argument("--weights", default="", metavar="START", help=text)
    parser.add_argument("--accelerator", default="auto", help="cpu, gpu or auto")
    parser.add_argument("--devices", default="auto", help="how many, or which")
    parser.add_argument("--nodes", type=int, default=1, help="machines of a distributed run")
    text = "Lightning's name of the arithmetic; auto: bf16-mixed where it is native, else 32-true"
    parser.add_argument("--precision", default="auto", help=text)
    parser.add_argument("--threads", type=int, default=0, help="of PyTorch on a CPU; 0 for all cores")
    parser.add_argument("--epochs", type=int, help="stop after so many epochs, to go on later with --resume")
    parser.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> None:
    recipe, folders = load_recipe(options.recipe), parse_folders(options.data)
    from lightning.pytorch.utilities import rank_zero_only  # Lightning takes seconds to import

    from mt_perception_training.train import train

    names = (
        "out", "resume", "weights", "accelerator", "devices", "nodes", "precision", "threads", "epochs", "pseudo_labels"
    )  # fmt: skip
    run_options = RunOptions(**{name: getattr(options, name) for name in names})
    recipe = replace(recipe, holdout={**recipe.holdout, **parse_holdout(options.holdout or ())})
    best = train(recipe, folders, run_options)
    rank_zero_only(print)(f"best checkpoint: {best}")  # once, however many processes trained


def _city(options: argparse.Namespace) -> int:
    from mt_perception.datasets.city import require_city

    require_city()
    from mt_city.command import main as city

    return city(options.passed_on, "mt-perception-train city")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", required=True, type=Path, metavar="FILE", help="best.ckpt or last.ckpt")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the model bundle to write or replace")
    _add_data(parser)
    _add_holdout(parser, "scored beside those of the checkpoint's recipe; it must not have been trained on them")
    text = "write a model whose depth is no better than a table that knows only the image row, too"
    parser.add_argument("--allow-no-skill", action="store_true", help=text)
    parser.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> None:
    from mt_perception.model.text import describe
    from mt_perception_training.export import export

    holdout = parse_holdout(options.holdout or ())
    bundle = export(options.checkpoint, options.out, parse_folders(options.data), holdout, options.allow_no_skill)
    print(describe(bundle))
