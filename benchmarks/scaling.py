#!/usr/bin/env python3
"""Time and memory of the whole node against the pixels of its input, and against 1, 2, 4 cameras with a node each."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mt_perception.bench.interleaved import Row
from mt_perception.bench.node import Load, measure_node
from mt_perception.bench.table import show
from mt_perception.commands.main import image_size
from mt_perception.settings import Settings
from mt_perception.utils.entry import run

COLUMNS = (
    "size", "megapixels", "cameras", "network_p50_ms", "node_p50_ms", "node_p99_ms", "fps", "cpu_percent", "rss_mb",
)  # fmt: skip


def measure(
    sizes: Sequence[tuple[int, int]], cameras: Sequence[int], number: int, rounds: int = 4, progress: bool = True
) -> list[Row]:
    """A row for each size with one camera, then for more cameras at the first size; `fps` counts all of them."""
    steps = [(size, 1) for size in sizes] + [(sizes[0], count) for count in cameras if count > 1]
    rows = []
    for (height, width), count in steps:
        load = Load((height, width), number, rounds=rounds, cameras=count)
        row = measure_node(Settings(input_height=height, input_width=width), load, progress)
        rows.append(row | {"megapixels": round(height * width / 1e6, 3)})
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [(256, 512), (384, 640), (400, 1024), (512, 1024), (800, 2048)]
    parser.add_argument("--sizes", type=image_size, nargs="+", default=sizes, metavar="HxW", help="image and input")
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--images", type=int, default=100, help="for each camera")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    show(measure(options.sizes, options.cameras, options.images), options.json, COLUMNS)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
