# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The pairs of a recording through the network, their depth corrected as the node in stereo mode corrects it.

Here matching takes no time: which pairs are matched follows from their stamps and `stereo_rate_hz`, and each is taken
into the scale before its own depth is corrected. The scale is smoothed over time; that of a segment begins
`WARM_UP_S` before it, so that each can be made by itself. Segments are cut at the same moments however the work is
spread, so the result is always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mt_perception.bags.bag import Bag, Recorded
from mt_perception.bags.partial import readable
from mt_perception.pipeline import Perceiver
from mt_perception.prediction import Prediction
from mt_perception.processing.cameras import Cameras
from mt_perception.processing.ground import OnGround
from mt_perception.processing.segments import Segment
from mt_perception.processing.stats import ProcessingStats
from mt_perception.scale.estimate import WARM_UP_S, Scale, update_scale
from mt_perception.settings import Settings
from mt_perception.stereo import Match, correct_depth, estimate_scale, match
from mt_perception.stereo.pairing import Pairer
from mt_perception.types import OUTPUTS, DataError, StereoPair

_PARTNER_S = 1.0  # by how much one image of a pair may be recorded after the other
_WAITING = 5  # as many images wait for their partner in the node

Stamp = Callable[[Recorded], int]
Made = tuple[int, Prediction, Match | None]
"""When the left image was received, its prediction, and what matching its pair gave if it was its turn."""


class PairedPerceiver:
    """Predictions of pairs, one after the other in the order of time."""

    def __init__(
        self,
        perceiver: Perceiver,
        settings: Settings,
        disparity: bool,
        stats: ProcessingStats,
        stamp_ns: Stamp,
    ) -> None:
        self.stamp_ns = stamp_ns
        self._perceiver, self.settings, self._stats = perceiver, settings, stats
        self._corrects = settings.scales_by_pair
        self._matches = self._corrects or disparity
        self._scale: Scale | None = None
        self._ground: OnGround | None = None
        if settings.scales_by_ground:
            self._ground = OnGround(perceiver.bundle.card.labels, settings, stats)
        self._turn = -1

    def __call__(self, left: Recorded, right: Recorded, cameras: Cameras) -> tuple[Prediction, Match | None]:
        """All outputs for the left image. Raises `DataError` where that is none."""
        frame = cameras.frame(left)
        self._stats.warn(cameras.problem)
        prediction = self._perceiver(frame, tuple(OUTPUTS))
        found = self._match(prediction, left, right, cameras) if self._is_turn(left) else None
        if self._ground:
            return self._ground(prediction), found
        if not self._corrects:
            return prediction, found
        depth_m = correct_depth(prediction.depth_m, self._scale, found if self.settings.depth_mode == "fused" else None)
        return prediction.with_depth(depth_m), found

    def warm_up(self, left: Recorded, right: Recorded, cameras: Cameras) -> None:
        """Take a pair into the scale, if it is its turn."""
        is_turn = self._is_turn(left)
        try:
            if self._ground:
                self._ground.warm_up(self._perceiver(cameras.frame(left), ("mask", "depth_m")))
            elif is_turn and self._corrects:
                self._match(self._perceiver(cameras.frame(left), ("depth_m",)), left, right, cameras)
        except DataError:
            return  # it is told in the segment that it belongs to

    def _is_turn(self, left: Recorded) -> bool:
        """Whether this pair is the first of its time slot; with depth_mode fused every one is matched."""
        if not self._matches or (self._corrects and self.settings.depth_mode == "fused"):
            return self._matches
        last, self._turn = self._turn, int(self.stamp_ns(left) * self.settings.stereo_rate_hz // 1e9)
        return self._turn != last

    def _match(self, prediction: Prediction, left: Recorded, right: Recorded, cameras: Cameras) -> Match | None:
        found = None
        try:
            pair = StereoPair(prediction.frame, cameras.frame(right))
            found = match(pair, self.settings.stereo_width)
        except DataError as error:
            self._stats.warn(f"stereo depth is missing: {error}")
        measured = estimate_scale(prediction.depth_m, found) if found else None
        self._scale = update_scale(self._scale, measured, self.stamp_ns(left))
        return found


def perceive_pairs(
    perceive: PairedPerceiver,
    bag: Bag,
    topics: tuple[str, ...],
    segment: Segment,
    slop_s: float,
    stats: ProcessingStats,
) -> Iterator[Made]:
    """The pairs whose left image was received in `segment`. `topics` are those of left and right images."""
    start_ns, stop_ns = segment.start_ns - round(1e9 * WARM_UP_S), segment.stop_ns + round(1e9 * _PARTNER_S)
    cameras = Cameras(bag, topics, start_ns, perceive.settings.bit_depth)
    pairer: Pairer[Recorded] = Pairer(round(1e9 * slop_s), _WAITING)
    alone = 0
    for recorded in readable(bag, bag.messages({*topics, *cameras.topics}, start_ns, stop_ns), stats.warnings):
        if cameras.heard(recorded):
            continue
        side = topics.index(recorded.topic)
        alone += side == 0 and segment.holds(recorded)
        pair = pairer.add(side, perceive.stamp_ns(recorded), recorded)
        if pair and pair[0].received_ns < segment.start_ns:
            perceive.warm_up(*pair, cameras)
        elif pair and segment.holds(pair[0]):
            alone -= 1
            try:
                yield pair[0].received_ns, *perceive(*pair, cameras)
            except DataError as error:
                stats.skipped[str(error)] += 1
    if alone:
        stats.skipped[f"no right image within sync_slop_s ({slop_s:g} s)"] += alone
