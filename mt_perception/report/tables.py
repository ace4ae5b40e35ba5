# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Scores as plain rows, one a class or band of distance: what pages show and JSON files hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from mt_perception.metrics.depth_scores import DepthBreakdown, DepthScores
from mt_perception.metrics.scores import SegmentationScores


def label_results(scores: SegmentationScores) -> dict[str, Any]:
    """The scores, the list of classes that they are over, and of each IoU, recall, precision and true pixels."""
    pixels, guessed = scores.confusion.sum(1), scores.confusion.sum(0)[: scores.classes]
    recall, hits = np.diag(scores.shares), np.diag(scores.confusion)
    precision = np.divide(hits, guessed, out=np.full(scores.classes, np.nan), where=guessed > 0)
    columns = zip(scores.labels.names, scores.iou, recall, precision, pixels, strict=True)
    return {
        **scores.summary(),
        "official_miou": scores.official_miou,
        "over": scores.over(),
        "classes": [
            {"name": n, "iou": float(i), "recall": float(r), "precision": float(p), "pixels": int(count)}
            for n, i, r, p, count in columns
        ],
        "confusion": scores.confusion.tolist(),
    }


def depth_results(scores: DepthScores, parts: DepthBreakdown, has_labels: bool) -> dict[str, Any]:
    """The scores, and those of each class, if true labels were known, and of each band of distance."""
    edges = parts.edges_m
    bands = zip(edges[:-1], edges[1:], parts.by_distance(), strict=True)
    by_class = zip(parts.labels.names, parts.by_class(), strict=True) if has_labels else ()
    return {
        **scores.summary(),
        "classes": [{"name": name, **row} for name, row in by_class],
        "distances": [{"from_m": start, "to_m": end, **row} for start, end, row in bands],
    }


def confusion_table(labels: dict[str, Any]) -> dict[str, Any]:
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
