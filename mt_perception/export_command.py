"""`mt-perception export`: make what a backend needs ahead of time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Add the subcommand `export` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser("export", help="make a model's int8 graph for CPUs, from your own pictures")
    parser.add_argument("--model", type=Path, metavar="DIR", help="a model bundle (default: the one of the package)")
    parser.add_argument("--backend", default="openvino", choices=("openvino",), help="(default: %(default)s)")
    parser.add_argument("--precision", default="int8", choices=("int8",), help="(default: %(default)s)")
    text = "pictures like those that the model will see, or folders of them: some hundred"
    parser.add_argument("--pictures", type=Path, nargs="+", required=True, metavar="PATH", help=text)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model with its int8 graph")
    text = "refuse if labels change in more than this part of the pixels (default: %(default)s)"
    parser.add_argument("--max-label-change", type=float, default=0.03, metavar="SHARE", help=text)
    text = "refuse if metres change by more than this part on average (default: %(default)s)"
    parser.add_argument("--max-depth-change", type=float, default=0.03, metavar="SHARE", help=text)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Quantise on every second picture, and check the result on those between."""
    from mt_perception.bundle import load_bundle
    from mt_perception.quantize import MOST_PICTURES, add_int8, agreement, prepare
    from mt_perception.resources import default_model
    from mt_perception.sources import pictures_in, read_picture
    from mt_perception.types import Frame

    bundle = load_bundle(options.model or default_model())
    files = [file for path in options.pictures for file in pictures_in(path)]
    files = files[:: max(1, len(files) // (2 * MOST_PICTURES))]
    frames = [Frame(read_picture(file), "bgr") for file in files[::2]]
    others = prepare(bundle, (Frame(read_picture(file), "bgr") for file in files[1::2] or files))
    check = agreement(bundle, others, options.max_label_change, options.max_depth_change)
    bundle, losses = add_int8(bundle, frames, check, options.out)
    print("\n".join(str(loss) for loss in losses))
    print(f"{bundle.folder}: int8 graph added")
