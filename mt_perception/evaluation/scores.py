# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Everything that is measured of some frames, of data sets and of recordings alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from mt_perception.bags.by_stamp import Pair
from mt_perception.evaluation.measures import MEANS
from mt_perception.metrics.depth_scores import DepthScores
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.scores import SegmentationScores
from mt_perception.model.row_prior import SkillScores
from mt_perception.types import DepthMap


class Scores:
    """Those of labels, depth and its skill. `frames`: of how many `labels`, `depth` and `skill` are."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.labels, self.depth, self.skill = SegmentationScores(comparison), DepthScores(), SkillScores()
        self.frames: Counter[str] = Counter()
        self._means = np.zeros((len(MEANS), 2))  # sum and number of frames of each

    def add(
        self,
        labels: Pair | None,
        depth_m: Pair | None,
        means: Mapping[str, float] = MappingProxyType({}),
        prior_m: DepthMap | None = None,
    ) -> None:
        """One frame: labels and metres, predicted and true; of `MEANS` what is known; what the row table says."""
        if labels:
            self.labels.update(*labels)
            self.frames["labels"] += 1
        if depth_m:
            self.depth.update(*depth_m)
            self.frames["depth"] += 1
        if depth_m and prior_m is not None:
            self.skill.update(*depth_m, prior_m)
            self.frames["skill"] += 1
        for name, value in means.items():
            self._means[MEANS.index(name)] += value, 1

    @property
    def has_truth(self) -> bool:
        """Whether any pixel was scored at all."""
        return bool(self.labels.present.any()) or self.depth.pixels > 0

    def merge(self, other: Scores) -> None:
        """Add all that `other`, of the same comparison, has seen."""
        self.labels.merge(other.labels)
        self.depth.merge(other.depth)
        self.skill.merge(other.skill)
        self.frames += other.frames
        self._means += other._means

    def summary(self) -> dict[str, float]:
        """All measures by name; NaN where nothing is known."""
        sums, counts = self._means.T
        means = np.divide(sums, counts, out=np.full(len(MEANS), np.nan), where=counts > 0)
        scores = self.labels.summary() | self.depth.summary() | self.skill.summary()
        return scores | dict(zip(MEANS, means.tolist(), strict=True))
