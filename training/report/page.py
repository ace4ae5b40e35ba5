"""The HTML page: results and pictures in, one self-contained file out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mt_perception.bundle import BundleCard
from mt_perception_training.report.charts import depth_histogram, training_curves
from mt_perception_training.report.collector import Collector
from mt_perception_training.report.curves import Curve
from mt_perception_training.report.findings import findings
from mt_perception_training.report.pictures import DEPTH_RANGE_M, WORST_RATIO, css_color, depth_scale, error_scale

NOTHING = "\u2013"


def page(collector: Collector, card: BundleCard, split: str, curves: Mapping[str, Curve] | None = None) -> str:
    """The report on the model of `card`. Every number in it is one of `collector.results()`."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # names come from files that anybody may have named
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "number": _number, "count": _count}
    return environment.get_template("page.html.j2").render(
        card=card,
        split=split,
        datasets=[_dataset(name, values, collector) for name, values in collector.results()["datasets"].items()],
        curves=training_curves(curves) if curves else None,
        depth_scale=depth_scale(),
        error_scale=error_scale(),
        depth_range_m=DEPTH_RANGE_M,
        worst_ratio=WORST_RATIO,
    )


def _dataset(name: str, results: dict[str, Any], collector: Collector) -> dict[str, Any]:
    """What the template shows of one data set."""
    scores = collector.datasets[name]
    labels, depth = results["labels"], results["depth"]
    return {
        "name": name,
        "pictures": results["pictures"],
        "labels": labels,
        "depth": depth,
        "findings": findings(results),
        "colors": {label.name: css_color(label) for label in scores.classes.labels},
        "confusion": _confusion(labels) if labels else None,
        "longest_bar": _longest_bar(depth) if depth else None,
        "histogram": depth_histogram(depth["histogram"]) if depth else None,
        "worst": [(frame, shown) for frame, shown in scores.worst],
    }


def _confusion(labels: dict[str, Any]) -> dict[str, Any]:
    """The matrix as shares of each row's truth. Rows: classes that occur; columns: those, and what was guessed."""
    names = [*(row["name"] for row in labels["classes"]), "no class"]
    matrix = labels["confusion"]
    rows = [index for index, counts in enumerate(matrix) if any(counts)]
    columns = [i for i in range(len(names)) if i in rows or any(counts[i] for counts in matrix)]
    return {
        "columns": [names[i] for i in columns],
        "rows": [
            (names[r], [(names[c], matrix[r][c] / sum(matrix[r]), "hit" if c == r else "miss") for c in columns])
            for r in rows
        ],
    }


def _longest_bar(depth: dict[str, Any]) -> float:
    """The largest AbsRel of any class or distance: all bars of one data set are drawn to its scale."""
    return max((row["abs_rel"] or 0 for row in (*depth["classes"], *depth["distances"])), default=0) or 1


def _percent(value: float | None, digits: int = 1) -> str:
    return NOTHING if _missing(value) else f"{100 * value:.{digits}f}\u00a0%"  # type: ignore[operator]


def _number(value: float | None, digits: int = 3) -> str:
    return NOTHING if _missing(value) else f"{value:.{digits}f}"


def _count(value: int) -> str:
    return f"{value:,}".replace(",", "\u202f")


def _missing(value: float | None) -> bool:
    return value is None or value != value
