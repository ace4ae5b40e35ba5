#!/usr/bin/env python3
# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Time and memory of the whole node against the pixels of its input, and of several cameras in one node or in one each.

`fps` and `cpu_percent` are those of all cameras together, `all_rss_mb` what is resident of all nodes' processes.
"""

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
    "size", "megapixels", "cameras", "nodes", "network_p50_ms", "node_p50_ms", "node_p99_ms", "fps", "cpu_percent",
    "all_rss_mb",
)  # fmt: skip


def measure(
    sizes: Sequence[tuple[int, int]],
    cameras: Sequence[int],
    number: int,
    rounds: int = 4,
    progress: bool = True,
    streams: int = 0,
) -> list[Row]:
    """A row for each size with one camera, then two for more cameras at the first size: in one node, in one each."""
    steps = [(size, 1, True) for size in sizes]
    steps += [(sizes[0], count, is_shared) for count in cameras if count > 1 for is_shared in (True, False)]
    rows = []
    for (height, width), count, is_shared in steps:
        load = Load((height, width), number, rounds=rounds, cameras=count, shared=is_shared)
        row = measure_node(Settings(input_height=height, input_width=width, streams=streams), load, progress)
        rows.append(row | {"nodes": 1 if is_shared else count, "megapixels": round(height * width / 1e6, 3)})
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sizes = [(256, 512), (384, 640), (400, 1024), (512, 1024), (800, 2048)]
    parser.add_argument("--sizes", type=image_size, nargs="+", default=sizes, metavar="HxW", help="image and input")
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 2, 4, 6])
    parser.add_argument("--images", type=int, default=100, help="for each camera")
    text = "of a node's OpenVINO: images at the same time (default: one for each core and camera)"
    parser.add_argument("--streams", type=int, default=0, help=text)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    rows = measure(options.sizes, options.cameras, options.images, streams=options.streams)
    show(rows, options.json, COLUMNS)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
