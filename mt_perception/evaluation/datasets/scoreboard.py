# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Scores of several data sets side by side, each in the classes that its truth tells apart."""

from __future__ import annotations

import numpy as np

from mt_perception.datasets.sample import Sample
from mt_perception.evaluation.scores import Scores
from mt_perception.labels import LabelSet
from mt_perception.metrics.depth_scores import DepthScores
from mt_perception.metrics.goodness import goodness
from mt_perception.metrics.label_mapping import Comparison, NoCommonClasses
from mt_perception.metrics.scores import SegmentationScores
from mt_perception.model.row_prior import RowPrior, SkillScores
from mt_perception.types import DepthMap, Mask


class Scoreboard:
    """Collects predictions in the classes of `predicted`, each data set compared with its own; see `Comparison`."""

    def __init__(self, predicted: LabelSet) -> None:
        self.predicted = predicted
        self.scores: dict[str, Scores] = {}
        self.about: dict[str, dict[str, str]] = {}
        """Of each data set what was scored (`split`), and what its depth is compared with (`row_table`)."""

    @property
    def labels(self) -> dict[str, SegmentationScores]:
        """Of the data sets that have true labels."""
        return {name: each.labels for name, each in self.scores.items() if each.frames["labels"]}

    @property
    def depths(self) -> dict[str, DepthScores]:
        """Of the data sets that have true depth."""
        return {name: each.depth for name, each in self.scores.items() if each.frames["depth"]}

    @property
    def skills(self) -> dict[str, SkillScores]:
        """Of the data sets whose depth was compared with a row table."""
        return {name: each.skill for name, each in self.scores.items() if each.frames["skill"]}

    def add(
        self,
        dataset: str,
        true: LabelSet,
        sample: Sample,
        mask: Mask,
        depth_m: DepthMap,
        prior: RowPrior | None = None,
    ) -> Scores:
        """One sample of `dataset`, with labels in the classes of `true`, and its prediction, both at the sample's size.

        `prior`: what depth has to beat. Returns the scores of this sample alone. Raises `NoCommonClasses` where labels
        cannot be compared.
        """
        frame = Scores(self._comparison(dataset, true, sample.labels is not None))
        frame.add(
            None if sample.labels is None else (mask, sample.labels),
            None if sample.depth_m is None else (depth_m, sample.depth_m),
            prior_m=prior.predict(sample.camera) if prior and sample.camera else None,
        )
        self.scores.setdefault(dataset, Scores(frame.comparison)).merge(frame)
        return frame

    def _comparison(self, dataset: str, true: LabelSet, has_labels: bool) -> Comparison:
        """Where there are no labels to compare, depth is told by the predicted classes if need be."""
        if dataset in self.scores and (not has_labels or self.scores[dataset].comparison.true == true):
            return self.scores[dataset].comparison
        try:
            return Comparison(self.predicted, true)
        except NoCommonClasses:
            if has_labels:
                raise
            return Comparison(self.predicted, self.predicted)

    def summary(self) -> dict[str, float]:
        """The main scores, as they stand in a model's card: `camvid_miou`, `city_abs_rel`, ..."""
        values = {f"{name}_miou": scores.miou for name, scores in self.labels.items()}
        for name, scores in self.depths.items():
            values |= {f"{name}_{key}": scores.summary()[key] for key in ("abs_rel", "rmse", "delta1", "spearman")}
        for name, skill in self.skills.items():
            values |= {f"{name}_{key}": value for key, value in skill.summary().items()}
        return values

    def overall(self) -> float:
        """One number that rises as the scores improve: the `goodness` of all data sets together."""
        found = [each.summary() for each in self.scores.values()]
        return float(np.nansum([goodness(each["miou"], each["abs_rel"]) for each in found]))


def is_abs_rel(name: str) -> bool:
    """Whether a score of `Scoreboard.summary` is the error of predicted depth, not that of the row table."""
    return name.endswith("_abs_rel") and not name.endswith("_prior_abs_rel")
