# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Drawings as SVG: the distribution of depth, curves, and recordings over time."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

Curve = list[tuple[int, float]]
"""(step, value), steps rising."""
TRUTH_COLOR, PREDICTION_COLOR = "#8a94a6", "#c2410c"
_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "report",  # the same numbers give the same file
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9aa3b2",
    "axes.grid": True,
    "grid.color": "#e5e8ee",
}
_COLUMNS = 4
_SMOOTH_BINS = 21
_SMOOTH_OVER = 15  # points of a training curve; each is one noisy batch


def depth_histogram(histogram: Mapping[str, Any]) -> str:
    """The address of a drawing of `edges_m` (bins + 1) and the counts `truth` and `predicted` (bins)."""
    edges = np.array(histogram["edges_m"])
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(13.5, 3.4), layout="constrained")
        axes = figure.add_subplot()
        highest = 0.0
        for name, color in (("truth", TRUTH_COLOR), ("predicted", PREDICTION_COLOR)):
            shares = 1000 * np.array(histogram[name]) / max(1, sum(histogram[name]))
            smooth = np.convolve(shares, np.full(_SMOOTH_BINS, 1 / _SMOOTH_BINS), "same")
            axes.stairs(shares, edges, fill=True, color=color, alpha=0.3, linewidth=0)
            axes.plot(np.sqrt(edges[1:] * edges[:-1]), smooth, color=color, linewidth=1.6, label=name)
            highest = max(highest, smooth.max())
        # depth comes in steps (of 16-bit files, of bfloat16), and single bins collect them: cut off there
        axes.set_ylim(0, 1.6 * highest or 1)
        axes.set_xscale("log")
        axes.set_xlim(edges[0], edges[-1])
        axes.set_xticks([t for t in (0.5, 1, 2, 5, 10, 20, 40, 80, 150, 250) if edges[0] <= t <= edges[-1]])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda metres, _: f"{metres:g}"))
        axes.minorticks_off()
        axes.set_xlabel("distance [m]")
        axes.set_ylabel(f"pixels per bin [‰], {len(edges) - 1} bins")
        axes.legend(frameon=False)
        return _address(figure)


def curves(named: Mapping[str, Curve]) -> str:
    """The address of a drawing of all curves, each in axes of its own: their units differ."""
    rows = -(-len(named) // _COLUMNS)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(13.5, 2.2 * rows), layout="constrained")
        for index, (name, curve) in enumerate(named.items()):
            _draw_curve(figure.add_subplot(rows, _COLUMNS, index + 1), name, curve)
        return _address(figure)


def _draw_curve(axes: Axes, name: str, curve: Curve) -> None:
    steps, values = (np.array(each) for each in zip(*curve, strict=True))
    axes.set_title(name, fontsize=9, loc="left", color="#374151")
    if len(values) >= 3 * _SMOOTH_OVER:
        axes.plot(steps, values, color=TRUTH_COLOR, alpha=0.5, linewidth=0.6)
        middle = steps[_SMOOTH_OVER // 2 : 1 - _SMOOTH_OVER + _SMOOTH_OVER // 2]
        axes.plot(middle, np.convolve(values, np.full(_SMOOTH_OVER, 1 / _SMOOTH_OVER), "valid"), color=PREDICTION_COLOR)
    else:
        axes.plot(steps, values, color=PREDICTION_COLOR, marker=".")


def _address(figure: Figure) -> str:
    """As an image of its own, so that the ids of several drawings in one page do not meet."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


@dataclass(frozen=True)
class Track:
    """A recording over time: `seconds` (n,), rising, and `values` (n,) by name, NaN where unknown.

    `gaps` are spans of seconds without results, `drops` the seconds of single images that have none.
    """

    name: str
    color: str
    seconds: NDArray[np.float64]
    values: Mapping[str, NDArray[np.float64]]
    gaps: Sequence[tuple[float, float]] = ()
    drops: Sequence[float] = ()


TRACK_COLORS = ("#2563eb", "#c2410c", "#0f766e", "#7c3aed", "#a16207", "#be185d", "#475569", "#15803d")


def timeline(tracks: Sequence[Track], titles: Mapping[str, str]) -> str:
    """The address of a drawing of all tracks over one axis of time: a row for each of `titles` that any track has
    values of, and below them what is missing in each track.
    """
    rows = [name for name in titles if any(np.isfinite(track.values[name]).any() for track in tracks)]
    missing = [0.3 + 0.16 * len(tracks)] * any(track.gaps or track.drops for track in tracks)
    heights = [1.5] * len(rows) + missing
    if not heights:
        return ""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(13.5, sum(heights) + 0.5), layout="constrained")
        shared = None
        for index, axes in enumerate(figure.subplots(len(heights), sharex=True, height_ratios=heights, squeeze=False)):
            shared = axes[0]
            if index < len(rows):
                shared.set_title(titles[rows[index]], fontsize=9, loc="left", color="#374151")
                for track in tracks:
                    _draw_track(shared, track, rows[index])
                shared.set_ylim(0, 1.08 * shared.get_ylim()[1])
            else:
                _draw_missing(shared, tracks)
        assert shared is not None
        shared.set_xlabel("seconds of the recording")
        return _address(figure)


def _draw_track(axes: Axes, track: Track, name: str) -> None:
    middle, mean, low, high = binned(track.seconds, track.values[name])
    if len(middle) < len(track.seconds):
        axes.fill_between(middle, low, high, color=track.color, alpha=0.15, linewidth=0)
    axes.plot(middle, mean, color=track.color, linewidth=1.2, marker="." if len(middle) < 60 else None, markersize=4)


def _draw_missing(axes: Axes, tracks: Sequence[Track]) -> None:
    """A line of its own for each track: gaps as bars, single images without results as ticks."""
    axes.set_title("results that are missing", fontsize=9, loc="left", color="#374151")
    for row, track in enumerate(tracks):
        spans = [(start, end - start) for start, end in track.gaps]
        axes.broken_barh(spans, (row - 0.35, 0.7), color=track.color, alpha=0.35, linewidth=0)
        axes.plot(track.drops, [row] * len(track.drops), "|", color=track.color, markersize=7)
    axes.set_yticks(range(len(tracks)), [track.name for track in tracks])
    axes.set_ylim(len(tracks) - 0.5, -0.5)
    axes.grid(False, axis="y")


def binned(seconds: NDArray[np.float64], values: NDArray[np.float64], bins: int = 300) -> tuple[NDArray[Any], ...]:
    """Middle, mean, least and largest value of up to `bins` stretches of time; NaN between what a gap parts."""
    if len(seconds) > 2 * bins:
        edges = np.linspace(seconds[0], seconds[-1], bins + 1)[1:-1]
        cell = np.searchsorted(edges, seconds, side="right")
    else:
        cell = np.arange(len(seconds))
        steps = np.diff(seconds)
        if steps.size:
            cell[1:] += np.cumsum(steps > 3 * np.median(steps))  # an empty cell breaks the line
    parts = [np.flatnonzero(cell == index) for index in range(cell[-1] + 1)] if len(cell) else []
    rows = [_of_bin(seconds[part], values[part]) for part in parts]
    return tuple(np.array(column) for column in zip(*rows, strict=True)) if rows else (np.empty(0),) * 4


def _of_bin(seconds: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float, float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return (float("nan"),) * 4
    return float(seconds.mean()), float(known.mean()), float(known.min()), float(known.max())
