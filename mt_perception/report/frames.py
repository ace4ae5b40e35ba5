# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How one frame was judged, and the few frames that were judged worst."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from mt_perception.metrics.depth_scores import DepthBreakdown, DepthScores
from mt_perception.metrics.goodness import goodness
from mt_perception.metrics.scores import SegmentationScores

Item = TypeVar("Item")


@dataclass(frozen=True)
class Fault:
    """The class of a frame that came out worst. `share` is its part of the pixels that have truth, 0..1.

    `value` is its IoU for labels and its AbsRel for depth; `taken_for` is what its lost pixels mostly became.
    """

    name: str
    value: float
    share: float
    taken_for: str = ""


@dataclass(frozen=True)
class FrameScores:
    """The scores of one frame; NaN without truth of that kind."""

    name: str
    miou: float
    abs_rel: float
    labels_fault: Fault | None = None
    depth_fault: Fault | None = None

    @property
    def score(self) -> float:
        """Its `goodness`: the lower, the worse the frame. +Inf for a frame without truth: nothing speaks against it."""
        found = float(goodness(self.miou, self.abs_rel))
        return math.inf if math.isnan(found) else found


def judge(name: str, labels: SegmentationScores, depth: DepthScores, by_class: DepthBreakdown) -> FrameScores:
    """The verdict on the frame called `name` from the scores of it alone; `by_class` are those of its depth."""
    return FrameScores(
        name, labels.miou, depth.summary()["abs_rel"], _labels_fault(labels), _depth_fault(by_class)
    )  # fmt: skip


def _labels_fault(scores: SegmentationScores) -> Fault | None:
    """The class of the lowest IoU; of several, such as those missed altogether, the one with the most pixels."""
    names, pixels = scores.labels.names, scores.confusion.sum(1)
    present = np.flatnonzero(pixels)
    if not present.size:
        return None
    iou = scores.iou
    worst = min(present.tolist(), key=lambda index: (iou[index], -pixels[index]))
    lost = scores.confusion[worst].copy()
    lost[worst] = 0
    taken_for = (*names, "no class")[int(lost.argmax())] if lost.any() else ""
    return Fault(names[worst], float(iou[worst]), float(pixels[worst] / pixels.sum()), taken_for)


def _depth_fault(scores: DepthBreakdown) -> Fault | None:
    rows = scores.by_class()
    total = sum(row["pixels"] for row in rows)
    known = [(row["abs_rel"], index) for index, row in enumerate(rows) if not math.isnan(row["abs_rel"])]
    if not known:
        return None
    value, index = max(known)
    return Fault(scores.labels.names[index], value, rows[index]["pixels"] / total)


class Worst(Generic[Item]):
    """The `keep` items of the lowest scores, worst first; of equal ones those that came first."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._count = 0
        self._heap: list[tuple[float, int, Item]] = []  # the best of them on top, to be the next to go

    def admits(self, score: float) -> bool:
        """Whether an item of this score would be kept now: ask before making an expensive one."""
        if len(self._heap) < self._keep:
            return True
        return bool(self._heap) and score < -self._heap[0][0]

    def add(self, score: float, item: Item) -> None:
        """Keep the item if it is bad enough."""
        if not self.admits(score):
            return
        self._count += 1
        entry = (-score, -self._count, item)
        if len(self._heap) < self._keep:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heapreplace(self._heap, entry)

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[Item]:
        return (item for _, _, item in sorted(self._heap, key=lambda entry: entry[:2], reverse=True))
