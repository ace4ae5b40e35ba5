"""Scores of labels and depth, added up frame by frame: memory does not grow with the length of a recording."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mt_perception.types import DepthMap, Mask


class SegmentationScores:
    """Intersection over union from one confusion matrix, as the official Cityscapes evaluation defines it.

    Pixels whose truth is `UNLABELLED` do not count; a prediction of `UNLABELLED` counts as wrong.
    """

    def __init__(self, classes: int = 19) -> None:
        self.classes = classes
        self.confusion = np.zeros((classes, classes + 1), np.int64)
        """confusion[truth, prediction]; the last column collects predictions that are no class."""

    def update(self, predicted: Mask, truth: Mask) -> None:
        """Add one frame of (H, W) trainIds."""
        counted = truth < self.classes
        guesses = np.minimum(predicted[counted], self.classes).astype(np.int64)
        cells = truth[counted].astype(np.int64) * (self.classes + 1) + guesses
        self.confusion += np.bincount(cells, minlength=self.confusion.size).reshape(self.confusion.shape)

    @property
    def iou(self) -> NDArray[np.float64]:
        """(classes,) intersection / (truth + prediction - intersection); NaN for a class that has no truth."""
        square = self.confusion[:, : self.classes]
        hits = np.diag(square).astype(float)
        truth = self.confusion.sum(1)
        union = truth + square.sum(0) - hits
        return np.divide(hits, union, out=np.full(self.classes, np.nan), where=truth > 0)

    @property
    def miou(self) -> float:
        """Mean of `iou` over the classes that occur; NaN without truth."""
        iou = self.iou
        return float(np.nanmean(iou)) if np.isfinite(iou).any() else float("nan")

    @property
    def pixel_accuracy(self) -> float:
        """Share of the counted pixels whose class is right."""
        total = self.confusion.sum()
        return float(np.trace(self.confusion) / total) if total else float("nan")

    def summary(self) -> dict[str, float]:
        """The scores by name."""
        return {"miou": self.miou, "pixel_accuracy": self.pixel_accuracy}


class DepthScores:
    """The usual errors of monocular depth (Eigen et al., 2014), over all pixels that have truth and a prediction.

    Truth counts from above 0 m to `max_m`. `coverage` tells how much of it had a finite prediction.
    """

    def __init__(self, max_m: float = 80.0) -> None:
        self.max_m = max_m
        self._sums = np.zeros(7)
        self._truth = 0
        self._count = 0

    def update(self, predicted_m: DepthMap, truth_m: DepthMap) -> None:
        """Add one frame of (H, W) metres; NaN, infinite and zero are no truth, NaN and infinite no prediction."""
        has_truth = np.isfinite(truth_m) & (truth_m > 0) & (truth_m <= self.max_m)
        both = has_truth & np.isfinite(predicted_m) & (predicted_m > 0)
        p, t = predicted_m[both].astype(np.float64), truth_m[both].astype(np.float64)
        error, ratio = p - t, np.maximum(p / t, t / p)
        terms = (np.abs(error) / t, error**2 / t, error**2, np.log(p / t) ** 2, *(ratio < 1.25**k for k in (1, 2, 3)))
        self._sums += [term.sum() for term in terms]
        self._truth += int(has_truth.sum())
        self._count += p.size

    def summary(self) -> dict[str, float]:
        """The scores by name; NaN without a common pixel."""
        n = self._count or float("nan")
        abs_rel, sq_rel, mse, mse_log, d1, d2, d3 = self._sums / n
        return {
            "abs_rel": float(abs_rel),
            "sq_rel": float(sq_rel),
            "rmse": float(np.sqrt(mse)),
            "rmse_log": float(np.sqrt(mse_log)),
            "delta1": float(d1),
            "delta2": float(d2),
            "delta3": float(d3),
            "coverage": self._count / self._truth if self._truth else float("nan"),
        }
