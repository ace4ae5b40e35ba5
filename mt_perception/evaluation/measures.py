# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is measured of a recording, which way is better, and how it is written: one table for terminal and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measure:
    """`better`: 1 if more is better, -1 if less is, 0 if neither. `percent`: whether it is a share."""

    title: str
    better: int
    percent: bool = False
    meaning: str = ""


MEASURES = {
    "miou": Measure("mean IoU", 1, True, "intersection over union, mean of the listed classes that are in the truth"),
    "pixel_accuracy": Measure("pixel accuracy", 1, True, "share of the pixels whose class is right"),
    "abs_rel": Measure("AbsRel", -1, meaning="mean error of depth over true depth, up to 80 m"),
    "prior_abs_rel": Measure("AbsRel, row table", 0, meaning="that of a table which knows only a pixel's image row"),
    "skill": Measure("skill", 1, meaning="1 - AbsRel / AbsRel of the row table: 1 is perfect, below 0 it is better"),
    "standing_out": Measure(
        "standing out", -1, meaning="AbsRel of what is at least 30 % nearer than the table says: cars, people, walls"
    ),
    "standing_out_share": Measure("that stands out", 0, True, "share of the pixels that are so much nearer"),
    "sq_rel": Measure("SqRel [m]", -1),
    "rmse": Measure("RMSE [m]", -1),
    "rmse_log": Measure("RMSE log", -1),
    "delta1": Measure("δ < 1.25", 1, True, "share of the pixels whose depth is less than a quarter off"),
    "delta2": Measure("δ < 1.25²", 1, True),
    "delta3": Measure("δ < 1.25³", 1, True),
    "coverage": Measure("coverage", 1, True, "share of the true depth that has a prediction"),
    "spearman": Measure("rank correlation", 1, meaning="1 where near and far are in the right order, at any scale"),
    "label_flicker": Measure("label flicker", -1, True, "share of the labels that change from one frame to the next"),
    "depth_flicker": Measure("depth flicker", -1, True, "mean change of a pixel's depth from one frame to the next"),
    "stereo_error": Measure("stereo error", -1, True, "how badly depth explains the right image: 50 % is chance"),
    "stereo_reference": Measure("that of matching", 0, True, "the same of the disparity that the pair itself gives"),
}  # fmt: skip
LABEL_MEASURES = ("miou", "pixel_accuracy")
"""Those that depend on what classes are told apart."""
MEANS = ("label_flicker", "depth_flicker", "stereo_error", "stereo_reference")
"""Those that are plain means over frames and need no truth."""

LEAST_BLOCKS = 5
"""Of fewer stretches of time nothing can be drawn that tells how sure a score or a difference is."""


def shown(name: str, value: float | None) -> str:
    """The value of a measure as text."""
    if value is None:
        return "\u2013"
    return f"{100 * value:.1f} %" if MEASURES[name].percent else f"{value:.3f}"


def interval(name: str, limits: Sequence[float] | None) -> str:
    """Between which values it lies, as text."""
    return "[too short to tell]" if limits is None else f"[{shown(name, limits[0])}, {shown(name, limits[1])}]"


def difference(row: Mapping[str, Any]) -> str:
    """The difference that a row of `evaluate.compare` tells with its interval, as text."""
    percent = MEASURES[row["score"]].percent
    value, *limits = (
        f"{(100 if percent else 1) * each:+.{2 if percent else 3}f}"
        for each in (row["difference"], *(row["interval"] or ()))
    )
    return f"{value}{' points' if percent else ''}" + (f" [{', '.join(limits)}]" if limits else "")


def verdict(row: Mapping[str, Any]) -> str:
    """What such a row says in one word or a few, of the recording against the first."""
    if row["difference"] == 0 and not any(row["interval"] or ()):
        return "equal"
    if row["time_blocks"] < LEAST_BLOCKS:
        return "too short to tell"
    low, high = row["interval"]
    if low <= 0 <= high:
        return "no difference that can be told"
    return "better" if (low > 0) == (MEASURES[row["score"]].better > 0) else "worse"
