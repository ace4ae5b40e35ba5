# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception-train depth`: prepare the depth of a data set in the layout of Cityscapes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mt_perception_training.depth.options import SOURCES, Preparation, PreparationError

_DEFAULT = Preparation()


def add_parser(commands: Any) -> None:
    """Add the command `depth` to the parsers of `mt-perception-train`; `run` is what it calls."""
    parser = commands.add_parser(
        "depth",
        help="prepare depth: from official disparity, block matching or a stereo network",
        description="Cut, smooth and resize the depth of a folder in the layout of Cityscapes; images, labels and"
        " cameras go along. The result is a folder in the same layout. A command that was stopped goes on where it"
        " was when given again.",
    )
    parser.add_argument("folder", type=Path, help="the data set, such as ~/cityscapes")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where the result is written")
    parser.add_argument("--source", default=_DEFAULT.source, choices=SOURCES, help="of disparity (default %(default)s)")
    parser.add_argument("--teacher", type=Path, metavar="FILE", help="YAML file of the stereo network (see teacher.py)")
    parser.add_argument("--splits", nargs="+", default=[], metavar="SPLIT", help="train, val, ... (default: all)")
    _add_cleaning(parser)
    parser.add_argument("--workers", type=int, default=1, help="processes (default %(default)s)")
    parser.add_argument("--ray", default="", metavar="ADDRESS", help="run on a Ray cluster: HOST:PORT, auto or local")
    parser.add_argument("--preview", type=int, default=4, metavar="N", help="images in OUT/preview.png (default 4)")
    parser.add_argument("--preview-only", action="store_true", help="write OUT/preview.png and nothing else")
    parser.set_defaults(run=_run)


def _add_cleaning(parser: argparse.ArgumentParser) -> None:
    numbers = {
        "cut_top": "share of the rows cut off at the top",
        "cut_left": "share of the columns cut off at the left edge",
        "cut_bottom": "share of the rows cut off at the bottom, where the bonnet is",
        "scale": "size of the result over that of the cut image",
        "smoothing_px": "median filter: 1 (none), 3 or 5 px",
        "max_disparity_px": "how far sgbm searches; a multiple of 16",
        "max_depth_m": "what seems farther is unknown",
    }
    for name, text in numbers.items():
        default = getattr(_DEFAULT, name)
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=type(default), default=default, metavar="X", help=f"{text} (default {default})")
    switches = {
        "inpaint": "give unknown pixels the depth behind them, as published; by default they stay unknown",
        "sky": "where the labels say sky there is no depth; by default so",
    }
    for name, text in switches.items():
        default = getattr(_DEFAULT, name)
        parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=default, help=text)


def _run(options: argparse.Namespace) -> None:
    from mt_perception_training.depth.prepare import PREVIEW, check_manifest, find_samples, prepare_folder
    from mt_perception_training.depth.preview import write_preview

    names = (
        "source", "cut_top", "cut_left", "cut_bottom", "scale", "smoothing_px", "max_disparity_px", "max_depth_m",
        "inpaint", "sky",
    )  # fmt: skip
    teacher = str(options.teacher.expanduser().resolve()) if options.teacher else ""
    preparation = Preparation(teacher=teacher, **{name: getattr(options, name) for name in names})
    samples = find_samples(options.folder, options.out, preparation, options.splits)
    out = options.out.expanduser()
    preview = out / PREVIEW
    if options.preview_only:
        write_preview(preview, samples, preparation, max(1, options.preview))
        print(f"see {preview}")
        return
    check_manifest(out, preparation)
    report = prepare_folder(samples, preparation, options.workers, options.ray)
    print(f"{report.prepared} images prepared, {report.kept} were there already, {len(report.problems)} failed")
    if options.preview > 0:
        good = [sample for sample in samples if sample.written("camera").is_file()]
        if good and (report.prepared or not preview.is_file()):
            write_preview(preview, good, preparation, options.preview)
            print(f"see {preview}")
    if report.problems:
        listed = "\n".join(f"  {each}" for each in report.problems)
        raise PreparationError(f"{len(report.problems)} of {len(samples)} images could not be prepared:\n{listed}")
