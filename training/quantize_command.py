# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception-train quantize`: the int8 graph of a model, with what it costs against the truth."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mt_perception.datasets.sources import parse_folders
from mt_perception.settings import SETTINGS


def add_parser(commands: Any) -> None:
    """Add the subcommand `quantize` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser("quantize", help="add an int8 graph to a model, if that costs little accuracy")
    parser.add_argument("--model", default="", help=SETTINGS["model"].description)
    text = "data sets: quantise on their split train, compare on val; such as cityscapes=~/cityscapes"
    parser.add_argument("--data", nargs="+", required=True, metavar="NAME=FOLDER", help=text)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="may be the model itself")
    parser.add_argument("--images", type=int, default=200, metavar="N", help="to quantise on (default: %(default)s)")
    text = "refuse if the mean IoU falls by more, in points (default: %(default)s)"
    parser.add_argument("--max-miou-drop", type=float, default=1.0, metavar="POINTS", help=text)
    text = "refuse if AbsRel rises by more, in percent of itself (default: %(default)s)"
    parser.add_argument("--max-abs-rel-drop", type=float, default=3.0, metavar="PERCENT", help=text)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Quantise, print what it costs, write."""
    folders = parse_folders(options.data)
    from mt_perception.model.bundle import open_model
    from mt_perception_training.quantize import quantize

    allowed = {"miou": options.max_miou_drop / 100, "abs_rel": options.max_abs_rel_drop / 100}
    bundle = open_model(options.model)
    bundle, drops = quantize(bundle, folders, options.images, allowed, options.out)
    print("\n".join(str(drop) for drop in drops))
    print(f"{bundle.folder}: int8 graph added")
