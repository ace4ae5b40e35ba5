# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What can be said of depth by the image row alone, and so what any depth worth its name must do better than.

Seen from a car, the road is a ramp from the bottom of the image to the horizon. A table of the usual depth at each
angle knows that ramp and nothing that stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import rays
from mt_perception.metrics.depth_scores import known_depth
from mt_perception.types import Camera, DepthMap
from mt_perception.utils.plain_values import ValueMismatch

MAX_M = 80.0
"""Truth beyond is neither counted nor scored, as in `DepthScores`."""
STANDS_OUT = 0.7
"""A pixel stands out of its row where its true depth is at most this share of what the table says."""
FOLDS = 10

_STEP, _STEEPEST = 0.005, 1.0  # tangent; rows steeper than 45 degrees count as that
_ROWS = round(2 * _STEEPEST / _STEP)
_LOG_MIN, _LOG_STEP = np.log(0.5), 0.02
_BINS = int(np.ceil((np.log(MAX_M) - _LOG_MIN) / _LOG_STEP))


@dataclass(frozen=True)
class RowPrior:
    """The median depth at each angle below the horizon, as the tangent of it: (y - cy) / fy of a row.

    `depth_m[i]` belongs to the tangent `first + i * step`. On flat ground it depends on the camera's height alone,
    whatever the focal length.
    """

    first: float
    step: float
    depth_m: tuple[float, ...]

    def __post_init__(self) -> None:
        if not (np.isfinite(self.first) and 0 < self.step < np.inf):
            raise ValueMismatch(f"the table begins at {self.first} in steps of {self.step}; the steps must be above 0")
        if not self.depth_m or not all(0 < each < np.inf for each in self.depth_m):
            raise ValueMismatch("depth_m must hold at least one depth, all above 0 m and finite")

    def predict(self, camera: Camera) -> DepthMap:
        """(H, W) metres for the rows of `camera`, a view; outside the table what its nearest end says."""
        tangents = self.first + self.step * np.arange(len(self.depth_m))
        rows = np.exp(np.interp(rays(camera)[1][:, 0], tangents, np.log(self.depth_m)))
        return np.broadcast_to(rows.astype(np.float32)[:, None], (camera.height_px, camera.width_px))


class RowHistogram:
    """How often each depth occurs at each angle: frames go in, a table comes out, and memory does not grow."""

    def __init__(self) -> None:
        self.counts = np.zeros((_ROWS, _BINS))
        self.frames = 0

    def update(self, depth_m: DepthMap, camera: Camera) -> None:
        """Add one frame of (H, W) metres as `camera` saw it; NaN, infinite, zero and beyond `MAX_M` do not count."""
        rows = np.floor((rays(camera)[1] + _STEEPEST) / _STEP)
        row = np.broadcast_to(np.clip(rows, 0, _ROWS - 1).astype(np.int64), depth_m.shape)
        counted = known_depth(depth_m) & (depth_m <= MAX_M)
        depth = np.floor((np.log(depth_m[counted].astype(np.float64)) - _LOG_MIN) / _LOG_STEP)
        cells = row[counted] * _BINS + np.clip(depth, 0, _BINS - 1).astype(np.int64)
        self.counts += np.bincount(cells, minlength=self.counts.size).reshape(self.counts.shape)
        self.frames += 1

    def merge(self, other: RowHistogram) -> None:
        """Add all that `other` has seen, pixel by pixel."""
        self.counts += other.counts
        self.frames += other.frames

    def prior(self) -> RowPrior | None:
        """The table of medians; angles between that have none are filled from both sides. None without any depth."""
        totals = self.counts.sum(1)
        seen = np.flatnonzero(totals)
        if not seen.size:
            return None
        log_m = np.array([_log_median(self.counts[row]) for row in seen])
        rows = np.arange(seen[0], seen[-1] + 1)
        depth_m = np.exp(np.interp(rows, seen, log_m))
        first = (seen[0] + 0.5) * _STEP - _STEEPEST
        return RowPrior(round(float(first), 4), _STEP, tuple(float(f"{each:.4g}") for each in depth_m))


def pooled(histograms: Iterable[RowHistogram]) -> RowHistogram:
    """Several data sets as one, each with the same weight at an angle: dense depth does not drown that of a laser."""
    total = RowHistogram()
    for each in histograms:
        total.counts += each.counts / np.maximum(1, each.counts.sum(1, keepdims=True))
        total.frames += each.frames
    return total


class LeftOut:
    """A table for each of `FOLDS` parts of what is judged, fitted on all the other parts: where no other data exist."""

    def __init__(self) -> None:
        self._parts = [RowHistogram() for _ in range(FOLDS)]
        self._priors: dict[int, RowPrior | None] = {}

    def update(self, part: int, depth_m: DepthMap, camera: Camera) -> None:
        """Add one frame of a part, as for `RowHistogram.update`. Parts should be long stretches of time."""
        self._parts[part].update(depth_m, camera)
        self._priors.clear()

    def prior(self, part: int) -> RowPrior | None:
        """The table for the frames of `part`; None where no other part has any depth."""
        if part not in self._priors:
            others = RowHistogram()
            for index, each in enumerate(self._parts):
                if index != part:
                    others.merge(each)
            self._priors[part] = others.prior()
        return self._priors[part]


class SkillScores:
    """How much better depth is than the row table, over the pixels that have truth and a prediction.

    `skill` is 1 - AbsRel / AbsRel of the table: 1 is perfect, 0 as good as the table, below 0 worse. `standing_out` is
    the AbsRel of the pixels that stand out of their row (`STANDS_OUT`), `standing_out_share` how many do.
    """

    def __init__(self) -> None:
        self._sums = np.zeros(5)  # pixels and their errors, predicted and the table's; those that stand out, errors

    def update(self, predicted_m: DepthMap, truth_m: DepthMap, prior_m: DepthMap) -> None:
        """Add one frame of (H, W) metres, of which `prior_m` is what the table says."""
        both = known_depth(truth_m) & (truth_m <= MAX_M) & known_depth(predicted_m)
        guess, truth, prior = (each[both].astype(np.float64) for each in (predicted_m, truth_m, prior_m))
        error, out = np.abs(guess - truth) / truth, truth <= STANDS_OUT * prior
        usual = np.abs(prior - truth) / truth
        self._sums += np.array([truth.size, error.sum(), usual.sum(), np.count_nonzero(out), error[out].sum()], float)

    def merge(self, other: SkillScores) -> None:
        """Add all that `other` has seen."""
        self._sums += other._sums

    def summary(self) -> dict[str, float]:
        """The scores by name; NaN where nothing is known."""
        pixels, error, usual, out, error_out = self._sums.tolist()
        nan = float("nan")
        return {
            "prior_abs_rel": usual / pixels if pixels else nan,
            "skill": 1 - error / usual if usual else nan,
            "standing_out": error_out / out if out else nan,
            "standing_out_share": out / pixels if pixels else nan,
        }


def _log_median(counts: NDArray[np.float64]) -> float:
    """The logarithm of the depth that half of the counts of one angle lie below, interpolated within its bin."""
    reached = counts.cumsum()
    half = reached[-1] / 2
    index = int(np.searchsorted(reached, half))
    inside = (half - (reached[index] - counts[index])) / counts[index]
    return float(_LOG_MIN + (index + inside) * _LOG_STEP)
