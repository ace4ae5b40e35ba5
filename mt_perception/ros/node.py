"""The perception node: wiring between ROS and the `Perceiver`, nothing else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, qos_policy_name_from_kind, qos_profile_sensor_data
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mt_perception.backends import BackendError
from mt_perception.bundle import BundleError
from mt_perception.messages import camera_from_info, with_camera
from mt_perception.pipeline import Perceiver
from mt_perception.resources import ResourceError
from mt_perception.ros import convert, health, params
from mt_perception.ros.outputs import OUTPUTS, Output, Result
from mt_perception.ros.process import StartupError, run_node
from mt_perception.ros.worker import Worker
from mt_perception.settings import Settings, SettingsError
from mt_perception.types import CameraModel, DataError, Frame

NODE_NAME = "perception"
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
        self._health = health.Health()
        self._worker: Worker[Perceiver, Any] | None = None
        self._outlets: list[tuple[Output, Any]] = []
        self._inputs: list[Any] = []
        self._camera: CameraModel | None = None
        self._is_active = False
        params.declare(self)
        self._settings = params.read(self)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 1)
        self.create_timer(1.0, self._publish_diagnostics)

    # -- lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load and warm up the model, and advertise the outputs."""
        self.failure = ""
        self._worker = Worker(self._load, self._process, self._on_worker_error)
        try:
            self._settings = params.read(self)
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
        compressed = self._settings.image_transport == "compressed"
        self._subscribe(
            CompressedImage if compressed else Image, "image/compressed" if compressed else "image", self._on_image
        )
        self._subscribe(CameraInfo, "camera_info", self._on_camera_info)
        self._health.activated()
        self._is_active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and keep the model."""
        self._is_active = False
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
        while self._outlets:
            self.destroy_publisher(self._outlets.pop()[1])

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
            self._camera = camera_from_info(message)
        except DataError as error:
            self._camera = None
            self._log_once(f"camera_info: {error}; depth stays uncorrected")
        distorted = any(message.d) and list(message.p[:3]) == [0.0] * 3
        self._warn("camera_info", "depth is uncorrected: camera_info is uncalibrated" if self._camera is None else "")
        self._warn(
            "distortion", "the picture seems not rectified: camera_info has distortion but no P" if distorted else ""
        )

    def _on_incompatible_qos(self, topic: str, event: Any) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind)
        name = self.resolve_topic_name(topic)
        self._warn(
            f"qos {topic}",
            f"a publisher of {name} has an incompatible {policy}: change it there, or here with "
            f"the parameter qos_overrides.{name}.subscription.{policy.lower()}",
        )

    def _on_parameters(self, parameters: Sequence[Parameter]) -> Any:
        def accept(settings: Settings) -> None:
            self._settings = settings

        return params.changed(self._settings, parameters, self._worker is not None, accept)

    def _publish_diagnostics(self) -> None:
        waiting_for = self.resolve_topic_name("image")
        if self._settings.image_transport == "compressed":
            waiting_for += "/compressed"
        status = self._health.status(
            self.get_fully_qualified_name(), self._is_active, self._settings.input_timeout_s, waiting_for
        )
        self._diagnostics.publish(health.array_of(status, self.get_clock().now().to_msg()))

    # -- the worker thread

    def _load(self) -> Perceiver:
        started = time.perf_counter()
        perceiver = Perceiver.open(self._settings)
        warm_ms = perceiver.warm_up()
        backend, bundle, (height, width) = perceiver.backend, perceiver.bundle, perceiver.size
        self._health.facts |= {
            "backend": backend.name,
            "precision": backend.precision,
            "device": backend.device,
            "model": bundle.card.name,
            "model_hash": bundle.model_hash,
            "input_size": f"{width}x{height}",
        }
        self._warn("camera_info", "depth is uncorrected: no camera_info yet")
        if not bundle.card.trained:
            self._warn("untrained", f"the model {bundle.card.name} is untrained: its labels and depth mean nothing")
        self.get_logger().info(
            f"ready in {time.perf_counter() - started:.1f} s: {bundle.card.name} ({bundle.model_hash}), "
            f"{width}x{height}, {backend.name} {backend.precision} on {backend.device}, {warm_ms:.0f} ms a picture"
        )
        return perceiver

    def _process(self, perceiver: Perceiver, message: Any) -> None:
        wanted = [(output, outlet) for output, outlet in self._outlets if outlet.get_subscription_count()]
        needs = frozenset().union(*(output.needs for output, _ in wanted))
        if not needs or not self._is_active:
            return
        started = time.perf_counter()
        try:
            frame = self._calibrated(convert.frame(message))
        except DataError as error:
            self._log_once(f"picture skipped: {error}")
            return
        converted = time.perf_counter()
        prediction = perceiver(frame, needs)
        predicted = time.perf_counter()
        result = Result(prediction, self._settings, perceiver.bundle.card.classes)
        for output, outlet in wanted:
            made = output.make(result)
            if made is not None:
                outlet.publish(made)
        timings = {"convert": converted - started, "publish": time.perf_counter() - predicted}
        total = time.perf_counter() - started
        self._health.finished(
            {**prediction.timings_ms, **{k: 1e3 * v for k, v in timings.items()}, "total": 1e3 * total}
        )

    def _calibrated(self, frame: Frame) -> Frame:
        camera = self._camera
        try:
            frame = with_camera(frame, camera) if camera else frame
        except DataError as error:
            self._warn("camera_size", f"depth is uncorrected: {error}")
        else:
            self._warn("camera_size", "")
        return frame

    def _on_worker_error(self, error: Exception) -> None:
        if not rclpy.ok(context=self.context):
            return  # publishing into a context that is shutting down
        self._log_once(f"a frame was dropped, {type(error).__name__}: {error}")

    # -- saying things once

    def _log_once(self, text: str) -> None:
        if self._health.problem(text):
            self.get_logger().warning(f"{text} (logged once)")

    def _warn(self, name: str, text: str) -> None:
        """Set the lasting warning `name`, logged when it is new; an empty text ends it."""
        if not text:
            self._health.warnings.pop(name, None)
        elif self._health.warnings.get(name) != text:
            self._health.warnings[name] = text
            self.get_logger().warning(text)


def make_node() -> PerceptionNode:
    """The node, configured and activated if `autostart` says so. Raises `StartupError` when it cannot start."""
    try:
        node = PerceptionNode()
    except SettingsError as error:
        raise StartupError(str(error)) from error
    if node._settings.autostart and (
        node.trigger_configure() != TransitionCallbackReturn.SUCCESS
        or node.trigger_activate() != TransitionCallbackReturn.SUCCESS
    ):
        raise StartupError(node.failure, logged=True)
    return node


def main(arguments: list[str] | None = None) -> int:
    """Entry point of `perception_node`."""
    return run_node(make_node, arguments)
