# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A scoreboard that remembers what a report needs. Memory grows by a few numbers a frame, not by its images."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from mt_perception.datasets.sample import Sample
from mt_perception.evaluation.datasets.scoreboard import Scoreboard
from mt_perception.evaluation.scores import Scores
from mt_perception.labels import LabelSet
from mt_perception.metrics.depth_scores import DepthBreakdown, DepthHistogram
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.model.row_prior import RowPrior
from mt_perception.report.clouds import Cloud, clouds
from mt_perception.report.frames import FrameScores, Worst, judge
from mt_perception.report.images import Panel, View, panels
from mt_perception.report.tables import depth_results, label_results
from mt_perception.types import DepthMap, Mask
from mt_perception.utils.json_safe import json_safe


class Details:
    """What a report tells of one data set beside its scores; `worst` holds the images of the worst frames."""

    def __init__(self, comparison: Comparison, worst: int) -> None:
        self.comparison = comparison
        self.depth = DepthBreakdown(comparison)
        self.histogram = DepthHistogram()
        self.frames: list[FrameScores] = []
        self.worst: Worst[tuple[FrameScores, tuple[Panel, ...], tuple[Cloud, ...]]] = Worst(worst)

    def add(self, sample: Sample, mask: Mask, depth_m: DepthMap, scores: Scores) -> None:
        """One sample with its prediction, both at the sample's size, and the scores of it alone."""
        depth = DepthBreakdown(self.comparison)
        if sample.depth_m is not None:
            depth.update(depth_m, sample.depth_m, sample.labels)
            self.depth.merge(depth)
            self.histogram.update(depth_m, sample.depth_m)
        frame = judge(sample.name, scores.labels, scores.depth, depth)
        self.frames.append(frame)
        if self.worst.admits(frame.score):  # encoding images takes longer than scoring them
            all_of_it = View(sample.image, mask, sample.labels, depth_m, sample.depth_m, sample.camera)
            shown = panels(_beside_truth(all_of_it), self.comparison)
            self.worst.add(frame.score, (frame, shown, clouds(all_of_it, self.comparison)))

    def results(self, scores: Scores) -> dict[str, Any]:
        """Every number, by name, `scores` being those of all samples; `labels` and `depth` are None without truth."""
        return {
            "images": len(self.frames),
            "labels": label_results(scores.labels) if scores.frames["labels"] else None,
            "depth": self._depth_results(scores) if scores.frames["depth"] else None,
            "frames": [asdict(each) | {"score": each.score} for each in sorted(self.frames, key=lambda f: f.score)],
        }

    def _depth_results(self, scores: Scores) -> dict[str, Any]:
        return {
            **depth_results(scores.depth, self.depth, has_labels=scores.frames["labels"] > 0),
            **scores.skill.summary(),
            "histogram": {
                "edges_m": self.histogram.edges_m.tolist(),
                "truth": self.histogram.truth.tolist(),
                "predicted": self.histogram.predicted.tolist(),
            },
        }


def _beside_truth(view: View) -> View:
    """Predictions are shown beside their truth alone."""
    return replace(
        view,
        labels=None if view.true_labels is None else view.labels,
        depth_m=None if view.true_depth_m is None else view.depth_m,
    )


class Collector(Scoreboard):
    """A `Scoreboard` that also keeps, for each data set, its `Details` with the images of `worst` frames."""

    def __init__(self, predicted: LabelSet, worst: int = 8) -> None:
        super().__init__(predicted)
        self.details: dict[str, Details] = {}
        self._worst = worst

    def add(
        self,
        dataset: str,
        true: LabelSet,
        sample: Sample,
        mask: Mask,
        depth_m: DepthMap,
        prior: RowPrior | None = None,
    ) -> Scores:
        """As `Scoreboard.add`."""
        frame = super().add(dataset, true, sample, mask, depth_m, prior)
        details = self.details.setdefault(dataset, Details(frame.comparison, self._worst))
        details.add(sample, mask, depth_m, frame)
        return frame

    def results(self) -> dict[str, Any]:
        """The main scores as in a model's card, and every number of each data set: plain values, ready for JSON."""
        datasets = {name: self._results(name) for name in self.details}
        return json_safe({"scores": self.summary(), "datasets": datasets})

    def _results(self, name: str) -> dict[str, Any]:
        about = self.about.get(name, {})
        found = self.details[name].results(self.scores[name]) | {"split": about.get("split")}
        if found["depth"]:
            found["depth"]["row_table"] = about.get("row_table")
        return found
