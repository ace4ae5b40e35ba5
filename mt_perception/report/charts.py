"""Drawings as SVG: the distribution of depth, and curves."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

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
    """As a picture of its own, so that the ids of several drawings in one page do not meet."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
