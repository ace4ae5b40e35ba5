#!/usr/bin/env python3
"""What the node adds to the bare network: for images of several sizes, with the results at either size."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from mt_perception.bench.interleaved import Row
from mt_perception.bench.node import Load, measure_node
from mt_perception.bench.table import show
from mt_perception.commands.main import image_size
from mt_perception.settings import SETTINGS, Settings
from mt_perception.utils.entry import run

COLUMNS = (
    "image",
    "size",
    "output_size",
    "network_p50_ms",
    "node_p50_ms",
    "node_p99_ms",
    "overhead",
    "rss_mb",
    "stages",
)


def measure(
    settings: Settings, images: Sequence[tuple[int, int]], number: int, rounds: int = 5, progress: bool = True
) -> list[Row]:
    """One row for each size of image and of results."""
    return [
        measure_node(settings.replace(output_size=output_size), Load(image, number, rounds=rounds), progress)
        | {"output_size": output_size}
        for image, output_size in product(images, SETTINGS["output_size"].choices)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=image_size, default=(0, 0), metavar="HxW", help="default: the model's own")
    parser.add_argument(
        "--camera-sizes", type=image_size, nargs="+", default=[(256, 512), (512, 1024), (1080, 1920)], metavar="HxW"
    )
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    settings = Settings(input_height=options.size[0], input_width=options.size[1])
    show(measure(settings, options.camera_sizes, options.images), options.json, COLUMNS)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
