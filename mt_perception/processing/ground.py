# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The depth of a recording's images brought to the scale of the ground, which is smoothed over time."""

from __future__ import annotations

from mt_perception.labels import LabelSet
from mt_perception.prediction import Prediction
from mt_perception.processing.stats import ProcessingStats
from mt_perception.scale.ground import GroundDepth, Mount
from mt_perception.settings import Settings


class OnGround:
    """Corrects predictions of one camera, in the order of time, and tells which of them have no scale of their own.

    What is told begins with `about`.
    """

    def __init__(self, labels: LabelSet, settings: Settings, stats: ProcessingStats, about: str = "") -> None:
        self._depth, self._mount = GroundDepth(labels), Mount(settings.camera_height_m)
        self._stats, self._about = stats, about

    def __call__(self, prediction: Prediction) -> Prediction:
        """The prediction, which holds `mask` and `depth_m`, with its depth corrected."""
        made = self.warm_up(prediction)
        if problem := self._depth.problem:
            has_scale = self._depth.scale and self._depth.scale.known
            kind = "an older one" if has_scale else "the network's own"
            self._stats.warn(f"{self._about}in some images the scale of depth is {kind}: {problem}")
        return made

    def warm_up(self, prediction: Prediction) -> Prediction:
        """The same, without telling: of an image that belongs to another segment."""
        return self._depth(prediction, self._mount)
