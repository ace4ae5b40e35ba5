# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Stereo mode in the node: from pairs of messages to corrected depth, `disparity` and what the diagnostics tell."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any

from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo

from mt_perception.messages.outputs import disparity_message
from mt_perception.messages.read import camera_from_info, with_camera
from mt_perception.prediction import Prediction
from mt_perception.ros import convert
from mt_perception.ros.diagnostic_task import DiagnosticTask
from mt_perception.ros.outputs import subscribed
from mt_perception.ros.scale import report_scale
from mt_perception.settings import Settings
from mt_perception.stereo import Match, StereoDepth
from mt_perception.stereo.depth import Matching
from mt_perception.topics import RIGHT_IMAGE, camera_info_topic
from mt_perception.types import Camera, DataError, Frame, StereoPair
from mt_perception.utils.parallel import opencv_threads

_MISSING = "stereo depth is missing"
_CAMERA_INFO = camera_info_topic(RIGHT_IMAGE)
_UNCOMPARED = "left and right could not be compared; is one covered?"
_LIMITED = "are baseline and focal length in the camera_info right?"


class PairDepth:
    """Makes the depth of predictions metric with the right camera's images.

    The worker calls `begin` and `correct`, the node's thread all else. The right image is converted in the matching
    thread, and only if it is used.
    """

    def __init__(self, task: DiagnosticTask, publisher: Publisher | None) -> None:
        """`publisher` is that of `disparity`; None where its type is not installed."""
        self._task, self._publisher = task, publisher
        self._right_camera: Camera | None = None
        self._depth_requested = False
        self._open = ExitStack()
        # OpenCV has one pool for all; its threads would take the cores that the network needs
        self._open.enter_context(opencv_threads(1))
        self._depth = StereoDepth(self._on_match, self._on_problem)

    @property
    def disparity_requested(self) -> bool:
        """Whether somebody subscribes to `disparity`."""
        return subscribed(self._publisher)

    def on_right_camera_info(self, message: CameraInfo) -> None:
        """Take the right camera from its newest camera_info."""
        try:
            self._right_camera, problem = camera_from_info(message), ""
        except DataError as error:
            self._right_camera, problem = None, str(error)
        self._task.warn(_CAMERA_INFO, problem and f"{_MISSING}: {_CAMERA_INFO}: {problem}")

    def begin(self, left: Frame, right: Any, settings: Settings, depth_requested: bool) -> Matching | None:
        """Start to match a frame and the message of its right image, if that is of use and it is its turn."""
        self._depth_requested = depth_requested and settings.scales_by_pair
        if not self._depth_requested and not self.disparity_requested:
            return None
        return self._depth.begin(partial(self._pair, left, right, settings), settings)

    def correct(self, prediction: Prediction, matching: Matching | None, settings: Settings) -> Prediction:
        """The prediction with its depth, if it has one, corrected as `depth_mode` says."""
        if "depth_m" not in prediction.outputs:
            return prediction
        depth_m = self._depth.correct(prediction.depth_m, prediction.frame.stamp_ns, matching, settings)
        return prediction.with_depth(depth_m)

    def report(self) -> None:
        """Tell the diagnostics how left and right compare."""
        report_scale(self._task, self._depth.scale, self._depth_requested, _UNCOMPARED, _LIMITED)

    def close(self) -> None:
        """End the matching thread, which publishes."""
        self._depth.close()
        self._open.close()
        for name in ("scale", "stereo", _CAMERA_INFO):
            self._task.warn(name, "")

    def _pair(self, left: Frame, message: Any, settings: Settings) -> StereoPair:
        right = convert.frame(message, settings)
        if self._right_camera is None:
            raise DataError(f"there is no {_CAMERA_INFO} yet, or it is uncalibrated")
        return StereoPair(left, with_camera(right, self._right_camera))

    def _on_match(self, pair: StereoPair, match: Match) -> None:
        if self._publisher and self.disparity_requested:
            self._publisher.publish(disparity_message(match, pair.left, convert.BUILDER))

    def _on_problem(self, problem: str) -> None:
        self._task.warn("stereo", problem and f"{_MISSING}: {problem}")
