#!/usr/bin/env python3
# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What one NVIDIA machine proves in at most 12 minutes: every backend and precision built, checked, timed, row by row.

From the root of a checkout: benchmarks/gpu_proof.sh --out out/gpu_proof
Each row runs in a process of its own: one that fails, crashes or hangs says so in its line, and the others go on.
--dry-run walks every row, and says of each why it would be skipped. Needs no network.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mt_perception.backends import MODULES, NVIDIA_DRIVER, Backend, BackendError, network_size, open_backend
from mt_perception.bench.table import table
from mt_perception.model.bundle import open_model
from mt_perception.settings import Settings
from mt_perception.utils.entry import run
from mt_perception.utils.hardware import detect
from mt_perception.utils.json_safe import write_json

MINUTES = 12.0
ROW_S = 150.0
WANTED = ("mask", "depth_m")
ARTICLE_SIZE = 400, 1024
WAYS = {
    "torch": ("fp32", "fp16", "bf16"),
    "tensorrt": ("fp16", "fp32", "bf16"),
    "tensorrt_rtx": ("fp16", "fp32", "int8"),
    "onnxruntime": ("fp16", "fp32"),
}
COLUMNS = (
    "row", "status", "precision", "size", "ms", "ratio", "ready_s", "again_s", "labels", "depth", "gpu_mb", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line: what it needs, and what it measures."""

    name: str
    measure: Callable[[], dict[str, Any]]
    needs: tuple[tuple[str, ...], ...] = ()
    """Python packages; of each group one."""
    gpu: bool = True

    @property
    def obstacle(self) -> str:
        """Why it cannot be measured here; empty where it can."""
        if self.gpu and not NVIDIA_DRIVER.exists():
            return "there is no NVIDIA GPU, or no driver"
        missing = [" or ".join(group) for group in self.needs if not any(map(find_spec, group))]
        return f"not installed: {', '.join(missing)}" if missing else ""


def rows(model: str) -> Iterator[Row]:
    """All of them, what matters most first: the time may run out."""
    yield Row("machine", machine, gpu=False)
    for name in ("torch", "torch_tensorrt", "tensorrt", "tensorrt_rtx", "onnxruntime"):
        yield Row(f"import {name}", partial(imported, name), ((name,),), gpu=False)
    card = open_model(model).card.input
    for size in dict.fromkeys([ARTICLE_SIZE, (card.height, card.width)]):
        for backend, precisions in WAYS.items():
            needs = (("torch",), MODULES[backend])
            for precision in precisions:
                name = f"{backend} {precision} {size[0]}x{size[1]}"
                yield Row(name, partial(proven, model, backend, precision, size), needs)
    for count in range(1, 7):
        for backend in ("torch", "tensorrt_rtx"):
            needs = (("torch",), MODULES[backend])
            yield Row(f"batch of {count} {backend}", partial(batch, model, backend, count), needs)
    for backend in ("torch", "tensorrt", "tensorrt_rtx"):
        yield Row(f"node {backend}", partial(node, model, backend), (("rclpy",), ("torch",), MODULES[backend]))


def machine() -> dict[str, Any]:
    """What this is: the profile that it gets, versions, and what PyTorch sees."""
    found = detect()
    facts: dict[str, Any] = {"note": f"profile {found.profile}: {found.reason}", "python": platform.python_version()}
    if find_spec("torch"):
        import torch

        for index in range(torch.cuda.device_count()):
            gpu = torch.cuda.get_device_properties(index)
            facts[f"cuda:{index}"] = f"{gpu.name}, sm{gpu.major}{gpu.minor}, {gpu.total_memory / 1e9:.1f} GB"
    return facts


def imported(name: str) -> dict[str, Any]:
    """Seconds that an import takes, and the version."""
    start = time.monotonic()
    module = __import__(name)
    return {"ready_s": time.monotonic() - start, "note": getattr(module, "__version__", "")}


def settings_of(model: str, backend: str, precision: str, size: tuple[int, int]) -> Settings:
    """Those of one way."""
    provider = "CUDAExecutionProvider" if backend == "onnxruntime" else ""
    values = {"backend": backend, "precision": precision, "onnx_providers": provider}
    return Settings(model=model, input_height=size[0], input_width=size[1], **values)


def proven(model: str, backend: str, precision: str, size: tuple[int, int]) -> dict[str, Any]:
    """Build and self-check, again out of the cache, agreement with fp32 on the processor, time beside the baseline."""
    import torch

    from mt_perception.backends.parity_check import check_parity
    from mt_perception.bench.interleaved import run_interleaved, with_ratio
    from mt_perception.bench.networks import baseline

    bundle, settings = open_model(model), settings_of(model, backend, precision, size)
    opened, ready_s = _timed(lambda: _open(settings, size))
    opened, again_s = _timed(lambda: _open(settings, size))
    free, total = torch.cuda.mem_get_info()
    on_processor = "openvino" if find_spec("openvino") else "torch"  # where that is missing, the same card's fp32
    reference = open_backend(bundle, Settings(backend=on_processor, precision="fp32"), size)
    parity = check_parity(opened, reference, size)
    first, ours = with_ratio(
        run_interleaved([baseline(size), _case(opened, size)], rounds=10, turn_s=0.3, progress=False)
    )
    return {
        "precision": opened.precision,
        "size": f"{size[0]}x{size[1]}",
        "ms": ours["p50_ms"],
        "eager_ms": first["p50_ms"],
        "ratio": ours["ratio"],
        "ready_s": ready_s,
        "again_s": again_s,
        "labels": parity.mask,
        "depth": parity.depth,
        "gpu_mb": (total - free) / 1e6,
        "note": f"compared with {on_processor}" if parity.is_good else f"DIFFERS: {parity}",
    }


def _open(settings: Settings, size: tuple[int, int]) -> Backend:
    backend = open_backend(open_model(settings.model), settings, size)
    if backend.fallback:
        raise BackendError(backend.fallback)
    backend.infer(_noise(size), 1.0, WANTED)
    return backend


def batch(model: str, backend: str, count: int) -> dict[str, Any]:
    """Milliseconds for so many images of the article's size at once, in fp16, without upload and download."""
    import torch

    size = ARTICLE_SIZE
    image = torch.randint(0, 256, (count, *size, 3), dtype=torch.uint8, device="cuda")
    scale = torch.ones(count, device="cuda")
    camera = torch.tensor([[900.0, 900.0, size[1] / 2, size[0] / 2]] * count, device="cuda")
    launch = _batches(model, backend, count, size)
    for _ in range(5):
        launch(image, scale, camera)
    torch.cuda.synchronize()
    start, runs = time.monotonic(), 30
    for _ in range(runs):
        launch(image, scale, camera)
    torch.cuda.synchronize()
    ms = 1e3 * (time.monotonic() - start) / runs
    return {"precision": "fp16", "size": f"{count}x{size[0]}x{size[1]}", "ms": ms, "note": f"{ms / count:.2f} ms each"}


def _batches(model: str, backend: str, count: int, size: tuple[int, int]) -> Callable[..., Any]:
    import torch

    bundle = open_model(model)
    if backend == "torch":
        from mt_perception.network.export import read_network
        from mt_perception.network.folding import folded
        from mt_perception.network.onnx_graph import OnnxGraph

        card = bundle.card
        graph = OnnxGraph(folded(read_network(bundle)), card.input, card.labels.sky_id).cast(torch.float16)
        return torch.inference_mode()(graph.cuda().to(memory_format=torch.channels_last).eval())
    from mt_perception.backends import tensorrt_rtx
    from mt_perception.backends.torch import cuda_capability
    from mt_perception.backends.trt_engine import EngineGraph

    engine = tensorrt_rtx.rtx_engine(bundle, size, "fp16", f"sm{cuda_capability(backend)}").ensure()
    run = EngineGraph(tensorrt_rtx.library(), engine, size, count)
    return lambda image, scale, camera: run.select(image, scale, WANTED, camera)


def node(model: str, backend: str) -> dict[str, Any]:
    """The whole node over DDS: median latency, beside the bare network."""
    from mt_perception.bench.node import Load, measure_node

    size = network_size(open_model(model), Settings())
    found = measure_node(settings_of(model, backend, "auto", size), Load(images=100, rounds=2), progress=False)
    note = f"network alone {found['network_p50_ms']:.2f} ms, node's memory {found.get('rss_mb', 0):.0f} MB"
    return {"precision": found["precision"], "size": found["size"], "ms": found["node_p50_ms"], "note": note}


def _timed(make: Callable[[], Backend]) -> tuple[Backend, float]:
    start = time.monotonic()
    made = make()
    return made, time.monotonic() - start


def _noise(size: tuple[int, int]) -> Any:
    from mt_perception.bench.networks import noise

    return noise(size)


def _case(backend: Backend, size: tuple[int, int]) -> Any:
    from mt_perception.bench.interleaved import BenchmarkCase

    image = _noise(size)

    def once() -> dict[str, float]:
        start = time.monotonic()
        backend.infer(image, 1.0, WANTED)
        return {"network": 1e3 * (time.monotonic() - start)}

    return BenchmarkCase({}, once)


def walk(options: argparse.Namespace) -> list[dict[str, Any]]:
    """A line for each row: measured, skipped and why, or failed and why."""
    deadline = time.monotonic() + 60 * options.minutes
    lines = []
    for row in rows(options.model):
        left_s = deadline - time.monotonic()
        if row.obstacle:
            line = {"status": "skipped", "note": row.obstacle}
        elif options.dry_run:
            line = {"status": "would run", "note": ""}
        elif left_s < 5:
            line = {"status": "skipped", "note": f"the {options.minutes:g} minutes are over"}
        else:
            line = _apart(row.name, options.model, min(ROW_S, left_s))
        lines.append({"row": row.name} | line)
        print(f"{row.name}: {lines[-1]['status']} {lines[-1]['note']}", file=sys.stderr, flush=True)
    return lines


def _apart(name: str, model: str, limit_s: float) -> dict[str, Any]:
    """Measure one row in a process of its own."""
    command = [sys.executable, __file__, "--model", model, "--row", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return {"status": "FAILED", "note": f"no answer within {limit_s:.0f} s"}
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if done.returncode == 0 and last.startswith("{"):
        return {"status": "ok", "note": ""} | json.loads(last)
    said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return {"status": "FAILED", "note": f"status {done.returncode}: {said[:300]}"}


def _versions() -> dict[str, str]:
    found = {}
    for name in ("mt_perception", "torch", "torch-tensorrt", "tensorrt", "tensorrt-rtx-cu13", "onnxruntime-gpu"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Walk the rows, print the table, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/gpu_proof"), metavar="DIR", help="(default: %(default)s)")
    parser.add_argument("--model", default="")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for all of it (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="measure nothing; say what would be skipped, and why")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.row:
        (chosen,) = (each for each in rows(options.model) if each.name == options.row)
        print(json.dumps(chosen.measure()))
        return
    lines = walk(options)
    text = table(lines, COLUMNS)
    options.out.mkdir(parents=True, exist_ok=True)
    whole = {"date": str(date.today()), "driver": _driver(), "versions": _versions(), "rows": lines}
    write_json(options.out / "gpu_proof.json", whole)
    (options.out / "gpu_proof.md").write_text(text + "\n", encoding="utf-8")
    print(text)


def _driver() -> str:
    from mt_perception.backends.engines import driver_version

    return driver_version()


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
