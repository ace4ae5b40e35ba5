"""The perception node: wiring between ROS and the `Perceiver`, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, qos_policy_name_from_kind, qos_profile_sensor_data
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mt_perception.backends import BackendError
from mt_perception.bundle import BundleError
from mt_perception.messages import camera_from_info
from mt_perception.pipeline import Perceiver
from mt_perception.resources import ResourceError
from mt_perception.ros import health, params
from mt_perception.ros.outputs import OUTPUTS, Output
from mt_perception.ros.perception import Perception
from mt_perception.ros.process import StartupError, run_node
from mt_perception.ros.worker import Worker
from mt_perception.settings import Settings, SettingsError
from mt_perception.types import DataError

NODE_NAME = "perception"
_UNRECTIFIED = "the picture should be rectified first: its camera_info has distortion and no P"
_NEWEST = QoSProfile(depth=1)
_CAMERA = QoSProfile(depth=1, reliability=qos_profile_sensor_data.reliability)


class PerceptionNode(LifecycleNode):
    """Subscribes to a camera, publishes labels and depth.

    configure loads and warms the model up, activate subscribes, deactivate unsubscribes and keeps the model, cleanup
    frees it. Callbacks hand messages over; the worker thread does the rest and publishes.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(NODE_NAME, **kwargs)
        self.failure = ""
        """Why the last transition failed, in one sentence."""
        self._health = health.Health(self.get_logger())
        self._worker: Worker[Perceiver, Any] | None = None
        self._outlets: list[tuple[Output, Any]] = []
        self._inputs: list[Any] = []
        params.declare(self)
        self._perception = Perception(params.read(self), self._health, self.get_logger())
        self.add_on_set_parameters_callback(self._on_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 1)
        self.create_timer(1.0, self._publish_diagnostics)

    @property
    def autostart(self) -> bool:
        """Whether to configure and activate without being told."""
        return self._perception.settings.autostart

    @property
    def build_only(self) -> bool:
        """Whether to end as soon as the model is loaded."""
        return self._perception.settings.build_only

    # -- lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load and warm up the model, and advertise the outputs."""
        self.failure = ""
        self._worker = Worker(self._perception.load, self._perception.process, self._on_worker_error)
        try:
            self._perception.settings = params.read(self)
            self._worker.start()
        except (SettingsError, BundleError, BackendError, ResourceError) as error:
            self.failure = str(error)
        except Exception as error:  # whatever a backend raises must not end in a traceback
            self.failure = f"the model cannot be loaded ({type(error).__name__}: {error})"
        if self.failure:
            self._worker = None
            self.get_logger().error(self.failure)
            return TransitionCallbackReturn.FAILURE
        overridable = QoSOverridingOptions.with_default_policies()
        self._outlets = [
            (each, self.create_publisher(each.type, each.topic, _NEWEST, qos_overriding_options=overridable))
            for each in OUTPUTS
        ]
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the camera."""
        topic = picture_topic(self._perception.settings)
        self._perception.outlets = self._outlets
        self._subscribe(CompressedImage if topic.endswith("compressed") else Image, topic, self._on_image)
        self._subscribe(CameraInfo, "camera_info", self._on_camera_info)
        self._health.activated()
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and keep the model."""
        self._perception.outlets = []
        while self._inputs:
            self.destroy_subscription(self._inputs.pop())
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and withdraw the outputs."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End from whatever state."""
        self.on_deactivate(state)
        self._release()
        return super().on_shutdown(state)

    def destroy_node(self) -> None:
        """Stop the worker before what it publishes with goes away."""
        self._release()
        super().destroy_node()

    def _release(self) -> None:
        if self._worker:
            self._worker.stop()
            self._worker = None
        outlets, self._outlets, self._perception.outlets = self._outlets, [], []
        for _, publisher in outlets:
            self.destroy_publisher(publisher)

    def _subscribe(self, message_type: type, topic: str, callback: Any) -> None:
        events = SubscriptionEventCallbacks(incompatible_qos=lambda event: self._on_incompatible_qos(topic, event))
        self._inputs.append(
            self.create_subscription(
                message_type,
                topic,
                callback,
                _CAMERA,
                event_callbacks=events,
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
        )

    # -- callbacks: hand over, nothing more

    def _on_image(self, message: Any) -> None:
        if self._worker:
            self._health.received(self._worker.put(message))

    def _on_camera_info(self, message: CameraInfo) -> None:
        try:
            camera = camera_from_info(message)
            problem = "" if camera else "camera_info is uncalibrated"
        except DataError as error:
            camera, problem = None, str(error)
        self._perception.camera = camera
        self._health.warn("camera_info", problem and f"depth is uncorrected: {problem}")
        is_distorted = any(message.d) and not any(message.p)
        self._health.warn("distortion", _UNRECTIFIED if is_distorted else "")

    def _on_incompatible_qos(self, topic: str, event: Any) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind)
        name = self.resolve_topic_name(topic)
        self._health.warn(
            f"qos {topic}",
            f"a publisher of {name} has an incompatible {policy}: change it there, or here with "
            f"the parameter qos_overrides.{name}.subscription.{policy.lower()}",
        )

    def _on_worker_error(self, error: Exception) -> None:
        if rclpy.ok(context=self.context):  # in one that is shutting down, publishing fails
            self._health.skipped(f"a frame was dropped, {type(error).__name__}: {error}")

    def _on_parameters(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        def accept(settings: Settings) -> None:
            self._perception.settings = settings

        return params.changed(self._perception.settings, parameters, self._worker is not None, accept)

    def _publish_diagnostics(self) -> None:
        self._perception.report_backend()
        settings = self._perception.settings
        topic = self.resolve_topic_name(picture_topic(settings))
        name = self.get_fully_qualified_name()
        status = self._health.status(name, bool(self._inputs), settings.input_timeout_s, topic)
        self._diagnostics.publish(health.array_of(status, self.get_clock().now().to_msg()))


def picture_topic(settings: Settings) -> str:
    """Where the camera's picture comes from."""
    return "image/compressed" if settings.image_transport == "compressed" else "image"


def make_node() -> PerceptionNode:
    """The node, configured and activated if `autostart` says so. Raises `StartupError` when it cannot start."""
    try:
        node = PerceptionNode()
    except SettingsError as error:
        raise StartupError(str(error)) from error
    try:
        starts = node.autostart or node.build_only
        if starts and node.trigger_configure() != TransitionCallbackReturn.SUCCESS:
            raise StartupError(node.failure, logged=True)
        if node.build_only:
            raise SystemExit(0)
        if starts and node.trigger_activate() != TransitionCallbackReturn.SUCCESS:
            raise StartupError(node.failure, logged=True)
    except BaseException:
        node.destroy_node()  # waits for the worker: a thread that still compiles would abort the ending process
        raise
    return node


def main(arguments: list[str] | None = None) -> int:
    """Entry point of `perception_node`."""
    return run_node(make_node, arguments)
