# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One camera of the node, or a pair: what it subscribes to, what it publishes, and what the diagnostics tell of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CameraInfo

from mt_perception.labels import LabelSet
from mt_perception.messages.read import camera_from_info
from mt_perception.ros import convert, qos
from mt_perception.ros.ground import GroundScale
from mt_perception.ros.health import Health
from mt_perception.ros.inputs import CameraInfos, ImageTopic, image_topics, misunderstandings, receiver, take_rest
from mt_perception.ros.outputs import OutputPublishers, encoder
from mt_perception.ros.perception import Perception
from mt_perception.ros.stereo import PairDepth
from mt_perception.ros.sync import Pair, PairSync
from mt_perception.settings import Settings
from mt_perception.topics import DISPARITY, camera_info_topic, image_inputs, is_rectified
from mt_perception.types import DataError

_UNRECTIFIED = (
    "should be rectified: its camera_info has distortion, which bends labels, depth and points. Take image_rect "
    "of image_proc (a topic with 'rect' in its name counts as rectified)"
)

Put = Callable[["CameraStream", Any], bool]


class CameraStream:
    """Hands the messages of a camera to the worker, and holds all that is made of them.

    `open` and `close` follow the node's configure and cleanup, `subscribe` and `unsubscribe` activate and deactivate.
    """

    def __init__(self, node: LifecycleNode, name: str, settings: Callable[[], Settings], put: Put) -> None:
        """`name`: empty for a camera that is the only one. `put` hands a message over, and tells whether it displaced
        another one."""
        self.name = name
        self._node, self._settings, self._put = node, settings, put
        logger = node.get_logger()
        self.health = Health(logger.get_child(name) if name else logger)
        self.perception = Perception(settings, self.health, node.get_clock())
        self._outputs: OutputPublishers | None = None
        self._inputs: list[Any] = []
        self._infos = CameraInfos(node)
        self._pairs: PairSync | None = None
        self._class_names: tuple[str, ...] = ()

    @property
    def topics(self) -> list[ImageTopic]:
        """Where its images come from: one, or left and right."""
        return image_topics(self._node, self._settings(), self.name)

    def open(self) -> None:
        """Advertise the outputs."""
        settings, is_pair = self._settings(), self._settings().is_pair(self.name)
        self._outputs = OutputPublishers(self._node, is_pair, self.name, settings.compressed)
        for name, problem in self._outputs.missing.items():
            self._node.get_logger().info(problem)
            self.health.results.describe(**{name: problem})
        if is_pair:
            self.perception.stereo = PairDepth(self.health.stereo, self._outputs.named(DISPARITY))
        self.perception.ground = GroundScale(self._node, self.health.results, settings)
        if settings.compressed:
            self.perception.encoder = encoder(self.health.results)
            self.perception.encoder.start()

    def subscribe(self, labels: LabelSet) -> None:
        """Begin to listen, and publish what is seen; `labels` are those of the loaded model."""
        assert self._outputs, "activation follows configuration"
        self.perception.camera = None
        self.health.input.warn("camera_info", "depth is uncorrected: no camera_info yet")
        self.perception.publishers = self._outputs.of_frames
        self._outputs.publish_names(labels)
        self._class_names = labels.names
        stereo, topics = self.perception.stereo, self.topics
        infos = [camera_info_topic(each) for each in image_inputs(stereo is not None, self.name)]
        self._infos.subscribe(infos[0], self._on_camera_info)
        if stereo:
            self._pairs = PairSync(self._on_image, lambda: self._settings().sync_slop_s)
            for side, topic in enumerate(topics):
                self._listen(topic, partial(self._pairs.add, side))
            self._infos.subscribe(infos[1], stereo.on_right_camera_info)
        else:
            self._listen(topics[0], self._on_image)
        self.health.activated()

    def unsubscribe(self) -> None:
        """Stop to listen; the outputs stay advertised."""
        self.perception.publishers, self._pairs = [], None
        self._infos.close()
        while self._inputs:
            self._node.destroy_subscription(self._inputs.pop())

    def close(self) -> None:
        """Withdraw the outputs, once nothing is in the worker's hands any more."""
        if self.perception.encoder:
            self.perception.encoder.stop()
            self.perception.encoder = None
        helpers = self.perception.stereo, self.perception.ground
        self.perception.stereo = self.perception.ground = None
        for helper in helpers:
            if helper:
                helper.close()
        if self._outputs:
            self._outputs.close()
            self._outputs = None

    def statuses(self, owner: str, hardware: str) -> list[DiagnosticStatus]:
        """What the diagnostics tell of it now. `owner`: the node's name and a colon."""
        settings = self._settings()
        topics = [each.topic_name for each in self._inputs]
        missing = "".join(topics[:1])
        if ground := self.perception.ground:
            ground.report(settings)
        if self._pairs and (stereo := self.perception.stereo):
            missing = self._pairs.waiting_for(topics, settings.input_timeout_s)
            self.health.stereo.describe(**self._pairs.numbers())
            if not settings.scales_by_ground:
                stereo.report()
        inputs = [*self._inputs, *self._infos.subscriptions]
        outputs = self._outputs.all if self._outputs else []
        self.health.input.warn_each("qos", qos.conflicts(self._node, inputs, []))
        self.health.results.warn_each("qos", qos.conflicts(self._node, [], outputs))
        self.health.input.warn_each("topic", misunderstandings(self._node, inputs))
        self.health.results.warn("obstacle_classes", self._unknown_classes(settings) if self._inputs else "")
        if elsewhere := self._infos.look():
            self.health.input.warn("camera_info", f"depth is uncorrected: {elsewhere}")
        mine, is_pair = f"{owner}{self.name}/" if self.name else owner, settings.is_pair(self.name)
        return self.health.statuses(mine, bool(self._inputs), settings.input_timeout_s, missing, hardware, is_pair)

    def _unknown_classes(self, settings: Settings) -> str:
        """A sentence on classes that the model does not have; they have no points."""
        missing = ", ".join(name for name in settings.obstacle_classes if name not in self._class_names)
        return missing and f"obstacle_classes has {missing}; the model's classes are {', '.join(self._class_names)}"

    def _listen(self, topic: ImageTopic, callback: Callable[[convert.Serialized], None]) -> None:
        def refuse(problem: str) -> None:
            self.health.received(displaced=False)
            self.health.skipped(f"image skipped: {problem}")

        receive = receiver(topic, lambda: self._settings().max_image_megapixels, callback, refuse)

        def hear(data: bytes) -> None:
            receive(data)
            take_rest(subscription, receive)

        subscription = qos.subscription(self._node, topic.type, topic.name, hear, qos.CAMERA, raw=True)
        self._inputs.append(subscription)

    # -- callbacks: hand over, nothing more

    def _on_image(self, message: convert.Serialized | Pair) -> None:
        self.health.received(self._put(self, message))

    def _on_camera_info(self, message: CameraInfo) -> None:
        try:
            camera = camera_from_info(message)
            problem = "" if camera else "camera_info is uncalibrated"
        except DataError as error:
            camera, problem = None, str(error)
        self.perception.camera = camera
        self.health.input.warn("camera_info", problem and f"depth is uncorrected: {problem}")
        topic = self._node.resolve_topic_name(self.topics[0].name)
        is_distorted = any(message.d) and not is_rectified(topic)
        self.health.input.warn("distortion", f"{topic} {_UNRECTIFIED}" if is_distorted else "")
