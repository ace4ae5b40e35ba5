# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The largest input that holds a rate on this machine, in the most exact precision that does."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mt_perception.bench.interleaved import BenchError, Row, run_interleaved
from mt_perception.bench.networks import all_of_ours
from mt_perception.bench.node import Load, running_nodes
from mt_perception.bench.table import table
from mt_perception.metrics.scores import percentiles
from mt_perception.model.bundle import open_model
from mt_perception.settings import Settings
from mt_perception.utils.hardware import processor
from mt_perception.utils.resources import lasting_name

MARGIN = 0.25
"""The share of the time that is left to what goes on around the network: the transport, the other programs."""
EXACTNESS = ("fp32", "fp16", "bf16", "int8")
COLUMNS = ("size", "backend", "precision", "variant", "p50_ms", "p95_ms", "node_p95_ms", "dropped", "holds")
_TRIAL_S = 3.0
SCALES = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25)


@dataclass(frozen=True)
class Goal:
    """What the node shall hold, for camera images of a size (height, width). `max_latency_ms` 0: any."""

    fps: float
    max_latency_ms: float = 0.0
    image: tuple[int, int] = (1080, 1920)

    def __post_init__(self) -> None:
        if self.fps <= 0:
            raise BenchError(f"fps is {self.fps:g}; it must be above 0")
        if self.max_latency_ms < 0:
            raise BenchError(f"max-latency-ms is {self.max_latency_ms:g}; it must be above 0, or 0 for any")

    @property
    def budget_ms(self) -> float:
        """What one image may take, with the margin taken off."""
        return (1 - MARGIN) * min(1e3 / self.fps, self.max_latency_ms or float("inf"))


def tune(
    goal: Goal,
    sizes: Sequence[tuple[int, int]] = (),
    models: Sequence[str] = ("",),
    backends: Iterable[str] | None = None,
    precisions: Iterable[str] | None = None,
    threads: int = 0,
) -> tuple[list[Row], Row]:
    """Measure from the largest size down until one holds `goal`; the rows of all that were measured, and the choice.

    Of those that hold, the most exact precision is taken, then the fastest. Where ROS 2 is installed the choice must
    also hold as a whole node over DDS. Raises `BenchError` when none does.
    """
    rows: list[Row] = []
    for size in sorted(sizes or default_sizes(models[0]), key=lambda each: each[0] * each[1], reverse=True):
        cases, skipped = all_of_ours(size, models, backends, precisions, threads, goal.image)
        if not cases:
            raise BenchError("nothing that was requested runs here: " + "; ".join(skipped))
        measured = run_interleaved(cases, rounds=4, turn_s=0.25)
        for row in sorted(measured, key=_preference):
            row["holds"] = "yes" if row["p95_ms"] <= goal.budget_ms else "no"
            rows.append(row)
        for row in rows[-len(measured) :]:
            if row["holds"] == "yes" and find_spec("rclpy"):
                try_node(goal, row)
            if row["holds"] == "yes":
                return rows, row
    fastest = min(rows, key=lambda row: row["p95_ms"])
    raise BenchError(
        f"nothing holds {goal.fps:g} images a second here: {fastest['precision']} at {fastest['size']} takes "
        f"{fastest['p95_ms']:.1f} ms (p95) where {goal.budget_ms:.1f} are left; ask for less, or try smaller --sizes"
    )


def try_node(goal: Goal, row: Row) -> None:
    """Run the node for some seconds at the rate, and add to `row` what came of it."""
    load = Load(goal.image, images=max(5, round(_TRIAL_S * goal.fps)), rate=goal.fps)
    with running_nodes(Settings.from_mapping(parameters_of(row)), load) as (node,):
        node.ask(load.images, load.rate)
        node.collect()
    p95_ms = percentiles(node.latencies_ms).get("p95", float("inf"))
    in_time = not goal.max_latency_ms or p95_ms <= goal.max_latency_ms
    row |= {"node_p95_ms": p95_ms, "dropped": f"{node.dropped} of {load.images}"}
    row["holds"] = "yes" if in_time and node.dropped <= 0.01 * load.images else "no"


def parameters_of(row: Row) -> dict[str, Any]:
    """The node's parameters that run what `row` measured."""
    height, width = row["size"].split("x")
    requested: dict[str, Any] = {"threads": row["threads"]} if row["threads"] else {}
    if row["model"]:
        requested["model"] = lasting_name(row["model"])
    return {
        **requested,
        "backend": row["backend"],
        "precision": row["precision"],
        "input_width": int(width),
        "input_height": int(height),
    }


def _preference(row: Row) -> tuple[int, float]:
    precision = row["precision"]
    return EXACTNESS.index(precision) if precision in EXACTNESS else len(EXACTNESS), row["p50_ms"]


def default_sizes(model: str) -> list[tuple[int, int]]:
    """The model's own input and smaller ones of about its shape, in whole multiples of 32 pixels.

    An imported one has its own alone.
    """
    card = open_model(model).card
    own = card.input
    if card.imported:
        return [(own.height, own.width)]
    sizes = [tuple(max(32, 32 * round(side * scale / 32)) for side in (own.height, own.width)) for scale in SCALES]
    return list(dict.fromkeys(sizes))  # type: ignore[arg-type]


def write_profile(path: Path, goal: Goal, rows: Sequence[Row], chosen: Row) -> None:
    """A parameter file for the node, with the table behind the choice as comments."""
    latency = f", in {goal.max_latency_ms:g} ms at most" if goal.max_latency_ms else ""
    camera = f"{goal.image[1]}x{goal.image[0]} px"
    lines = [
        f"# The largest input that holds {goal.fps:g} images a second of {camera}{latency},",
        f"# on {processor()}, with {MARGIN:.0%} of the time to spare.",
        f"# By mt-perception tune, {datetime.date.today()}. An image may take {goal.budget_ms:.1f} ms (p95).",
        "# The choice was "
        + ("tried" if find_spec("rclpy") else "not tried, as ROS 2 was not found,")
        + " as a whole node.",
        *(f"# {line}" for line in table(rows, COLUMNS).splitlines()),
        "/**:",
        "  ros__parameters:",
        *(f"    {name}: {json.dumps(value)}" for name, value in parameters_of(chosen).items()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
