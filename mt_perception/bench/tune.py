"""The largest input that holds a rate on this machine, in the most exact precision that does."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt_perception.bench.networks import all_of_ours
from mt_perception.bench.race import BenchError, Row, race
from mt_perception.bench.table import table
from mt_perception.bundle import load_bundle
from mt_perception.hardware import processor
from mt_perception.resources import default_model

MARGIN = 0.25
"""The share of the time that is left to what goes on around the network: the transport, the other programs."""
EXACTNESS = ("fp32", "fp16", "bf16", "int8")
SCALES = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25)


@dataclass(frozen=True)
class Goal:
    """What the node shall hold, for camera pictures of a size (height, width). `max_latency_ms` 0: any."""

    fps: float
    max_latency_ms: float = 0.0
    picture: tuple[int, int] = (1080, 1920)

    def __post_init__(self) -> None:
        if self.fps <= 0:
            raise BenchError(f"fps is {self.fps:g}; it must be above 0")
        if self.max_latency_ms < 0:
            raise BenchError(f"max-latency-ms is {self.max_latency_ms:g}; it must be above 0, or 0 for any")

    @property
    def budget_ms(self) -> float:
        """What one picture may take, with the margin taken off."""
        return (1 - MARGIN) * min(1e3 / self.fps, self.max_latency_ms or float("inf"))


def tune(
    goal: Goal,
    sizes: Sequence[tuple[int, int]] = (),
    models: Sequence[Path | str] = ("",),
    backends: Iterable[str] | None = None,
    precisions: Iterable[str] | None = None,
    threads: int = 0,
) -> tuple[list[Row], Row]:
    """Measure from the largest size down until one holds `goal`; the rows of all that were measured, and the choice.

    Of those that hold, the most exact precision is taken, then the fastest. Raises `BenchError` when none does.
    """
    rows: list[Row] = []
    for size in sorted(sizes or default_sizes(models[0]), key=lambda each: each[0] * each[1], reverse=True):
        contestants, skipped = all_of_ours(size, models, backends, precisions, threads, goal.picture)
        if not contestants:
            raise BenchError("nothing that was asked for runs here: " + "; ".join(skipped))
        measured = race(contestants, rounds=4, turn_s=0.25)
        rows += [row | {"holds": "yes" if row["p95_ms"] <= goal.budget_ms else "no"} for row in measured]
        if holding := [row for row in rows if row["holds"] == "yes"]:
            return rows, min(holding, key=_preference)
    fastest = min(rows, key=lambda row: row["p95_ms"])
    raise BenchError(
        f"nothing holds {goal.fps:g} pictures a second here: {fastest['precision']} at {fastest['size']} takes "
        f"{fastest['p95_ms']:.1f} ms (p95) where {goal.budget_ms:.1f} are left; ask for less, or try smaller --sizes"
    )


def _preference(row: Row) -> tuple[int, float]:
    precision = row["precision"]
    return EXACTNESS.index(precision) if precision in EXACTNESS else len(EXACTNESS), row["p50_ms"]


def default_sizes(model: Path | str) -> list[tuple[int, int]]:
    """The model's own input and smaller ones of about its shape, in whole multiples of 32 pixels."""
    own = load_bundle(model or default_model()).card.input
    sizes = [tuple(max(32, 32 * round(side * scale / 32)) for side in (own.height, own.width)) for scale in SCALES]
    return list(dict.fromkeys(sizes))  # type: ignore[arg-type]


def write_profile(path: Path, goal: Goal, rows: Sequence[Row], chosen: Row) -> None:
    """A parameter file for the node, with the table behind the choice as comments."""
    height, width = chosen["size"].split("x")
    values: dict[str, Any] = {
        "backend": chosen["backend"],
        "precision": chosen["precision"],
        "input_width": int(width),
        "input_height": int(height),
    }
    if chosen["model"]:
        values = {"model": str(Path(chosen["model"]).expanduser().resolve()), **values}
    latency = f", in {goal.max_latency_ms:g} ms at most" if goal.max_latency_ms else ""
    camera = f"{goal.picture[1]}x{goal.picture[0]} px"
    columns = ("size", "backend", "precision", "variant", "p50_ms", "p95_ms", "holds")
    lines = [
        f"# The largest input that holds {goal.fps:g} pictures a second of {camera}{latency},",
        f"# on {processor()}, with {MARGIN:.0%} of the time to spare.",
        f"# By mt-perception tune, {datetime.date.today()}. A picture may take {goal.budget_ms:.1f} ms (p95).",
        *(f"# {line}" for line in table(rows, columns).splitlines()),
        "/**:",
        "  ros__parameters:",
        *(f"    {name}: {json.dumps(value)}" for name, value in values.items()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
