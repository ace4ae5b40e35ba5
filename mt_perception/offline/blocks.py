"""Scores by stretches of time, from which confidence intervals come: neighbouring frames are no independent samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mt_perception.metrics import DepthScores, SegmentationScores
from mt_perception.types import DepthMap, Mask

_MOST = 400
"""More blocks than this are joined in pairs: memory stays bounded, and so many are enough to draw from."""


class Blocks:
    """Label and depth scores of a recording, by blocks of 2**`level` seconds of stamps."""

    def __init__(self) -> None:
        self.level = 0
        self._scores: dict[int, tuple[SegmentationScores, DepthScores]] = {}

    def add(self, stamp_ns: int, labels: tuple[Mask, Mask] | None, depth_m: tuple[DepthMap, DepthMap] | None) -> None:
        """One frame: predicted and true labels, predicted and true metres, as far as there is truth."""
        block = self._scores.setdefault(self._key(stamp_ns), (SegmentationScores(), DepthScores()))
        if labels:
            block[0].update(*labels)
        if depth_m:
            block[1].update(*depth_m)
        while len(self._scores) > _MOST:
            self.coarsen(self.level + 1)

    def coarsen(self, level: int) -> None:
        """Join blocks until they are 2**`level` seconds long."""
        while self.level < level:
            joined: dict[int, tuple[SegmentationScores, DepthScores]] = {}
            for key, (labels, depth) in self._scores.items():
                block = joined.setdefault(key // 2, (SegmentationScores(), DepthScores()))
                block[0].merge(labels)
                block[1].merge(depth)
            self._scores = joined
            self.level += 1

    def table(self) -> Mapping[int, tuple[SegmentationScores, DepthScores]]:
        """The blocks by their number; number 0 began at stamp 0."""
        return self._scores

    def total(self, keys: Any = None) -> dict[str, float]:
        """The scores of all blocks together, or of those that `keys` lists, as often as it lists them."""
        labels, depth = SegmentationScores(), DepthScores()
        for key in self._scores if keys is None else keys:
            labels.merge(self._scores[key][0])
            depth.merge(self._scores[key][1])
        return {**labels.summary(), **depth.summary()}

    def _key(self, stamp_ns: int) -> int:
        return stamp_ns // (10**9 << self.level)


Interval = tuple[float, float]


def confidence(blocks: Blocks, draws: int = 400, seed: int = 0) -> dict[str, Interval]:
    """95 % interval of each score, by drawing blocks with replacement (bootstrap)."""
    return _interval(list(blocks.table()), blocks.total, draws, seed)


def differences(a: Blocks, b: Blocks, draws: int = 400, seed: int = 0) -> dict[str, tuple[float, Interval]]:
    """`b` minus `a` for each score, over the blocks that both have, with the 95 % interval of the paired difference."""
    for each in (a, b):
        each.coarsen(max(a.level, b.level))
    common = sorted(set(a.table()) & set(b.table()))

    def difference(keys: Any) -> dict[str, float]:
        first, second = a.total(keys), b.total(keys)
        return {name: second[name] - first[name] for name in first}

    intervals = _interval(common, difference, draws, seed)
    return {name: (difference(common)[name], interval) for name, interval in intervals.items()}


def _interval(keys: list[int], score: Callable[[Any], dict[str, float]], draws: int, seed: int) -> dict[str, Interval]:
    if not keys:
        return {}
    rng = np.random.default_rng(seed)
    drawn = [score(rng.choice(keys, len(keys))) for _ in range(draws)]
    values = {name: np.array([each[name] for each in drawn]) for name in drawn[0]}
    known = {name: each[np.isfinite(each)] for name, each in values.items() if np.isfinite(each).any()}
    return {name: tuple(np.percentile(each, (2.5, 97.5)).tolist()) for name, each in known.items()}
