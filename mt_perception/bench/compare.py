# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Networks side by side: what each costs, and how good it is after the same number of training steps."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mt_perception.backends import require
from mt_perception.bench.interleaved import BenchError, BenchmarkCase, Row, run_interleaved
from mt_perception.bench.networks import ours
from mt_perception.model.bundle import Bundle, load_bundle, open_model
from mt_perception.model.spec import VARIANTS
from mt_perception.settings import Settings

COLUMNS = (
    "network", "parameters", "gmacs", "fp32_ms", "best", "best_ms", "peak_mb",
    "steps", "miou_percent", "abs_rel_percent",
)  # fmt: skip
SCORES, MODEL = "scores.json", "model"
"""In a run's folder, NAME-STEPS, as `benchmarks/recipes.py` makes it."""


def compare(
    names: Sequence[str],
    size: tuple[int, int],
    runs: Path | None,
    rounds: int,
    threads: int = 0,
    models: Sequence[str] = (),
) -> list[Row]:
    """A row for each network of `names` at `size` (height, width), timed in turns, with the scores found in `runs`.

    One that was not trained has random weights, which cost the same time. `models` are trained ones, by name or
    folder, whose cards tell their scores.
    """
    require("torch", "torch")
    from mt_perception.network.cost import multiply_adds
    from mt_perception.network.export import write_untrained
    from mt_perception.network.multitask import build_network

    common = Settings(backend="openvino", threads=threads, input_height=size[0], input_width=size[1])
    found = {name: newest_run(runs, name) for name in names} if runs else {}
    rows, cases = [], list[BenchmarkCase]()
    with tempfile.TemporaryDirectory() as temporary, _cache_in(temporary):
        bundles: list[tuple[str, Bundle, Row]] = []
        for name in names:
            run = found.get(name)
            if run and (run / MODEL).is_dir():
                bundle = load_bundle(run / MODEL)
            else:
                bundle = write_untrained(Path(temporary) / name, name, VARIANTS[name], size)
            bundles.append((name, bundle, scores_of(run)))
        bundles += [(each.card.name, each, scores_on_card(each)) for each in map(open_model, models)]
        for name, bundle, scores in bundles:
            is_built = not bundle.card.imported
            gmacs = multiply_adds(build_network(bundle.card.network), size) / 1e9 if is_built else None
            rows.append({"network": name, "parameters": bundle.card.parameters, "gmacs": gmacs, **scores})
            settings = common.replace(model=str(bundle.folder))
            cases += [ours(settings.replace(precision=precision)) for precision in ("fp32", "auto")]
        times = run_interleaved(cases, rounds)
        for row, fp32, best in zip(rows, times[::2], times[1::2], strict=True):
            row |= {"fp32_ms": fp32["p50_ms"], "best": best["precision"], "best_ms": best["p50_ms"]}
            row["peak_mb"] = peak_memory_mb(common.replace(model=best["model"]))
    return rows


@contextmanager
def _cache_in(folder: str) -> Iterator[None]:
    """Compiled graphs of networks that are soon gone do not fill the user's cache."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = folder
    try:
        yield
    finally:
        os.environ.pop("XDG_CACHE_HOME")
        os.environ |= {} if before is None else {"XDG_CACHE_HOME": before}


def newest_run(runs: Path, name: str) -> Path | None:
    """The folder of the longest finished training of the network `name`."""
    steps = [(int(match[1]), path.parent) for path in runs.glob(f"*/{SCORES}")
             if (match := re.fullmatch(rf"{re.escape(name)}-(\d+)", path.parent.name))]  # fmt: skip
    return max(steps)[1] if steps else None


def scores_of(run: Path | None) -> Row:
    """The columns about accuracy, in percent; None without a run."""
    scores = json.loads((run / SCORES).read_text(encoding="utf-8")) if run else {}
    return {"steps": int(run.name.rsplit("-", 1)[1]) if run else None, **_percent(scores)}


def scores_on_card(bundle: Bundle) -> Row:
    """The same columns of a trained model; how long it was trained, its card does not tell in steps."""
    return {"steps": None, **_percent(bundle.card.scores)}


def _percent(scores: Mapping[str, float]) -> Row:
    """Those on the city, on which all that are compared were scored."""
    percent = {f"{name}_percent": scores.get(f"city_{name}") for name in ("miou", "abs_rel")}
    return {name: None if value is None else 100 * value for name, value in percent.items()}


def peak_memory_mb(settings: Settings) -> float:
    """The largest resident memory of a process that does nothing but load the model and run it."""
    command = [sys.executable, "-m", "mt_perception.bench.memory", json.dumps(asdict(settings))]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise BenchError(f"the process whose memory is measured has failed: {result.stderr.strip()}")
    return float(result.stdout)


def plot(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Accuracy against time as an image, one panel for each score; a line leads from a network to its separable twin.

    Raises `BenchError` where nothing was trained, or matplotlib is not installed.
    """
    rows = [row for row in rows if row["miou_percent"] is not None]
    if not rows:
        raise BenchError("a plot shows accuracy against time, and nothing was trained: give --scores DIR with the runs")
    require("matplotlib", "networks")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(13, 5), layout="constrained")
    texts = {
        "miou_percent": "labels: mIoU in percent, up is better",
        "abs_rel_percent": "depth: AbsRel in percent, down is better",
    }
    for axes, (score, text) in zip(panels, texts.items(), strict=True):
        places = {row["network"]: (row["best_ms"], row[score]) for row in rows}
        axes.scatter(*zip(*places.values(), strict=True), color="tab:blue")
        for index, (name, place) in enumerate(sorted(places.items(), key=lambda item: item[1])):
            offset = (5, -11 if index % 2 else 5)  # neighbours in time often have the same score
            axes.annotate(name, place, xytext=offset, textcoords="offset points", fontsize=8)
            if twin := places.get(f"{name}-separable"):
                axes.plot(*zip(place, twin, strict=True), color="tab:gray", linestyle=":", zorder=0)
        axes.set(xscale="log", xlabel="milliseconds an image on the CPU", ylabel=text)
        axes.margins(0.25)
        axes.grid(alpha=0.3, which="both")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
