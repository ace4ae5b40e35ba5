"""A scoreboard that remembers what a report needs. Memory grows by a few numbers a frame, not by its pictures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from mt_perception.jsonfile import plain
from mt_perception.metrics import DepthBreakdown, DepthHistogram, SegmentationScores
from mt_perception.types import DepthMap, Mask
from mt_perception_training.data.sample import Sample
from mt_perception_training.report.classes import Classes, classes_of
from mt_perception_training.report.frames import FrameScores, Worst, judge
from mt_perception_training.report.pictures import Panel, panels
from mt_perception_training.scoreboard import Scoreboard


class DatasetScores:
    """All that is known about a model on one data set; `worst` holds the pictures of the worst frames."""

    def __init__(self, classes: Classes, worst: int) -> None:
        self.classes = classes
        self.labels = SegmentationScores(len(classes))
        self.depth = DepthBreakdown(len(classes))
        self.histogram = DepthHistogram()
        self.frames: list[FrameScores] = []
        self.worst: Worst[tuple[FrameScores, tuple[Panel, ...]]] = Worst(worst)
        self._has_labels = self._has_depth = False

    def add(self, sample: Sample, mask: Mask, depth_m: DepthMap) -> None:
        """One sample with its prediction, both at the sample's size."""
        labels: SegmentationScores | None = None
        depth: DepthBreakdown | None = None
        truth = None if sample.labels is None else self.classes.folded(sample.labels)
        if truth is not None:
            labels = SegmentationScores(len(self.classes))
            labels.update(self.classes.folded(mask), truth)
            self.labels.confusion += labels.confusion
            self._has_labels = True
        if sample.depth_m is not None:
            depth = DepthBreakdown(len(self.classes))
            depth.update(depth_m, sample.depth_m, truth)
            self.depth.merge(depth)
            self.histogram.update(depth_m, sample.depth_m)
            self._has_depth = True
        frame = judge(sample.name, self.classes.names, labels, depth)
        self.frames.append(frame)
        if self.worst.admits(frame.score):  # encoding pictures takes longer than scoring them
            self.worst.add(frame.score, (frame, panels(sample, mask, depth_m, self.classes)))

    def results(self) -> dict[str, Any]:
        """Every number, by name; `labels` and `depth` are None where there was no such truth."""
        return {
            "pictures": len(self.frames),
            "labels": self._label_results() if self._has_labels else None,
            "depth": self._depth_results() if self._has_depth else None,
            "frames": [asdict(each) | {"score": each.score} for each in sorted(self.frames, key=lambda f: f.score)],
        }

    def _label_results(self) -> dict[str, Any]:
        scores = self.labels
        pixels, guessed = scores.confusion.sum(1), scores.confusion.sum(0)[: scores.classes]
        recall, hits = np.diag(scores.shares), np.diag(scores.confusion)
        precision = np.divide(hits, guessed, out=np.full(scores.classes, np.nan), where=guessed > 0)
        columns = zip(self.classes.names, scores.iou, recall, precision, pixels, strict=True)
        return {
            **scores.summary(),
            "official_miou": scores.official_miou,
            "classes": [
                {"name": n, "iou": float(i), "recall": float(r), "precision": float(p), "pixels": int(count)}
                for n, i, r, p, count in columns
            ],
            "confusion": scores.confusion.tolist(),
        }

    def _depth_results(self) -> dict[str, Any]:
        edges = self.depth.edges_m
        bands = zip(edges[:-1], edges[1:], self.depth.by_distance(), strict=True)
        by_class = zip(self.classes.names, self.depth.by_class(), strict=True)
        return {
            **self.depth.summary(),
            "classes": [{"name": name, **row} for name, row in by_class] if self._has_labels else [],
            "distances": [{"from_m": start, "to_m": end, **row} for start, end, row in bands],
            "histogram": {
                "edges_m": self.histogram.edges_m.tolist(),
                "truth": self.histogram.truth.tolist(),
                "predicted": self.histogram.predicted.tolist(),
            },
        }


class Collector(Scoreboard):
    """A `Scoreboard` that also keeps, for each data set, its `DatasetScores` with the pictures of `worst` frames."""

    def __init__(self, worst: int = 8) -> None:
        super().__init__()
        self.datasets: dict[str, DatasetScores] = {}
        self._worst = worst

    def add(self, dataset: str, sample: Sample, mask: Mask, depth_m: DepthMap) -> None:
        """One sample of `dataset` with its prediction, both at the sample's size."""
        super().add(dataset, sample, mask, depth_m)
        if dataset not in self.datasets:
            self.datasets[dataset] = DatasetScores(classes_of(dataset), self._worst)
        self.datasets[dataset].add(sample, mask, depth_m)

    def results(self) -> dict[str, Any]:
        """The main scores as in a model's card, and every number of each data set: plain values, ready for JSON."""
        datasets = {name: scores.results() for name, scores in self.datasets.items()}
        return plain({"scores": self.summary(), "datasets": datasets})
