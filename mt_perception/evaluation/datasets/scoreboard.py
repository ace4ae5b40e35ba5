"""Scores of several data sets side by side, each in the classes that its truth tells apart."""

from __future__ import annotations

import math

from mt_perception.datasets.sample import Sample
from mt_perception.labels import LabelSet
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.scores import DepthScores, SegmentationScores
from mt_perception.model.row_prior import RowPrior, SkillScores
from mt_perception.types import DepthMap, Mask


class Scoreboard:
    """Collects predictions in the classes of `predicted`, each data set compared with its own; see `Comparison`."""

    def __init__(self, predicted: LabelSet) -> None:
        self.predicted = predicted
        self.labels: dict[str, SegmentationScores] = {}
        self.depths: dict[str, DepthScores] = {}
        self.skills: dict[str, SkillScores] = {}
        self.about: dict[str, dict[str, str]] = {}
        """Of each data set what was scored (`split`), and what its depth is compared with (`row_table`)."""

    def add(
        self,
        dataset: str,
        true: LabelSet,
        sample: Sample,
        mask: Mask,
        depth_m: DepthMap,
        prior: RowPrior | None = None,
    ) -> None:
        """One sample of `dataset`, with labels in the classes of `true`, and its prediction, both at the sample's size.

        `prior`: what depth has to beat. Raises `NoCommonClasses` where labels cannot be compared.
        """
        if sample.labels is not None:
            if dataset not in self.labels:
                self.labels[dataset] = SegmentationScores(Comparison(self.predicted, true))
            self.labels[dataset].update(mask, sample.labels)
        if sample.depth_m is not None:
            self.depths.setdefault(dataset, DepthScores()).update(depth_m, sample.depth_m)
            if prior and sample.camera:
                skill = self.skills.setdefault(dataset, SkillScores())
                skill.update(depth_m, sample.depth_m, prior.predict(sample.camera))

    def summary(self) -> dict[str, float]:
        """The main scores, as they stand in a model's card: `camvid_miou`, `city_abs_rel`, ..."""
        values = {f"{name}_miou": scores.miou for name, scores in self.labels.items()}
        for name, scores in self.depths.items():
            values |= {f"{name}_{key}": scores.summary()[key] for key in ("abs_rel", "rmse", "delta1", "spearman")}
        for name, skill in self.skills.items():
            values |= {f"{name}_{key}": value for key, value in skill.summary().items()}
        return values


def overall(scores: dict[str, float]) -> float:
    """One number that rises as the scores improve: the mean IoUs, less the relative errors of depth, if known."""
    known = {name: value for name, value in scores.items() if math.isfinite(value)}
    gains = sum(value for name, value in known.items() if name.endswith("_miou"))
    return gains - sum(value for name, value in known.items() if is_abs_rel(name))


def is_abs_rel(name: str) -> bool:
    """Whether a score of `Scoreboard.summary` is the error of predicted depth, not that of the row table."""
    return name.endswith("_abs_rel") and not name.endswith("_prior_abs_rel")
