# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What happens in the worker thread: from a ROS message to published results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock

from mt_perception.bags.camera_topics import doubt, stated_encoding
from mt_perception.messages.outputs import Result, for_later, is_compressed, message_of
from mt_perception.messages.read import with_camera
from mt_perception.pipeline import Perceiver, Stopwatch
from mt_perception.prediction import Prediction
from mt_perception.ros import convert
from mt_perception.ros.ground import GroundScale
from mt_perception.ros.health import AGE, Health
from mt_perception.ros.outputs import Encoding, subscribed
from mt_perception.ros.stereo import PairDepth
from mt_perception.ros.sync import Pair
from mt_perception.ros.worker import Worker
from mt_perception.settings import Settings
from mt_perception.topics import OutputTopic
from mt_perception.types import Camera, DataError, Frame

_ANOTHER_CLOCK_MS = 60_000.0


class Perception:
    """Turns each image of one camera into what somebody subscribes to.

    The node's thread replaces `camera`, `stereo`, `ground` and `publishers` as a whole; converting an image and
    answering it read them once each.
    """

    def __init__(self, settings: Callable[[], Settings], health: Health, clock: Clock) -> None:
        self.camera: Camera | None = None
        self.publishers: list[tuple[OutputTopic, Any]] = []
        """Each output with its publisher; empty while nothing is to be published."""
        self.stereo: PairDepth | None = None
        """In stereo mode, what makes depth metric."""
        self.ground: GroundScale | None = None
        """What makes depth metric with `depth_mode: ground`."""
        self.encoder: Worker[None, Encoding] | None = None
        """What compresses images in another thread, where any are."""
        self._settings = settings
        self._health = health
        self._clock = clock

    def process(self, perceiver: Perceiver, message: Any) -> bool:
        """Convert, perceive, publish, from an image or a `Pair`. Nothing is computed that nobody subscribes to.

        Returns False for an image that turns out to be none.
        """
        stereo = self.stereo
        left, right = message if isinstance(message, Pair) else (message, None)
        requested = [(output, publisher) for output, publisher in self.publishers if subscribed(publisher)]
        if not requested:
            self._health.results.warn("suppressed", "")
        if not requested and not (stereo and stereo.disparity_requested):
            return True
        watch = Stopwatch()
        try:
            # a pair is matched at a size of its own
            frame = self._calibrated(
                convert.frame(left, self._settings(), None if stereo else perceiver.sufficient_size)
            )
        except DataError as error:
            self._health.skipped(f"image skipped: {error}")
            return False
        self._health.input.warn("no camera", doubt("the image topic", stated_encoding(left.fields)))
        watch.mark("convert")
        self._answer(perceiver, frame, right, requested, watch)
        return True

    def _answer(
        self, perceiver: Perceiver, frame: Frame, right: Any, requested: list[tuple[OutputTopic, Any]], watch: Stopwatch
    ) -> None:
        settings, stereo = self._settings(), self.stereo
        possible = self._possible(requested, frame)
        needs = frozenset().union(*(output.needs for output, _ in possible))
        matching = stereo.begin(frame, right, settings, "depth_m" in needs) if stereo else None
        if not possible:
            return
        ground = self.ground if settings.scales_by_ground and "depth_m" in needs else None
        # without stereo, which compares depth later in a thread of its own, results are done with before the next frame
        prediction = perceiver(frame, needs | {"mask"} if ground else needs, keep=stereo is not None)
        watch.mark("perceive")
        self._tell_what(prediction)
        if stereo:
            prediction = stereo.correct(prediction, matching, settings)
            watch.mark("stereo")
        if ground:
            prediction = ground.correct(prediction, settings, perceiver.bundle.card.labels)
            watch.mark("ground")
        result = Result(prediction, settings, convert.BUILDER)
        for output, publisher in possible:
            if self.encoder and is_compressed(output):
                self.encoder.put((output, publisher, for_later(output, result)), output.name)
            else:
                publisher.publish(message_of(output, result))
        watch.mark("publish")
        age_ms = self._age_ms(frame)
        timings_ms = {**watch.timings_ms, **prediction.timings_ms, "total": sum(watch.timings_ms.values()), **age_ms}
        self._health.finished(timings_ms, late=age_ms.get(AGE, 0.0) > 1e3 * result.settings.late_after_s)

    def _tell_what(self, prediction: Prediction) -> None:
        """Tell which outputs were computed, and of what size, and where that is not the image's."""
        (height, width), (full_height, full_width) = prediction.size, prediction.frame.taken_size
        size, setting = f"{width}x{height}", self._settings().output_size
        how = f"the results are {size} for images of {full_width}x{full_height}; output_size is {setting}"
        is_other = prediction.size != prediction.frame.taken_size
        self._health.results.describe(tell=how if is_other else "", output_size=size)
        self._health.results.describe(outputs=" ".join(sorted(prediction.outputs)))  # subscribers change it often

    def _possible(self, requested: list[tuple[OutputTopic, Any]], frame: Frame) -> list[tuple[OutputTopic, Any]]:
        """Those of the requested outputs that can be made of this frame, and a warning for the others."""
        suppressed = [output.name for output, _ in requested if output.needs_camera and not frame.camera]
        missing = f"not published without a valid camera_info: {', '.join(suppressed)}"
        self._health.results.warn("suppressed", missing if suppressed else "")
        return [(output, publisher) for output, publisher in requested if output.name not in suppressed]

    def _age_ms(self, frame: Frame) -> dict[str, float]:
        """The time since the image's stamp; empty, with a warning, where the stamp is of another clock."""
        now_ns = self._clock.now().nanoseconds
        age_ms = (now_ns - frame.stamp_ns) / 1e6
        problem = ""
        if now_ns == 0:
            problem = "use_sim_time is true, but nothing comes on /clock: start ros2 bag play with --clock"
        elif frame.stamp_ns == 0:
            problem = (
                "the driver leaves header.stamp at 0: no latency can be told, and nothing pairs or finds the results"
            )
        elif abs(age_ms) > _ANOTHER_CLOCK_MS:
            problem = "the images' stamps are of another time than this node's: for a recording set use_sim_time"
        self._health.input.warn("clock", problem)
        return {} if problem else {AGE: age_ms}

    def _calibrated(self, frame: Frame) -> Frame:
        camera = self.camera
        try:
            frame = with_camera(frame, camera) if camera else frame
        except DataError as error:
            self._health.input.warn("camera_size", f"depth is uncorrected: {error}")
        else:
            self._health.input.warn("camera_size", "")
        return frame
