# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Render streets with exact labels and depth, in the layout of Cityscapes. What is there already is kept."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mt_city.errors import CityError
from mt_city.generate import VALIDATION_SEED, Drive, generate, parse_ranges
from mt_city.options import CityOptions

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None, program: str = "mt-city") -> int:
    """Run the command line; its exit status. What a user can mend is one line on standard error and status 1."""
    options = _parser(program).parse_args(arguments)
    try:
        generate(options.out, _drives(options), options.workers)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except (CityError, OSError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description=__doc__)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where the data set is written")
    parser.add_argument("--seeds", type=int, default=60, help="streets to train on (default: %(default)s)")
    parser.add_argument("--val-seeds", type=int, default=10, help="streets to validate on (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=6, help="images of each street (default: %(default)s)")
    parser.add_argument("--width", type=int, default=640, help="px (default: %(default)s)")
    parser.add_argument("--height", type=int, default=384, help="px (default: %(default)s)")
    text = (
        "what each drive's camera is drawn from, one value or a range: hfov_deg (field of view), height_m, pitch_deg "
        "(down), roll_deg, jitter_deg (of pitch and roll, for each image); by default cameras of all kinds"
    )
    parser.add_argument("--camera", nargs="+", default=[], metavar="NAME=LOW:HIGH", help=text)
    parser.add_argument("--stereo", action="store_true", help="write the right images too")
    parser.add_argument("--workers", type=int, default=1, help="processes (default: %(default)s)")
    return parser


def _drives(options: argparse.Namespace) -> list[Drive]:
    for name, least in (("seeds", 0), ("val_seeds", 0), ("frames", 1), ("workers", 1)):
        if (value := getattr(options, name)) < least:
            raise CityError(f"--{name.replace('_', '-')} is {value}; it must be {least} or more")
    streets = [(seed, "train") for seed in range(options.seeds)]
    streets += [(VALIDATION_SEED + seed, "val") for seed in range(options.val_seeds)]
    if not streets:
        raise CityError("--seeds and --val-seeds are 0; there is nothing to render")
    CityOptions(options.width, options.height)  # refuses what no camera can be
    camera = parse_ranges(options.camera)
    size = {"width_px": options.width, "height_px": options.height}
    return [Drive(seed, split, options.frames, **size, stereo=options.stereo, camera=camera) for seed, split in streets]
