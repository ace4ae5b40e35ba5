# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Scores of depth, added up frame by frame: memory does not grow with the length of a recording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception.labels import UNLABELLED
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.ranks import rank_correlation
from mt_perception.types import DepthMap, Mask

BAND_EDGES_M = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0)
"""Where one band of distance ends and the next begins; each doubles the last, as the errors of depth do."""


class DepthScores:
    """The usual errors of monocular depth (Eigen et al., 2014), over all pixels that have truth and a prediction.

    Truth counts from above 0 m to `max_m`. `coverage` tells how much of it had a finite prediction. `spearman` tells
    whether near and far are in the right order, whatever the scale: the rank correlation, averaged over the frames.
    """

    def __init__(self, max_m: float = 80.0) -> None:
        self.max_m = max_m
        self._sums = _exact(np.zeros(_COLUMNS))
        self._order = _exact(np.zeros(2))  # sum of the frames' rank correlations, and of how many

    def update(self, predicted_m: DepthMap, truth_m: DepthMap) -> None:
        """Add one frame of (H, W) metres; NaN, infinite and zero are no truth, NaN and infinite no prediction."""
        counted = truth_m <= self.max_m
        self._sums += _exact(_depth_sums(predicted_m, truth_m, np.where(counted, 0, 1), groups=1)[0])
        both = counted & known_depth(truth_m) & known_depth(predicted_m)
        order = rank_correlation(predicted_m[both], truth_m[both])
        self._order += _exact(np.array([order, 1.0] if np.isfinite(order) else [0.0, 0.0]))

    @property
    def pixels(self) -> int:
        """How many have truth, with a prediction or without."""
        return int(_rounded(self._sums)[0])

    def merge(self, other: DepthScores) -> None:
        """Add all that `other`, with the same `max_m`, has seen."""
        self._sums += other._sums
        self._order += other._order

    def summary(self) -> dict[str, float]:
        """The scores by name; NaN without a common pixel."""
        total, frames = _rounded(self._order)
        return {**_depth_summary(_rounded(self._sums)), "spearman": total / frames if frames else float("nan")}


class DepthBreakdown:
    """The errors of `DepthScores`, by class and by distance, from one table of sums over both.

    The bands of distance are (edges_m[i], edges_m[i + 1]] metres of truth. Pixels without a class count
    everywhere but in `by_class`, whose classes are those of `labels`.
    """

    def __init__(self, comparison: Comparison, edges_m: Sequence[float] = BAND_EDGES_M) -> None:
        self.comparison, self.labels = comparison, comparison.labels
        self.classes = len(self.labels)
        self.edges_m = tuple(edges_m)
        self._sums = np.zeros((self.classes + 1, len(edges_m) - 1, _COLUMNS))

    def update(self, predicted_m: DepthMap, truth_m: DepthMap, labels: Mask | None = None) -> None:
        """Add one frame of (H, W) metres, and its true trainIds if they are known."""
        bands = self._sums.shape[1]
        band = np.searchsorted(self.edges_m, truth_m, side="left") - 1  # NaN sorts behind the last edge
        true = np.full(truth_m.shape, UNLABELLED) if labels is None else self.comparison.of_true(labels)
        row = np.minimum(true, self.classes)
        inside = (band >= 0) & (band < bands)
        groups = self._sums.shape[0] * bands
        cell = np.where(inside, row.astype(np.int64) * bands + band, groups)
        self._sums += _depth_sums(predicted_m, truth_m, cell, groups).reshape(self._sums.shape)

    def merge(self, other: DepthBreakdown) -> None:
        """Add all that `other`, of the same comparison and bands, has seen."""
        self._sums += other._sums

    def by_class(self) -> list[dict[str, float]]:
        """For each class its scores by name, and `pixels`: how many have truth."""
        return [_with_pixels(sums) for sums in self._sums[: self.classes].sum(1)]

    def by_distance(self) -> list[dict[str, float]]:
        """For each band its scores by name, and `pixels`: how many have truth."""
        return [_with_pixels(sums) for sums in self._sums.sum(0)]


class DepthHistogram:
    """How often each distance occurs in the truth and in the prediction, over the pixels that have both.

    The bins are of equal ratio, `edges_m` (bins + 1,) their limits; what lies outside is counted in the outermost.
    """

    def __init__(self, bins: int = 1000, min_m: float = 0.5, max_m: float = 250.0) -> None:
        self.edges_m = np.geomspace(min_m, max_m, bins + 1)
        self.truth = np.zeros(bins, np.int64)
        self.predicted = np.zeros(bins, np.int64)

    def update(self, predicted_m: DepthMap, truth_m: DepthMap) -> None:
        """Add one frame of (H, W) metres."""
        both = known_depth(predicted_m) & known_depth(truth_m)
        self.truth += self._count(truth_m[both])
        self.predicted += self._count(predicted_m[both])

    def _count(self, depth_m: DepthMap) -> NDArray[np.int64]:
        bins = self.truth.size
        first, last = np.log(self.edges_m[[0, -1]])
        index = np.floor((np.log(depth_m.astype(np.float64)) - first) * (bins / (last - first)))
        return np.bincount(np.clip(index, 0, bins - 1).astype(np.int64), minlength=bins)


_COLUMNS = 9  # pixels with truth, pixels with both, and the sums of seven terms


_BITS = 32  # behind the point of an exact sum


def _exact(sums: NDArray[np.float64]) -> NDArray[np.object_]:
    """Sums of one frame as whole numbers: their total then is the same in whatever order and parts frames are added.

    So a data set and a recording of it have the same scores, to the last digit.
    """
    return np.array([int(math.ldexp(each, _BITS)) for each in sums.tolist()], object)


def _rounded(sums: NDArray[np.object_]) -> NDArray[np.float64]:
    """The inverse of `_exact`."""
    return np.array([each / 2**_BITS for each in sums.tolist()])


def _depth_sums(
    predicted_m: DepthMap, truth_m: DepthMap, group: NDArray[np.integer[Any]], groups: int
) -> NDArray[np.float64]:
    """(groups, 9) sums over the pixels of each group; those of group `groups` do not count."""
    has_truth = known_depth(truth_m) & (group < groups)
    both = has_truth & known_depth(predicted_m)
    p, t, cell = predicted_m[both].astype(np.float64), truth_m[both].astype(np.float64), group[both]
    error, ratio = p - t, np.maximum(p / t, t / p)
    terms = (np.abs(error) / t, error**2 / t, error**2, np.log(p / t) ** 2, *(ratio < 1.25**k for k in (1, 2, 3)))
    columns = [np.bincount(group[has_truth], minlength=groups), np.bincount(cell, minlength=groups)]
    columns += [np.bincount(cell, weights=term, minlength=groups) for term in terms]
    return np.stack(columns, axis=1).astype(np.float64)


def _depth_summary(sums: NDArray[np.float64]) -> dict[str, float]:
    truth, count = sums[:2]
    abs_rel, sq_rel, mse, mse_log, d1, d2, d3 = (sums[2:] / (count or np.nan)).tolist()
    return {
        "abs_rel": abs_rel,
        "sq_rel": sq_rel,
        "rmse": mse**0.5,
        "rmse_log": mse_log**0.5,
        "delta1": d1,
        "delta2": d2,
        "delta3": d3,
        "coverage": float(count / truth) if truth else float("nan"),
    }


def _with_pixels(sums: NDArray[np.float64]) -> dict[str, float]:
    return {**_depth_summary(sums), "pixels": int(sums[0])}


def known_depth(depth_m: DepthMap) -> NDArray[np.bool_]:
    """(H, W): where there is a depth; NaN, infinite and zero are none."""
    return np.isfinite(depth_m) & (depth_m > 0)
