# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The page on a model: results and images in, one self-contained file out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mt_perception.evaluation.datasets.collector import Collector
from mt_perception.model.card import BundleCard
from mt_perception.report.charts import Curve, curves, depth_histogram
from mt_perception.report.clouds import Scenes
from mt_perception.report.findings import findings
from mt_perception.report.images import css_color
from mt_perception.report.page import render_page
from mt_perception.report.tables import confusion_table


def page(collector: Collector, card: BundleCard, split: str, run: Mapping[str, Curve] | None = None) -> str:
    """The report on the model of `card`, with the curves of the training `run`.

    Every number in it is one of `collector.results()`.
    """
    scenes = Scenes()
    datasets = collector.results()["datasets"]
    return render_page(
        Path(__file__).with_name("page.html.j2"),
        card=card,
        split=split,
        datasets=[_dataset(name, values, collector, scenes) for name, values in datasets.items()],
        scenes=scenes,
        curves=curves(run) if run else None,
    )


def _dataset(name: str, results: dict[str, Any], collector: Collector, scenes: Scenes) -> dict[str, Any]:
    """What the template shows of one data set."""
    details = collector.details[name]
    labels, depth = results["labels"], results["depth"]
    true = {row["name"] for row in labels["classes"] if row["pixels"]} if labels else set()
    return {
        "name": name,
        "split": results["split"],
        "images": results["images"],
        "labels": labels,
        "depth": depth,
        "findings": findings(results),
        "colors": {label.name: css_color(label) for label in details.comparison.labels if label.name in true},
        "confusion": confusion_table(labels) if labels else None,
        "longest_bar": _longest_bar(depth) if depth else None,
        "histogram": depth_histogram(depth["histogram"]) if depth else None,
        "worst": [(frame, shown, scenes(clouds)) for frame, shown, clouds in details.worst],
    }


def _longest_bar(depth: dict[str, Any]) -> float:
    """The largest AbsRel of any class or distance: all bars of one data set are drawn to its scale."""
    return max((row["abs_rel"] or 0 for row in (*depth["classes"], *depth["distances"])), default=0) or 1
