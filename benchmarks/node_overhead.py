#!/usr/bin/env python3
# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the node adds to the bare network: for images of several sizes, raw and as JPEG, with results of either size."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from mt_perception.bench.interleaved import Row
from mt_perception.bench.node import ANSWERS, Load, measure_node
from mt_perception.bench.table import show
from mt_perception.commands.main import image_size
from mt_perception.settings import Settings
from mt_perception.topics import OUTPUT_TOPICS
from mt_perception.utils.entry import run

COLUMNS = (
    "image",
    "size",
    "transport",
    "output_size",
    "network_p50_ms",
    "node_p50_ms",
    "node_p99_ms",
    "overhead",
    "fps",
    "rss_mb",
    "stages",
)


def measure(
    settings: Settings,
    images: Sequence[tuple[int, int]],
    number: int,
    rate: float = 0.0,
    topics: Sequence[str] = ANSWERS,
) -> list[Row]:
    """One row for each size of image, way to send it, and size of results."""
    return [
        measure_node(
            settings.replace(output_size=output_size, image_transport=transport),
            Load(image, number, rate, topics=topics),
        )
        | {"transport": transport, "output_size": output_size}
        for image, transport, output_size in product(images, ("raw", "compressed"), ("input", "network"))
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=image_size, default=(0, 0), metavar="HxW", help="default: the model's own")
    parser.add_argument(
        "--camera-sizes", type=image_size, nargs="+", default=[(256, 512), (512, 1024), (1080, 1920)], metavar="HxW"
    )
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rate", type=float, default=0.0, help="images a second (default: each as soon as it may)")
    images = [each.name for each in OUTPUT_TOPICS if each.encoding]
    text = "what is awaited (default: mask and depth)"
    parser.add_argument("--topics", nargs="+", choices=images, default=list(ANSWERS), help=text)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    settings = Settings(input_height=options.size[0], input_width=options.size[1])
    rows = measure(settings, options.camera_sizes, options.images, options.rate, options.topics)
    show(rows, options.json, COLUMNS)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
