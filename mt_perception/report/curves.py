# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The curves of a training run, read back from the CSV logs in its folder."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from mt_perception.report.page import ReportError

if TYPE_CHECKING:
    from mt_perception.report.charts import Curve  # which imports Matplotlib

LOG = "metrics.csv"


def read_curves(run: Path) -> dict[str, Curve]:
    """Curves by name (`train/loss`, `val/score`, ...) from all logs below `run`.

    A resumed run goes on in a log of its own, from its last checkpoint: what an earlier log holds beyond
    that step was lost by the kill, and is left out. Raises `ReportError` if there is no log.
    """
    logs = sorted((log for path in run.rglob(LOG) if (log := _read(path))), key=_first_step)
    if not logs:
        raise ReportError(f"{run} holds no {LOG}; --run wants the folder that `train --out` wrote")
    curves: dict[str, Curve] = {}
    for log in logs:
        start = _first_step(log)
        curves = {name: [point for point in curve if point[0] < start] for name, curve in curves.items()}
        for name, points in log.items():
            curves.setdefault(name, []).extend(points)
    return {name: curve for name, curve in sorted(curves.items()) if curve}


def _first_step(log: dict[str, Curve]) -> int:
    return min(curve[0][0] for curve in log.values())


def _read(path: Path) -> dict[str, Curve]:
    """One file: Lightning leaves empty what was not logged at a step."""
    curves: dict[str, Curve] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                step = int(row["step"])
                for name, value in row.items():
                    if value and name not in ("step", "epoch"):
                        curves.setdefault(name, []).append((step, float(value)))
    except (KeyError, TypeError, ValueError) as error:
        raise ReportError(f"{path} is no CSV log of a training run ({type(error).__name__}: {error})") from error
    return curves
