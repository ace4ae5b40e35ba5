"""A scoreboard that remembers what a report needs. Memory grows by a few numbers a frame, not by its images."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mt_perception.datasets.sample import Sample
from mt_perception.evaluation.datasets.scoreboard import Scoreboard
from mt_perception.labels import LabelSet
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.scores import DepthBreakdown, DepthHistogram, SegmentationScores
from mt_perception.model.row_prior import RowPrior, SkillScores
from mt_perception.report.frames import FrameScores, Worst, judge
from mt_perception.report.images import Panel, View, panels
from mt_perception.report.tables import depth_results, label_results
from mt_perception.types import DepthMap, Mask
from mt_perception.utils.json_safe import json_safe


class DatasetScores:
    """All that is known about a model on one data set; `worst` holds the images of the worst frames."""

    def __init__(self, comparison: Comparison, worst: int) -> None:
        self.comparison = comparison
        self.labels = SegmentationScores(comparison)
        self.depth = DepthBreakdown(comparison)
        self.histogram = DepthHistogram()
        self.frames: list[FrameScores] = []
        self.worst: Worst[tuple[FrameScores, tuple[Panel, ...]]] = Worst(worst)
        self._has_labels = self._has_depth = False

    def add(self, sample: Sample, mask: Mask, depth_m: DepthMap) -> None:
        """One sample with its prediction, both at the sample's size."""
        labels: SegmentationScores | None = None
        depth: DepthBreakdown | None = None
        if sample.labels is not None:
            labels = SegmentationScores(self.comparison)
            labels.update(mask, sample.labels)
            self.labels.merge(labels)
            self._has_labels = True
        if sample.depth_m is not None:
            depth = DepthBreakdown(self.comparison)
            depth.update(depth_m, sample.depth_m, sample.labels)
            self.depth.merge(depth)
            self.histogram.update(depth_m, sample.depth_m)
            self._has_depth = True
        frame = judge(sample.name, labels, depth)
        self.frames.append(frame)
        if self.worst.admits(frame.score):  # encoding images takes longer than scoring them
            self.worst.add(frame.score, (frame, panels(_view(sample, mask, depth_m), self.comparison)))

    def results(self) -> dict[str, Any]:
        """Every number, by name; `labels` and `depth` are None where there was no such truth."""
        return {
            "images": len(self.frames),
            "labels": label_results(self.labels) if self._has_labels else None,
            "depth": self._depth_results() if self._has_depth else None,
            "frames": [asdict(each) | {"score": each.score} for each in sorted(self.frames, key=lambda f: f.score)],
        }

    def _depth_results(self) -> dict[str, Any]:
        return depth_results(self.depth, self._has_labels) | {
            "histogram": {
                "edges_m": self.histogram.edges_m.tolist(),
                "truth": self.histogram.truth.tolist(),
                "predicted": self.histogram.predicted.tolist(),
            },
        }


def _view(sample: Sample, mask: Mask, depth_m: DepthMap) -> View:
    """What is shown of the sample: predictions beside their truth alone."""
    labels, true_m = sample.labels, sample.depth_m
    return View(sample.image, None if labels is None else mask, labels, None if true_m is None else depth_m, true_m)


class Collector(Scoreboard):
    """A `Scoreboard` that also keeps, for each data set, its `DatasetScores` with the images of `worst` frames."""

    def __init__(self, predicted: LabelSet, worst: int = 8) -> None:
        super().__init__(predicted)
        self.datasets: dict[str, DatasetScores] = {}
        self._worst = worst

    def add(
        self,
        dataset: str,
        true: LabelSet,
        sample: Sample,
        mask: Mask,
        depth_m: DepthMap,
        prior: RowPrior | None = None,
    ) -> None:
        """As `Scoreboard.add`."""
        super().add(dataset, true, sample, mask, depth_m, prior)
        if dataset not in self.datasets:
            comparison = Comparison(self.predicted, self.predicted if sample.labels is None else true)
            self.datasets[dataset] = DatasetScores(comparison, self._worst)
        self.datasets[dataset].add(sample, mask, depth_m)

    def results(self) -> dict[str, Any]:
        """The main scores as in a model's card, and every number of each data set: plain values, ready for JSON."""
        datasets = {name: self._results(name) for name in self.datasets}
        return json_safe({"scores": self.summary(), "datasets": datasets})

    def _results(self, name: str) -> dict[str, Any]:
        found = self.datasets[name].results() | {"split": self.about.get(name, {}).get("split")}
        if found["depth"]:
            skill = self.skills.get(name, SkillScores()).summary()
            found["depth"] |= {"spearman": self.depths[name].summary()["spearman"], **skill}
            found["depth"]["row_table"] = self.about.get(name, {}).get("row_table")
        return found
