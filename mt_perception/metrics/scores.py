# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Scores of labels, added up frame by frame: memory does not grow with the length of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception.metrics.label_mapping import Comparison
from mt_perception.types import Mask


class SegmentationScores:
    """Intersection over union from one confusion matrix, as the official Cityscapes evaluation defines it.

    It is over the classes of `labels`, in which the predictions and the truth of `comparison` can be told. Pixels whose
    truth is none of them do not count; a prediction that is none of them is wrong.
    """

    def __init__(self, comparison: Comparison) -> None:
        self.comparison, self.labels = comparison, comparison.labels
        self.classes = len(self.labels)
        self.confusion = np.zeros((self.classes, self.classes + 1), np.int64)
        """confusion[truth, prediction]; the last column collects predictions that are no class."""

    def update(self, predicted: Mask, truth: Mask) -> None:
        """Add one frame of (H, W) trainIds, each of its own label set."""
        truth = self.comparison.of_true(truth)
        counted = truth < self.classes
        guesses = np.minimum(self.comparison.of_predicted(predicted[counted]), self.classes).astype(np.int64)
        cells = truth[counted].astype(np.int64) * (self.classes + 1) + guesses
        self.confusion += np.bincount(cells, minlength=self.confusion.size).reshape(self.confusion.shape)

    def merge(self, other: SegmentationScores) -> None:
        """Add all that `other`, of the same comparison, has seen."""
        self.confusion += other.confusion

    @property
    def present(self) -> NDArray[np.bool_]:
        """(classes,): which occur in the truth."""
        return self.confusion.sum(1) > 0

    @property
    def iou(self) -> NDArray[np.float64]:
        """(classes,) intersection / (truth + prediction - intersection).

        0 for a class that is predicted and never true; NaN for one that is neither, as in the official evaluation.
        """
        square = self.confusion[:, : self.classes]
        hits = np.diag(square).astype(float)
        union = self.confusion.sum(1) + square.sum(0) - hits
        return np.divide(hits, union, out=np.full(self.classes, np.nan), where=union > 0)

    @property
    def miou(self) -> float:
        """Mean of `iou` over the classes that occur in the truth; NaN without truth."""
        return _mean(self.iou[self.present])

    @property
    def official_miou(self) -> float:
        """Mean of `iou` over the classes that occur in the truth or in a prediction: the official average.

        The same as `miou` where every class occurs, as in Cityscapes; where one does not, a single pixel of it
        costs a full share of the mean.
        """
        iou = self.iou
        return _mean(iou[np.isfinite(iou)])

    @property
    def pixel_accuracy(self) -> float:
        """Share of the counted pixels whose class is right."""
        total = self.confusion.sum()
        return float(np.trace(self.confusion) / total) if total else float("nan")

    @property
    def shares(self) -> NDArray[np.float64]:
        """(classes, classes + 1): `confusion` with each row as shares of its truth; NaN rows without truth."""
        truth = np.broadcast_to(self.confusion.sum(1, keepdims=True), self.confusion.shape)
        return np.divide(self.confusion, truth, out=np.full(truth.shape, np.nan), where=truth > 0)

    def over(self) -> dict[str, Any]:
        """What `miou` is the mean over: the name of the class list and how many it has, which of them, how many pixels.

        `absent`: those of the list that no pixel of the truth is of; nothing can be said of them.
        """
        names = np.array(self.labels.names)
        return {
            "list": self.labels.name,
            "list_length": self.classes,
            "classes": names[self.present].tolist(),
            "absent": names[~self.present].tolist(),
            "pixels": int(self.confusion.sum()),
        }

    def summary(self) -> dict[str, float]:
        """The scores by name."""
        return {"miou": self.miou, "pixel_accuracy": self.pixel_accuracy}


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float("nan")


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 of `values`, to two decimals; empty without values."""
    if not values:
        return {}
    return {f"p{p}": round(float(v), 2) for p, v in zip((50, 95, 99), np.percentile(values, (50, 95, 99)), strict=True)}
