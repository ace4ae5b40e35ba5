# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception bag from-dataset`: its options, and what it prints."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_from_dataset(commands: Any) -> None:
    """Add the command to those of `mt-perception bag`."""
    parser = commands.add_parser(
        "from-dataset",
        help="record a data set: images, camera_info, true labels and depth",
        description="Layouts: Cityscapes (leftImg8bit/), the rendered city's, KITTI stereo 2015 (image_2/), CamVid "
        "(SPLIT/label11/). Stamps are the index over the rate, from 1 s on; sequence and frame numbers in file names "
        "are not looked at. Most data sets are no drives: their images have nothing to do with those before them.",
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder of the data set")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the new recording")
    parser.add_argument("--split", default="val", help="(default: %(default)s; of KITTI all is taken)")
    parser.add_argument("--rate", type=float, default=10.0, help="images per second (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N images (default: all)")
    parser.add_argument("--compressed", choices=("jpg", "png"), default="", help="(default: raw images)")
    parser.add_argument("--quality", type=int, default=95, help="of JPEG (default: %(default)s); truth is never JPEG")
    parser.add_argument("--storage", choices=("mcap", "sqlite3"), default="mcap", help="(default: %(default)s)")
    parser.set_defaults(command=_from_dataset)


def _from_dataset(options: argparse.Namespace) -> None:
    from mt_perception.datasets.recording import Form, record_dataset
    from mt_perception.datasets.sources import open_dataset

    reader = open_dataset(options.dataset, options.split)
    form = Form(options.compressed, options.quality)
    count = record_dataset(reader, options.out, options.rate, options.limit, form, options.storage)
    size = sum(file.stat().st_size for file in options.out.iterdir())
    print(f"{options.out}: {count} images, {size / 1e6:.1f} MB")
