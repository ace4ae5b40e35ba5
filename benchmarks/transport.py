#!/usr/bin/env python3
# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What config/fastdds.xml is good for: large images to a node as a camera sends them, without it and with it.

The network is small and the results too, so that the way of the image is what takes the time.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from mt_perception.bench.interleaved import Row
from mt_perception.bench.node import Load, running_nodes
from mt_perception.bench.table import show
from mt_perception.commands.main import image_size
from mt_perception.metrics.scores import percentiles
from mt_perception.settings import Settings
from mt_perception.utils.entry import run


def measure(image: tuple[int, int], number: int, rate: float, progress: bool = True) -> list[Row]:
    """Latency and loss without the file, then with it."""
    settings = Settings(input_width=64, input_height=32, output_size="network")
    rows = []
    for with_file in tqdm((False, True), desc="transport", disable=not progress):
        with running_nodes(settings, Load(image, large_images=with_file)) as (node,):
            node.ask(number, rate)
            node.collect()
            latency = {f"{name}_ms": value for name, value in percentiles(node.latencies_ms).items()}
            answered = number - node.dropped
        name = "with config/fastdds.xml" if with_file else "Fast DDS as it is"
        size = f"{image[0]}x{image[1]}"
        rows.append({"transport": name, "image": size, "sent": number, "answered": answered, **latency})
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image-size", type=image_size, default=(1080, 1920), metavar="HxW")
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    columns = ("transport", "image", "sent", "answered", "p50_ms", "p95_ms", "p99_ms")
    show(measure(options.image_size, options.images, options.rate), options.json, columns)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
