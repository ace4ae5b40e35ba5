#!/usr/bin/env python3
# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Every way in which a GPU can run the network, beside the baseline on the same GPU, in one table for each size.

From the root of a checkout: PYTHONPATH=. python benchmarks/gpu.py
An engine of TensorRT that is not in the cache is built first.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from mt_perception.backends import Backend, BackendError, network_size, open_backend
from mt_perception.bench.interleaved import BenchmarkCase, Row, run_interleaved, with_ratio
from mt_perception.bench.networks import baseline, noise
from mt_perception.bench.table import show
from mt_perception.commands.main import image_size
from mt_perception.model.bundle import open_model
from mt_perception.pipeline import Stopwatch
from mt_perception.settings import Settings
from mt_perception.utils.entry import run

WANTED = ("mask", "depth_m")
COLUMNS = ("backend", "precision", "variant", "size", "p50_ms", "p95_ms", "p99_ms", "ratio")


def backends(model: str, size: tuple[int, int]) -> Iterator[tuple[Backend, str]]:
    """What runs here, each with what is particular about it."""
    from mt_perception.backends.torch import TorchBackend

    bundle = open_model(model)
    for precision in ("fp32", "fp16", "bf16"):
        try:
            plain = TorchBackend(bundle, size, precision, cuda_graph=False)
        except BackendError as error:
            print(f"left out: {error}")
            continue
        yield plain, "channels last"
        if plain.device == "cuda":
            yield TorchBackend(bundle, size, precision), "channels last, CUDA graph"
    for precision in ("fp32", "fp16", "bf16") if plain.device == "cuda" and find_spec("torch_tensorrt") else ():
        engine = open_backend(bundle, Settings(backend="tensorrt", precision=precision), size)
        if engine.fallback:
            print(f"left out: {engine.fallback}")
        else:
            yield engine, "engine, CUDA graph"


def case(backend: Backend, variant: str, size: tuple[int, int]) -> BenchmarkCase:
    """One backend on one image: upload, network, labels and metres in memory of the CPU."""
    image = noise(size)

    def run() -> dict[str, float]:
        watch = Stopwatch()
        backend.infer(image, 1.0, WANTED)
        watch.mark("network")
        return watch.timings_ms

    facts = {"backend": backend.name, "precision": backend.precision, "variant": variant}
    return BenchmarkCase({**facts, "size": f"{size[0]}x{size[1]}"}, run)


def measure(model: str, size: tuple[int, int], rounds: int, turn_s: float) -> list[Row]:
    """The rows of one size, the baseline first."""
    ours = [case(backend, variant, size) for backend, variant in backends(model, size)]
    return with_ratio(run_interleaved([baseline(size), *ours], rounds, turn_s))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print device, date and the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu: only to see that it runs")
    parser.add_argument("--model", default="", metavar="DIR")
    text = "(default: 400x1024 and the model's own)"
    parser.add_argument("--size", type=image_size, nargs="+", metavar="HxW", help=text)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--turn-s", type=float, default=0.4, help="seconds that each way runs in each round")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import torch

    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch finds no NVIDIA GPU; --device cpu tries the benchmark without one")
    own = network_size(open_model(options.model), Settings())
    sizes = options.size or dict.fromkeys([(400, 1024), own])
    rows = [row for size in sizes for row in measure(options.model, size, options.rounds, options.turn_s)]
    name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    print(f"{name}, PyTorch {torch.__version__}, {date.today()}")
    show(rows, options.json, COLUMNS)


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
