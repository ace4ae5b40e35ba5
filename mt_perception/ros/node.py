"""The perception node: wiring between ROS and the `Perceiver`, nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo

from mt_perception.backends import BackendError
from mt_perception.messages.read import camera_from_info
from mt_perception.model.bundle import BundleError
from mt_perception.pipeline import Perceiver
from mt_perception.ros import convert, health, params, qos
from mt_perception.ros.ground import GroundScale
from mt_perception.ros.inputs import CameraInfos, ImageTopic, image_topics, misunderstandings, receiver, take_rest
from mt_perception.ros.outputs import OutputPublishers
from mt_perception.ros.perception import Perception
from mt_perception.ros.process import StartupError, run_node
from mt_perception.ros.stereo import PairDepth
from mt_perception.ros.sync import Pair, PairSync
from mt_perception.ros.worker import Worker
from mt_perception.settings import Settings, SettingsError
from mt_perception.topics import DIAGNOSTICS, DISPARITY, camera_info_topic, image_inputs, is_rectified
from mt_perception.types import DataError
from mt_perception.utils.resources import ResourceError

NODE_NAME = "perception"
_SPARE = 9  # compressed images: only decoding shows whether the newest is one, and they are small
_UNRECTIFIED = (
    "should be rectified: its camera_info has distortion, which bends labels, depth and points. Take image_rect "
    "of image_proc (a topic with 'rect' in its name counts as rectified)"
)


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
        self._outputs: OutputPublishers | None = None
        self._inputs: list[Any] = []
        self._infos = CameraInfos(self)
        self._pairs: PairSync | None = None
        self._is_made = False
        params.declare(self)
        self._perception = Perception(params.read(self), self._health, self.get_logger(), self.get_clock())
        self.add_on_set_parameters_callback(self._on_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, DIAGNOSTICS, 1)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still: then there is most to tell
        self.create_timer(1.0, self._publish_diagnostics, clock=steady)
        self._is_made = True

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
        if not self._succeeds("configure", self._configure):
            self._release()
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def _configure(self) -> None:
        self._perception.settings = params.read(self)
        self._worker = Worker(
            self._perception.load,
            self._perception.process,
            self._on_worker_error,
            self._health.returned,
            spare=_SPARE if image_topics(self, self._perception.settings)[0].compressed else 0,
        )
        self._worker.start()
        self._outputs = OutputPublishers(self, self._perception.settings.stereo)
        for name, problem in self._outputs.missing.items():
            self.get_logger().info(problem)
            self._health.describe(**{name: problem})
        if self._perception.settings.stereo:
            self._perception.stereo = PairDepth(self._health, self._outputs.named(DISPARITY))
        self._perception.ground = GroundScale(self, self._health, self._perception.settings)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the camera, or to both."""
        if not self._succeeds("activate", self._activate):
            self._unsubscribe()
            return TransitionCallbackReturn.FAILURE
        return super().on_activate(state)

    def _activate(self) -> None:
        self._perception.camera = None
        self._health.warn("camera_info", "depth is uncorrected: no camera_info yet")
        assert self._outputs and self._perception.labels, "activation follows configuration"
        self._perception.publishers = self._outputs.of_frames
        self._outputs.publish_names(self._perception.labels)
        topics = image_topics(self, self._perception.settings)
        infos = [camera_info_topic(each) for each in image_inputs(self._perception.settings.stereo)]
        self._infos.subscribe(infos[0], self._on_camera_info)
        if stereo := self._perception.stereo:
            self._pairs = PairSync(self._on_image, lambda: self._perception.settings.sync_slop_s)
            for side, topic in enumerate(topics):
                self._subscribe_image(topic, partial(self._on_side, side))
            self._infos.subscribe(infos[1], stereo.on_right_camera_info)
        else:
            self._subscribe_image(topics[0], self._on_image)
        self._health.activated()

    def _succeeds(self, transition: str, step: Callable[[], None]) -> bool:
        """Whether `step` raises nothing; its failure is kept and logged, since rclpy would swallow it."""
        self.failure = ""
        try:
            step()
        except (SettingsError, BundleError, BackendError, ResourceError) as error:
            self.failure = str(error)
        except Exception as error:  # whatever a backend raises must not end in a traceback
            self.failure = f"{transition} failed ({type(error).__name__}: {error})"
        if self.failure:
            self.get_logger().error(self.failure)
        return not self.failure

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and keep the model."""
        self._unsubscribe()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and withdraw the outputs."""
        self._release()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End from whatever state."""
        self._release()
        return super().on_shutdown(state)

    def destroy_node(self) -> None:
        """Stop the worker before what it publishes with goes away; one that compiles is not waited for."""
        if self._is_made:  # a context that ends destroys, since Kilted, even a node whose making failed
            self._release(patience_s=0.3)
        super().destroy_node()

    def _subscribe_image(self, topic: ImageTopic, callback: Callable[[convert.Serialized], None]) -> None:
        def refuse(problem: str) -> None:
            self._health.received(displaced=False)
            self._health.skipped(f"image skipped: {problem}")

        receive = receiver(topic, lambda: self._perception.settings.max_image_megapixels, callback, refuse)

        def hear(data: bytes) -> None:
            receive(data)
            take_rest(subscription, receive)

        subscription = qos.subscription(self, topic.type, topic.name, hear, qos.CAMERA, raw=True)
        self._inputs.append(subscription)

    def _unsubscribe(self) -> None:
        self._perception.publishers, self._pairs = [], None
        self._infos.close()
        while self._inputs:
            self.destroy_subscription(self._inputs.pop())

    def _release(self, patience_s: float = 10.0) -> None:
        self._unsubscribe()
        if self._worker:
            self._worker.stop(patience_s)
            self._worker = None
        helpers = self._perception.stereo, self._perception.ground
        self._perception.stereo = self._perception.ground = None
        for helper in helpers:
            if helper:
                helper.close()
        if self._outputs:
            self._outputs.close()
            self._outputs = None

    # -- callbacks: hand over, nothing more

    def _on_side(self, side: int, message: convert.Serialized) -> None:
        if self._pairs:
            self._pairs.add(side, message)

    def _on_image(self, message: convert.Serialized | Pair) -> None:
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
        topic = self.resolve_topic_name(image_topics(self, self._perception.settings)[0].name)
        is_distorted = any(message.d) and not is_rectified(topic)
        self._health.warn("distortion", f"{topic} {_UNRECTIFIED}" if is_distorted else "")

    def _on_worker_error(self, error: Exception) -> None:
        if rclpy.ok(context=self.context):  # in one that is shutting down, publishing fails
            cause = str(error) if isinstance(error, BundleError) else f"{type(error).__name__}: {error}"
            self._health.restarted(f"a frame was lost and the worker is restarted: {cause}")

    def _on_parameters(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        def accept(settings: Settings) -> None:
            self._perception.settings = settings

        return params.changed(self._perception.settings, parameters, self._worker is not None, accept)

    def _publish_diagnostics(self) -> None:
        self._perception.report_backend()
        settings = self._perception.settings
        topics = [each.topic_name for each in self._inputs]
        missing = "".join(topics[:1])
        if ground := self._perception.ground:
            ground.report(settings)
        if self._pairs and (stereo := self._perception.stereo):
            missing = self._pairs.waiting_for(topics, settings.input_timeout_s)
            self._health.describe(**self._pairs.numbers())
            if not settings.scales_by_ground:
                stereo.report()
        name = self.get_fully_qualified_name()
        inputs = [*self._inputs, *self._infos.subscriptions]
        self._health.warn_each("qos", qos.conflicts(self, inputs, self._outputs.all if self._outputs else []))
        self._health.warn_each("topic", misunderstandings(self, inputs))
        if elsewhere := self._infos.look():
            self._health.warn("camera_info", f"depth is uncorrected: {elsewhere}")
        status = self._health.status(name, bool(self._inputs), settings.input_timeout_s, missing)
        self._diagnostics.publish(health.array_of(status, self.get_clock().now().to_msg()))


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
        node.destroy_node()
        raise
    return node


def main(arguments: list[str] | None = None) -> int:
    """Entry point of `perception_node`."""
    # OpenVINO takes its model converter along where it finds it: most of the import's time, and 20 MB, for nothing here
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
    return run_node(make_node, arguments)
