# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`depth_mode: ground` in the node: how the camera is mounted, corrected depth, and what the diagnostics tell."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.time import Time

from mt_perception.errors import Error
from mt_perception.labels import LabelSet
from mt_perception.prediction import Prediction
from mt_perception.ros.diagnostic_task import DiagnosticTask
from mt_perception.ros.scale import report_scale
from mt_perception.scale.estimate import apply_scale
from mt_perception.scale.ground import Ground, GroundDepth, Mount
from mt_perception.settings import Settings, SettingsError
from mt_perception.types import DataError


class MountError(Error, ValueError):
    """Why it is not known how the camera is mounted."""


class GroundScale:
    """Makes the depth of predictions metric by the road below the camera.

    The worker calls `correct`, the node's thread all else.
    """

    def __init__(self, node: Node, task: DiagnosticTask, settings: Settings) -> None:
        self._task = task
        needs_tf = bool(settings.base_frame) and not settings.camera_height_m
        self._tf = _TransformMount(node, settings.base_frame) if needs_tf else None
        self._depth: GroundDepth | None = None
        self._problem = ""

    def correct(self, prediction: Prediction, settings: Settings, labels: LabelSet) -> Prediction:
        """The prediction, which holds `mask` and `depth_m`, with its depth corrected as far as the scale is known."""
        self._depth = depth = self._depth or GroundDepth(labels)
        try:
            mount = self._mount(prediction.frame.frame_id, settings)
        except MountError as error:
            self._problem = str(error)
            return prediction.with_depth(apply_scale(prediction.depth_m, depth.scale))
        corrected = depth(prediction, mount)
        self._problem = depth.problem
        return corrected

    def report(self, settings: Settings) -> None:
        """Tell the diagnostics the scale, how much of the road agrees on it, and how far its plane is tilted."""
        if not (depth := self._depth):
            return
        if not (requested := settings.scales_by_ground):
            self._depth = None  # if it is requested again, it begins anew
        scale = depth.scale if requested else None
        latest = scale.latest if scale else None
        self._task.describe(ground_tilt_deg=f"{latest.tilt_deg:.1f}" if isinstance(latest, Ground) else "unknown")
        report_scale(self._task, scale, requested, self._problem, "is the camera's height right?")

    def close(self) -> None:
        """Stop to listen to TF."""
        self._task.warn("scale", "")
        if self._tf:
            self._tf.close()

    def _mount(self, frame_id: str, settings: Settings) -> Mount:
        if settings.camera_height_m:
            return Mount(settings.camera_height_m)
        if not self._tf:
            raise MountError("how high the camera is is unknown: set camera_height_m")
        return self._tf(frame_id)


class _TransformMount:
    """How cameras are mounted, by TF from their optical frames to `base_frame`, on the ground with its z axis up."""

    def __init__(self, node: Node, base_frame: str) -> None:
        try:
            import tf2_ros
        except ImportError as error:
            raise SettingsError(
                f"base_frame is {base_frame!r}, but tf2_ros is not installed: apt install ros-$ROS_DISTRO-tf2-ros-py, "
                "or set camera_height_m and leave base_frame empty"
            ) from error
        self._errors = tf2_ros.TransformException
        self._base_frame = base_frame
        self._buffer = tf2_ros.Buffer()
        self._listener = tf2_ros.TransformListener(self._buffer, node)

    def __call__(self, frame_id: str) -> Mount:
        """The newest mount: a static transform has no time, and a tilting one moves little within a frame."""
        try:
            return mount_of(self._buffer.lookup_transform(self._base_frame, frame_id, Time()).transform)
        except (self._errors, DataError) as error:
            raise MountError(f"TF from {frame_id!r} to base_frame {self._base_frame!r}: {error}") from error

    def close(self) -> None:
        """Unsubscribe."""
        self._listener.unregister()


def mount_of(transform: Any) -> Mount:
    """The mount of a camera by the `geometry_msgs/Transform` from its optical frame to one on the ground.

    Raises `DataError` for a camera that is not above the ground.
    """
    rotation = transform.rotation
    return Mount.from_pose(transform.translation.z, rotation.x, rotation.y, rotation.z, rotation.w)
