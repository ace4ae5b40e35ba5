# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Interleaved benchmark: several ways timed in turns, so that whatever else the machine does hits all alike."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from mt_perception.errors import Error
from mt_perception.metrics.scores import percentiles

Row = dict[str, Any]
"""One line of a table, as it goes into JSON."""


class BenchError(Error, RuntimeError):
    """Why nothing, or not the whole, can be measured."""

    page = "performance"


@dataclass
class BenchmarkCase:
    """One way: `run` does it once and tells the milliseconds of each stage. `facts` are its columns of the table."""

    facts: Mapping[str, Any]
    run: Callable[[], Mapping[str, float]]
    stages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """What was measured: milliseconds by stage, and `total` for their sum."""

    def measure(self) -> None:
        """Run once and keep the times."""
        timings_ms = self.run()
        for stage, milliseconds in timings_ms.items():
            self.stages[stage].append(milliseconds)
        self.stages["total"].append(sum(timings_ms.values()))

    def row(self) -> Row:
        """The facts, the percentiles of the total, and those of each stage."""
        total = {f"{p}_ms": value for p, value in percentiles(self.stages["total"]).items()}
        stages = {name: percentiles(values) for name, values in self.stages.items() if name != "total"}
        return {**self.facts, **total, "stages": stages}


def per_image(work: Callable[[], object], images: int) -> Callable[[], Mapping[str, float]]:
    """The `run` of a case whose `work` does so many images at once: the milliseconds of one."""

    def run() -> Mapping[str, float]:
        began_s = time.perf_counter()
        work()
        return {"image": 1e3 * (time.perf_counter() - began_s) / images}

    return run


def run_interleaved(
    cases: Sequence[BenchmarkCase], rounds: int = 10, turn_s: float = 0.4, progress: bool = True
) -> list[Row]:
    """Their rows, in their order. Each has one turn a round, of at least one run and at least `turn_s` seconds."""
    if rounds < 1:
        raise BenchError(f"rounds is {rounds}; allowed: 1 or more")
    with tqdm(total=rounds * len(cases), desc="warm-up", disable=not progress) as display:
        for case in cases:
            for _ in range(2):
                case.run()
        display.set_description("measuring")
        for _ in range(rounds):
            for case in cases:
                case.run()  # not counted: the others have been through the caches since
                end = time.monotonic() + turn_s
                case.measure()
                while time.monotonic() < end:
                    case.measure()
                display.update()
    return [each.row() for each in cases]


def with_ratio(rows: list[Row]) -> list[Row]:
    """The rows with `ratio`: how many times as fast as the first one each is, by p50."""
    return [row | {"ratio": round(rows[0]["p50_ms"] / row["p50_ms"], 2)} for row in rows]


def with_rate(rows: list[Row]) -> list[Row]:
    """The rows with `per_second`: images a second, of all `streams` together where a row has several."""
    return [row | {"per_second": 1e3 * row.get("streams", 1) / row["p50_ms"]} for row in rows]
