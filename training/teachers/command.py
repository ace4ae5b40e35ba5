# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception-train pseudo-label`: what other networks say of images, written for a training to learn from."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mt_perception.datasets.sample import DatasetError, Reader
from mt_perception.datasets.sources import READERS, parse_folders
from mt_perception.types import Camera
from mt_perception_training.teachers.network import TeacherError

IMAGES = "images"
"""The data set that is a mere folder of images."""
ASSUMED_FX = {"idd_lite": 0.9}
"""Focal length as a share of the width of data sets that tell none, where it is not about 1."""
_CAMERA = ("fx_px", "fy_px", "cx_px", "cy_px")


def add_parser(commands: Any) -> None:
    """Add the command to those of `mt-perception-train`."""
    parser = commands.add_parser(
        "pseudo-label",
        help="let other networks say what images show: labels and depth to learn from",
        description="Writes DIR/NAME/labels, confidence and depth for every image of the data sets, for train"
        " --pseudo-labels DIR. A command that was stopped goes on where it was when given again.",
    )
    text = "a model bundle, or the YAML file of an ONNX network for labels or for depth; one of each may be given"
    parser.add_argument("--teacher", action="append", required=True, type=Path, metavar="T", help=text)
    text = "where the data sets lie, such as cityscapes=~/cityscapes"
    parser.add_argument("--data", nargs="+", default=[], metavar="NAME=FOLDER", help=text)
    text = f"a folder of images; the same as --data {IMAGES}=FOLDER"
    parser.add_argument("--images", type=Path, metavar="FOLDER", help=text)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where the result is written")
    parser.add_argument("--split", default="train", choices=("train", "val"), help="(default %(default)s)")
    text = "labels that the teacher is less sure of are left out (default %(default)s)"
    parser.add_argument("--confidence", type=float, default=0.5, metavar="P", help=text)
    parser.add_argument("--no-flip", action="store_true", help="do not look at the mirror image too")
    text = "sizes at which a teacher of labels looks, times its own (default 1)"
    parser.add_argument("--scales", nargs="+", type=float, default=[1.0], metavar="S", help=text)
    _add_camera(parser)
    parser.add_argument("--threads", type=int, default=0, help="of the CPU; 0 for all cores")
    text = "images in DIR/NAME/preview.png (default %(default)s)"
    parser.add_argument("--preview", type=int, default=4, metavar="N", help=text)
    parser.set_defaults(run=_run)


def _add_camera(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("camera", "of images whose data set knows none")
    text = "focal length over width; depth then holds up to a factor (default 1; idd_lite 0.9)"
    group.add_argument("--assumed-fx", type=float, metavar="SHARE", help=text)
    text = "row of the horizon over height (default %(default)s)"
    group.add_argument("--assumed-horizon", type=float, default=0.47, metavar="SHARE", help=text)
    texts = ("focal length of --images; depth is then in metres", "(default: --fx-px)", "(default: the middle)",
             "of a level camera the row of the horizon (default: the middle)")  # fmt: skip
    for name, text in zip(_CAMERA, texts, strict=True):
        group.add_argument(f"--{name.replace('_', '-')}", type=float, metavar="PX", help=text)


def _run(options: argparse.Namespace) -> None:
    folders = parse_folders([*options.data, *([f"{IMAGES}={options.images}"] if options.images else [])])
    if not folders:
        raise TeacherError("there is nothing to label; give --data NAME=FOLDER or --images FOLDER")
    if IMAGES not in folders and any(getattr(options, name) is not None for name in _CAMERA):
        raise TeacherError("--fx-px, --fy-px, --cx-px and --cy-px are the camera of --images; give such a folder")
    readers = {name: READERS[name](folder, options.split) for name, folder in folders.items()}
    notes = {name: _camera_note(name, reader, options) for name, reader in readers.items()}

    from mt_perception_training.teachers.folder import PREVIEW, Asking, Pupil
    from mt_perception_training.teachers.opening import open_teachers
    from mt_perception_training.teachers.preview import write_preview
    from mt_perception_training.teachers.views import Views

    asking = Asking(options.confidence, Views(not options.no_flip, tuple(options.scales)))
    teachers = open_teachers(options.teacher, asking.views, options.threads)
    problems: list[str] = []
    for name, reader in readers.items():
        pupil = Pupil(options.out.expanduser() / name, reader, teachers, asking, notes[name])
        report = pupil.ask(name)
        for line in _tell(pupil.kinds, report):
            print(f"{name}: {line}", file=sys.stdout if line[0].isdigit() else sys.stderr)
        if options.preview > 0 and report.done:
            write_preview(pupil, options.preview)
            print(f"see {pupil.folder / PREVIEW}")
        problems += report.problems
    if problems:
        listed = "\n".join(f"  {each}" for each in problems)
        raise DatasetError(f"{len(problems)} images could not be labelled:\n{listed}")


def _tell(kinds: list[str], report: Any) -> Iterator[str]:
    """What was done, in a line that starts with a number; and what is wrong with it, in others."""
    counts = f"{report.done} images done, {report.kept} were there already, {len(report.problems)} failed"
    shares = [f"{text} {100 * value / report.done:.0f} % of the new ones' pixels"
              for kind, text, value in (("labels", "sure of", report.sure), ("depth", "depth on", report.known))
              if kind in kinds and report.done]  # fmt: skip
    yield "; ".join([counts, *shares])
    if report.no_sky:
        yield "nothing says where the sky is, so it has the teacher's depth; add a --teacher of labels"
    if report.done and "depth" in kinds and not report.known:
        yield "not one pixel got a depth; is the camera the right one?"


def _camera_note(name: str, reader: Reader, options: argparse.Namespace) -> dict[str, float]:
    """See `data.pseudo`: the camera of images that have none."""
    if name == IMAGES and options.fx_px is not None:
        from mt_perception_training.teachers.folder import first_readable

        height, width = first_readable(reader).size
        middle = {"cx_px": (width - 1) / 2, "cy_px": (height - 1) / 2, "fy_px": options.fx_px}
        given = {each: getattr(options, each) for each in _CAMERA if getattr(options, each) is not None}
        camera = asdict(Camera(width, height, **{**middle, **given}))
        return {key: value for key, value in camera.items() if value is not None}
    if any(getattr(options, each) is not None for each in _CAMERA) and options.fx_px is None:
        raise TeacherError("a camera needs its focal length; give --fx-px")
    fx_share = ASSUMED_FX.get(name, 1.0) if options.assumed_fx is None else options.assumed_fx
    if not (0 < fx_share < 100 and 0 <= options.assumed_horizon <= 1):
        raise TeacherError("--assumed-fx must be above 0, --assumed-horizon a share of the height, 0 to 1")
    return {"fx_share": fx_share, "horizon": options.assumed_horizon}
