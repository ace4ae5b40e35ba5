# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The images of a recording through the network, their depth brought to the scale of the ground.

The scale is smoothed over time; that of a segment begins `WARM_UP_S` before it, so that each can be made by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mt_perception.labels import LabelSet
from mt_perception.prediction import Prediction
from mt_perception.processing.segments import Segment
from mt_perception.processing.stats import ProcessingStats
from mt_perception.scale.ground import GroundDepth, Mount
from mt_perception.settings import Settings


class OnGround:
    """Corrects predictions, in the order of time, and tells which of them have no scale of their own."""

    def __init__(self, labels: LabelSet, settings: Settings, stats: ProcessingStats) -> None:
        self._depth, self._mount, self._stats = GroundDepth(labels), Mount(settings.camera_height_m), stats

    def __call__(self, prediction: Prediction) -> Prediction:
        """The prediction, which holds `mask` and `depth_m`, with its depth corrected."""
        made = self.warm_up(prediction)
        if problem := self._depth.problem:
            has_scale = self._depth.scale and self._depth.scale.known
            kind = "an older one" if has_scale else "the network's own"
            self._stats.warn(f"in some images the scale of depth is {kind}: {problem}")
        return made

    def warm_up(self, prediction: Prediction) -> Prediction:
        """The same, without telling: of an image that belongs to another segment."""
        return self._depth(prediction, self._mount)


def on_ground(
    correct: OnGround, predictions: Iterable[tuple[int, Prediction]], segment: Segment
) -> Iterator[tuple[int, Prediction]]:
    """The predictions of images that were received in `segment`, corrected by these and those before it."""
    for received_ns, prediction in predictions:
        if received_ns < segment.start_ns:
            correct.warm_up(prediction)
        else:
            yield received_ns, correct(prediction)
