# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The network in every way in which this machine can run it, and the baseline beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mt_perception.backends import BackendError
from mt_perception.bench.interleaved import BenchError, BenchmarkCase, Row
from mt_perception.model.bundle import open_model
from mt_perception.model.card import BundleError
from mt_perception.pipeline import Perceiver, Stopwatch
from mt_perception.settings import SETTINGS, Settings
from mt_perception.types import Frame

WANTED = ("mask", "depth_m")
BACKENDS = tuple(name for name in SETTINGS["backend"].choices if name not in ("auto", "onnxruntime"))
"""Those that are timed unless others are named: the graph for ONNX Runtime takes seconds to make for every size."""
USUAL_SIZE = (400, 1024)
_UNREST = 1.15
"""On a quiet machine the slowest in twenty runs of the eager baseline takes 1.05 times as long as usual."""
PRECISIONS = tuple(name for name in SETTINGS["precision"].choices if name != "auto")


def noise(size: tuple[int, int]) -> NDArray[np.uint8]:
    """A (H, W, 3) uint8 image; what is in it makes no difference to the time."""
    return np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)


def baseline(size: tuple[int, int], threads: int = 0) -> BenchmarkCase:
    """The baseline, as its authors ran it, with so many CPU threads (0: PyTorch's own choice).

    Raises `BenchError` where PyTorch is not installed.
    """
    try:
        from mt_perception.network.baseline import BaselineLoop

        loop = BaselineLoop(threads=threads)
    except ImportError as error:
        raise BenchError(
            f"the first row, the baseline, needs PyTorch ({error}): pip install 'mt_perception[torch]'"
        ) from error
    return eager([loop], f"baseline on {loop.device}", size)


def unrest(row: Row) -> str:
    """Why the milliseconds should not be believed, by the spread of the baseline's row; empty where they may be."""
    spread = row["p95_ms"] / row["p50_ms"]
    if spread < _UNREST:
        return ""
    return (
        f"the machine was busy: the p95 of the {row['variant']} is {spread:.2f} times its p50 ({_UNREST:g} or more); "
        "compare the ratios, not the milliseconds, or measure again"
    )


def eager(loops: Sequence[Any], variant: str, size: tuple[int, int]) -> BenchmarkCase:
    """Networks of PyTorch (`network.baseline.BaselineLoop`), one after the other on the same image."""
    image = noise(size)

    def run() -> Mapping[str, float]:
        watch = Stopwatch()
        for loop in loops:
            tensor = loop.prepare(image)
            watch.mark("prepare")
            outputs = loop.infer(tensor)
            watch.mark("network")
            loop.finish(outputs)
            watch.mark("restore")
        return watch.timings_ms

    return BenchmarkCase(_facts("eager", "fp32", variant, size), run)


def ours(settings: Settings, image: tuple[int, int] | None = None, outputs: Sequence[str] = WANTED) -> BenchmarkCase:
    """What `settings` name, from an image of the input's size unless another (height, width) is given, to `outputs`.

    With several `streams` an image runs on each at the same time, as of so many cameras, and the slowest counts.
    Raises what opening it raises, and `BackendError` where the backend has not so many streams.
    """
    perceiver = Perceiver.open(settings)
    perceiver.warm_up(outputs, runs=1)
    frame = Frame(noise(image or perceiver.size), "bgr")
    card = perceiver.bundle.card
    variant = f"{card.name}, imported" if card.imported else f"{card.name}, {card.network.decoder_width} wide"
    backend = perceiver.backend
    streams = settings.streams or 1
    facts = {
        **_facts(backend.name, backend.precision, variant, perceiver.size),
        "model": settings.model,
        "threads": settings.threads,
        "streams": streams,
        "outputs": list(outputs),
    }
    perceivers = [perceiver, *perceiver.siblings(streams - 1)]
    if len(perceivers) < streams:
        raise BackendError(f"it has no {streams} streams; openvino has")
    threads = ThreadPoolExecutor(streams)

    def run() -> Mapping[str, float]:
        timings_ms = threads.map(lambda each: each(frame, outputs).timings_ms, perceivers)
        return max(timings_ms, key=lambda each: sum(each.values()))

    return BenchmarkCase(facts, run if streams > 1 else lambda: perceiver(frame, outputs).timings_ms)


def usual_size(models: Sequence[str]) -> tuple[int, int]:
    """(height, width) at which networks are timed: 400x1024, or that of an imported one, which knows no other."""
    for name in models:
        with suppress(BundleError):  # it is told where the model is loaded
            if (card := open_model(name).card).imported:
                return card.input.height, card.input.width
    return USUAL_SIZE


def all_of_ours(
    size: tuple[int, int],
    models: Sequence[str] = ("",),
    backends: Iterable[str] | None = None,
    precisions: Iterable[str] | None = None,
    threads: int = 0,
    image: tuple[int, int] | None = None,
    outputs: Sequence[str] = WANTED,
    streams: Sequence[int] = (1,),
) -> tuple[list[BenchmarkCase], list[str]]:
    """Each model on each backend in each precision with each number of streams, as far as this machine can, and why the
    others are left out."""
    found: list[BenchmarkCase] = []
    skipped: list[str] = []
    common = Settings(threads=threads, input_height=size[0], input_width=size[1])
    ways = list(product(models, backends or BACKENDS, precisions or PRECISIONS, streams))
    for model, backend, precision, count in tqdm(ways, desc="loading", leave=False):
        way = common.replace(model=model, backend=backend, precision=precision, streams=count)
        try:
            found.append(ours(way, image, outputs))
        except (BackendError, BundleError, ImportError) as error:
            skipped.append(f"{backend} {precision} is left out: {error}")
    return found, list(dict.fromkeys(skipped))


def _facts(backend: str, precision: str, variant: str, size: tuple[int, int]) -> dict[str, str]:
    return {"backend": backend, "precision": precision, "variant": variant, "size": f"{size[0]}x{size[1]}"}
