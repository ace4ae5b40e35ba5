#!/usr/bin/env python3
# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How many images a second `bag process` does, beside what the bare network could do: does anything hold it up?

The network alone computes images that were decoded before, as `bag process` does: one on each core. `bag process`
reads, decodes, computes, and writes its results; with `kept`, the messages of the recording as well. The recording is
the given one, as often as it takes, 10 images a second. `cpu_ms` is the processor's time for an image, of all threads,
in the round that took least, and `cpu_ratio` the network's over it: those of a busy machine can be believed more than
how long it took.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt_perception.backends import Backend
from mt_perception.bags.bag import Bag
from mt_perception.bags.sources import BagSource
from mt_perception.bags.writer import BagWriter
from mt_perception.bench.interleaved import BenchmarkCase, Row, per_image, run_interleaved, with_rate, with_ratio
from mt_perception.bench.table import show
from mt_perception.commands.main import image_size
from mt_perception.geometry import LetterBox
from mt_perception.messages.read import frame_from_message
from mt_perception.processing.prefetch import ordered_map
from mt_perception.processing.process import process_bag
from mt_perception.processing.shard import Processing, inference_workers
from mt_perception.settings import Settings
from mt_perception.topics import camera_info_topic
from mt_perception.types import OUTPUTS
from mt_perception.utils.entry import run
from mt_perception.utils.hardware import usable_cores
from mt_perception.utils.json_safe import check_folder
from mt_perception.utils.resources import city_recording

COLUMNS = ("variant", "size", "images", "p50_ms", "per_second", "ratio", "cpu_ms", "cpu_ratio")


def measure(settings: Settings, source: Path, images: int, rounds: int, progress: bool = True) -> list[Row]:
    """A row for the network and for each way of processing; milliseconds are those of one image."""
    networks = inference_workers(settings, usable_cores())  # the same ones: more in one process slow each other down
    frames = [frame_from_message(each.image.message()) for each in BagSource(source)]
    fitted = [LetterBox.named(settings.fit, frame.size, networks[0].size).apply(frame) for frame in frames]

    def network() -> None:
        workers = [partial(infer, each.backend) for each in networks]
        deque(ordered_map(islice(cycle(fitted), images), workers), maxlen=0)

    with tempfile.TemporaryDirectory() as folder:
        recording = repeated(source, Path(folder) / "recording", images)
        numbers = count()

        def process(keep: bool) -> None:
            with contextlib.redirect_stderr(io.StringIO()):  # its own progress
                process_bag(recording, Path(folder) / str(next(numbers)), Processing(settings, keep=keep))

        ways = {
            "network alone": network,
            "bag process": lambda: process(False),
            "bag process, kept": lambda: process(True),
        }
        height, width = networks[0].size
        facts = {"size": f"{height}x{width}", "images": images}
        cpu_s: dict[str, list[float]] = {name: [] for name in ways}
        cases = [
            BenchmarkCase({"variant": name, **facts}, per_image(counted(way, cpu_s[name]), images))
            for name, way in ways.items()
        ]
        rows = with_rate(with_ratio(run_interleaved(cases, rounds, turn_s=0, progress=progress)))
    least_ms = {name: 1e3 * min(values) / images for name, values in cpu_s.items()}
    ratios = {name: least_ms["network alone"] / value for name, value in least_ms.items()}
    return [row | {"cpu_ms": least_ms[row["variant"]], "cpu_ratio": ratios[row["variant"]]} for row in rows]


def infer(backend: Backend, image: NDArray[np.uint8]) -> None:
    """All outputs of one image."""
    backend.infer(image, 1.0, tuple(OUTPUTS))


def repeated(source: Path, target: Path, images: int, rate_hz: int = 10) -> Path:
    """A recording of so many `images`: those of `source` over and over, with their camera_info."""
    topic = BagSource(source).topic
    with Bag(source) as bag, BagWriter(target) as writer:
        given = list(bag.messages((topic, camera_info_topic(topic))))
        written = 0
        for each in cycle(given):
            writer.write(each.topic, each.type_name, written * 10**9 // rate_hz, each.data)
            written += each.topic == topic
            if written == images:
                break
    return target


def counted(work: Callable[[], None], cpu_s: list[float]) -> Callable[[], None]:
    """`work`, of which `cpu_s` gets the processor's seconds, of all threads."""

    def run() -> None:
        before_s = time.process_time()
        work()
        cpu_s.append(time.process_time() - before_s)

    return run


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, default=city_recording(), help="a recording (default: a rendered street)")
    parser.add_argument("--size", type=image_size, default=(0, 0), metavar="HxW", help="default: the model's own")
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    check_folder(options.json)
    settings = Settings(input_height=options.size[0], input_width=options.size[1])
    show(measure(settings, options.input, options.images, options.rounds), options.json, COLUMNS)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
