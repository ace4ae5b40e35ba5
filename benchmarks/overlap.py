#!/usr/bin/env python3
# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a node on a CPU could win by working on the next image beside the network: images a second, and their age.

An image is there whenever one is taken, as from a camera that is quick. `age_ms` is from taking it until its mask and
its depth are copied; DDS is left out. `one by one` is what the node does; `decoded ahead` reads the next image beside
the network; `one a core` has an image on each core, from its reading to its results.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mt_perception.bags.sources import BagSource
from mt_perception.bench.interleaved import BenchmarkCase, Row, per_image, run_interleaved, with_rate, with_ratio
from mt_perception.bench.table import show
from mt_perception.commands.main import image_size
from mt_perception.messages.read import frame_from_message
from mt_perception.messages.rosbags import new_compressed, new_header, new_image
from mt_perception.pipeline import Perceiver
from mt_perception.processing.prefetch import ordered_map, prefetch
from mt_perception.settings import Settings
from mt_perception.types import Frame
from mt_perception.utils.entry import run
from mt_perception.utils.hardware import usable_cores
from mt_perception.utils.json_safe import check_folder
from mt_perception.utils.resources import city_recording

COLUMNS = ("image", "transport", "way", "p50_ms", "per_second", "ratio", "age_ms")
NEEDS = ("mask", "depth_m")
Taken = tuple[float, Frame]
"""When an image was taken (s), and what was read."""


class Ways:
    """The ways to have so many images of one message answered; each tells their ages in milliseconds."""

    def __init__(self, settings: Settings, message: Any) -> None:
        self._message = message
        self._whole = Perceiver.open(settings)
        shared = Perceiver.open(settings.replace(streams=usable_cores()))
        self._shared = [shared, *shared.siblings(usable_cores() - 1)]

    def network_alone(self, count: int) -> list[float]:
        return [self._infer(np.zeros((*self._whole.size, 3), np.uint8)) for _ in range(count)]

    def one_by_one(self, count: int) -> list[float]:
        return [self._answer(self._whole, self._take(self._whole)) for _ in range(count)]

    def decoded_ahead(self, count: int) -> list[float]:
        taken = prefetch((self._take(self._whole) for _ in range(count)), waiting=1)
        return [self._answer(self._whole, each) for each in taken]

    def one_a_core(self, count: int) -> list[float]:
        def both(perceiver: Perceiver, _: int) -> float:
            return self._answer(perceiver, self._take(perceiver))

        return list(ordered_map(range(count), [partial(both, each) for each in self._shared]))

    def _infer(self, image: Any) -> float:
        before_s = time.perf_counter()
        self._whole.backend.infer(image, 1.0, NEEDS)
        return 1e3 * (time.perf_counter() - before_s)

    def _take(self, perceiver: Perceiver) -> Taken:
        now_s = time.perf_counter()
        return now_s, frame_from_message(self._message, sufficient=perceiver.sufficient_size)

    def _answer(self, perceiver: Perceiver, taken: Taken) -> float:
        prediction = perceiver(taken[1], NEEDS, keep=False)
        for each in (prediction.mask, prediction.depth_m):
            each.tobytes()
        return 1e3 * (time.perf_counter() - taken[0])


def measure(settings: Settings, size: tuple[int, int], transport: str, images: int, rounds: int) -> list[Row]:
    """A row for each way; `size` is that of the image."""
    first = next(iter(BagSource(city_recording()))).image
    pixels = cv2.resize(frame_from_message(first.message()).image, size[::-1])
    head = new_header(1, "camera")
    message = new_image(pixels, "bgr8", head) if transport == "raw" else new_compressed(pixels, "jpg", head)
    ways = Ways(settings, message)
    cases, ages_ms = [], []
    for way in (ways.network_alone, ways.one_by_one, ways.decoded_ahead, ways.one_a_core):
        ages_ms.append(list[float]())
        facts = {"image": f"{size[0]}x{size[1]}", "transport": transport, "way": way.__name__.replace("_", " ")}
        cases.append(BenchmarkCase(facts, per_image(partial(answer, way, images, ages_ms[-1]), images)))
    rows = with_rate(with_ratio(run_interleaved(cases, rounds, turn_s=0)))
    return [row | {"age_ms": float(np.median(ages))} for row, ages in zip(rows, ages_ms, strict=True)]


def answer(way: Callable[[int], list[float]], images: int, ages_ms: list[float]) -> None:
    """Have so many images answered; `ages_ms` gets the age of each."""
    ages_ms += way(images)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=image_size, default=(0, 0), metavar="HxW", help="default: the model's own")
    parser.add_argument(
        "--camera-sizes", type=image_size, nargs="+", default=[(512, 1024), (1080, 1920)], metavar="HxW"
    )
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    check_folder(options.json)
    settings = Settings(input_height=options.size[0], input_width=options.size[1])
    rows = [
        row
        for size in options.camera_sizes
        for transport in ("raw", "compressed")
        for row in measure(settings, size, transport, options.images, options.rounds)
    ]
    show(rows, options.json, COLUMNS)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
