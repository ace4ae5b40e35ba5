#!/usr/bin/env python3
# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Resident memory of the node over thousands of images: how much it grows after the first few hundred."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from mt_perception.bench.interleaved import Row
from mt_perception.bench.node import Load, running_nodes
from mt_perception.bench.table import show
from mt_perception.commands.main import image_size
from mt_perception.settings import Settings
from mt_perception.utils.entry import run


def measure(settings: Settings, image: tuple[int, int], number: int, step: int, progress: bool = True) -> list[Row]:
    """The memory after every `step` images, and its growth in per cent since the first step."""
    rows: list[Row] = []
    with running_nodes(settings, Load(image)) as (node,):
        for done in tqdm(range(step, number + 1, step), unit=f"x{step} images", disable=not progress):
            node.ask(step, rate=0.0)
            node.collect()
            rss_mb = round(node.rss_mb, 2)
            first_mb = rows[0]["rss_mb"] if rows else rss_mb
            growth = round(100 * (rss_mb / first_mb - 1), 2)
            rows.append({"images": done, "rss_mb": rss_mb, "growth_percent": growth, "dropped": node.dropped})
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image-size", type=image_size, default=(512, 1024), metavar="HxW")
    parser.add_argument("--size", type=image_size, default=(0, 0), metavar="HxW", help="default: the model's own")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--step", type=int, default=500)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    settings = Settings(input_height=options.size[0], input_width=options.size[1])
    show(measure(settings, options.image_size, options.images, options.step), options.json)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
