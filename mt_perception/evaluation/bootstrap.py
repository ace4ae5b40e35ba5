# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Scores by stretches of time, from which confidence intervals come: neighbouring frames are no independent samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mt_perception.bags.by_stamp import Pair
from mt_perception.evaluation.measures import LEAST_BLOCKS
from mt_perception.evaluation.scores import Scores
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.types import DepthMap

_MOST = 400
"""More blocks than this are joined in pairs: memory stays bounded, and so many are enough to draw from."""


class TimeBlocks:
    """The scores of a recording, by blocks of 2**`level` seconds of stamps."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.level = 0
        self._scores: dict[int, Scores] = {}

    def add(
        self,
        stamp_ns: int,
        labels: Pair | None,
        depth_m: Pair | None,
        means: Mapping[str, float] | None = None,
        prior_m: DepthMap | None = None,
    ) -> Scores:
        """One frame, as for `Scores.add`. Returns the scores of this frame alone."""
        frame = Scores(self.comparison)
        frame.add(labels, depth_m, means or {}, prior_m)
        self._scores.setdefault(stamp_ns // (10**9 << self.level), Scores(self.comparison)).merge(frame)
        while len(self._scores) > _MOST:
            self.coarsen(self.level + 1)
        return frame

    def coarsen(self, level: int) -> None:
        """Join blocks until they are 2**`level` seconds long."""
        while self.level < level:
            joined: dict[int, Scores] = {}
            for key, scores in self._scores.items():
                joined.setdefault(key // 2, Scores(self.comparison)).merge(scores)
            self._scores = joined
            self.level += 1

    def table(self) -> Mapping[int, Scores]:
        """The blocks by their number; number 0 began at stamp 0."""
        return self._scores

    def scores(self, keys: Any = None) -> Scores:
        """Those of all blocks together, or of those that `keys` lists, as often as it lists them."""
        total = Scores(self.comparison)
        for key in self._scores if keys is None else keys:
            total.merge(self._scores[key])
        return total

    def total(self, keys: Any = None) -> dict[str, float]:
        """The summary of `scores`."""
        return self.scores(keys).summary()


Interval = tuple[float, float]


def confidence(time_blocks: TimeBlocks, draws: int = 400, seed: int = 0) -> dict[str, Interval]:
    """95 % interval of each score, by drawing time blocks with replacement (bootstrap); none from a few blocks."""
    return _interval(list(time_blocks.table()), time_blocks.total, draws, seed)


def common_time_blocks(a: TimeBlocks, b: TimeBlocks) -> list[int]:
    """The numbers of the blocks that both have, which are made equally long."""
    for each in (a, b):
        each.coarsen(max(a.level, b.level))
    return sorted(set(a.table()) & set(b.table()))


def differences(
    a: TimeBlocks, b: TimeBlocks, draws: int = 400, seed: int = 0
) -> dict[str, tuple[float, Interval | None]]:
    """`b` minus `a` for each known score, over the blocks that both have, with the 95 % interval of that difference.

    It is one of pairs. There is none where they have fewer than `LEAST_BLOCKS` in common.
    """
    common = common_time_blocks(a, b)

    def difference(keys: Any) -> dict[str, float]:
        first, second = a.total(keys), b.total(keys)
        return {name: second[name] - first[name] for name in first}

    intervals = _interval(common, difference, draws, seed)
    return {name: (value, intervals.get(name)) for name, value in difference(common).items() if np.isfinite(value)}


def _interval(keys: list[int], score: Callable[[Any], dict[str, float]], draws: int, seed: int) -> dict[str, Interval]:
    if len(keys) < LEAST_BLOCKS:
        return {}
    rng = np.random.default_rng(seed)
    drawn = [score(rng.choice(keys, len(keys))) for _ in range(draws)]
    values = {name: np.array([each[name] for each in drawn]) for name in drawn[0]}
    known = {name: each[np.isfinite(each)] for name, each in values.items() if np.isfinite(each).any()}
    return {name: tuple(np.percentile(each, (2.5, 97.5)).tolist()) for name, each in known.items()}
