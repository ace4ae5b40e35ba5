# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The view: shows a camera and what the perception node says of it in a browser, as it comes."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from mt_perception.bags.bag import Recorded
from mt_perception.bags.by_stamp import FrameSet
from mt_perception.errors import Error
from mt_perception.messages.read import header_stamp_ns, stamp_ns, usable_camera
from mt_perception.model.bundle import open_model
from mt_perception.ros import convert, params
from mt_perception.ros.inputs import CameraInfos, image_topics
from mt_perception.ros.process import StartupError, finish, run_node
from mt_perception.topics import (
    COMPRESSED_TYPE,
    DIAGNOSTICS,
    IMAGE,
    IMAGE_TYPE,
    camera_info_topic,
    image_inputs,
    of_camera,
)
from mt_perception.types import Camera, DataError
from mt_perception.view.seen import ROLES, Rate, network_ms, seen_in
from mt_perception.view.server import MEMORY_MIB, require_view, viewer

_QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)  # whoever only looks holds nobody up
_WAITING = 30  # images: those that the node drops wait in vain


class View(Node):
    """Has the parameters of the perception node, beside which it runs, and `port`, of the page; 0 is a free one.

    Of several cameras it shows the first.
    """

    def __init__(self) -> None:
        super().__init__("view")
        self._ending = ExitStack()
        self._camera: Camera | None = None
        self._waiting: dict[int, FrameSet] = {}
        self._rate = Rate()
        try:
            require_view()
            from mt_perception.view.sink import Sink

            params.declare(self)
            settings = params.read(self)
            self._labels = open_model(settings.model).card.labels
            port = self.declare_parameter("port", 0).value
            self._viewer = self._ending.enter_context(viewer(port, MEMORY_MIB))
            self._sink = self._ending.enter_context(Sink(self._labels, self._viewer.data))
        except Error as error:
            self._ending.close()
            raise StartupError(str(error)) from error
        camera = settings.cameras[0] if settings.cameras else ""
        (image, *_) = image_topics(self, settings, camera)
        self._listen(image.name, COMPRESSED_TYPE if image.compressed else IMAGE_TYPE, IMAGE)
        for role in ROLES:
            self._listen(of_camera(role, camera), IMAGE_TYPE, role)
        (name, *_) = image_inputs(settings.is_pair(camera), camera)
        self._infos = CameraInfos(self)
        self._infos.subscribe(camera_info_topic(name), self._on_camera_info)
        self.create_subscription(DiagnosticArray, DIAGNOSTICS, self._on_diagnostics, _QOS)
        self.create_timer(1.0, self._check)
        first = f", which shows {camera}, the first of {', '.join(settings.cameras)}" if settings.cameras[1:] else ""
        self.get_logger().info(f"open {self._viewer.page}{first}")

    def _listen(self, topic: str, kind: str, role: str) -> None:
        take = partial(self._take, role, kind)
        self.create_subscription(convert.message_class(kind), topic, take, _QOS, raw=True)

    def _take(self, role: str, kind: str, data: bytes) -> None:
        """Show what is complete with this message."""
        try:
            stamp = header_stamp_ns(data)
            there = self._waiting.setdefault(stamp, FrameSet(stamp))
            there.messages[role] = Recorded(role, kind, self.get_clock().now().nanoseconds, data)
            if there.messages.keys() >= {IMAGE, *ROLES}:
                del self._waiting[stamp]
                self._sink.show(seen_in(there, self._camera, self._labels, self._rate))
        except DataError as error:
            self.get_logger().warning(f"an image is not shown: {error}", throttle_duration_sec=10.0)
        while len(self._waiting) > _WAITING:
            del self._waiting[next(iter(self._waiting))]

    def _on_camera_info(self, message: object) -> None:
        self._camera = usable_camera(message)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self._sink.plot(stamp_ns(message.header), network_ms(message))

    def _check(self) -> None:
        self._infos.look()
        if (status := self._viewer.process.poll()) is not None:
            finish(self, f"the viewer has ended with status {status}")

    def destroy_node(self) -> None:
        """End the viewer, too."""
        super().destroy_node()
        self._ending.close()


def main(arguments: list[str] | None = None) -> int:
    """Entry point of `view_node`."""
    return run_node(View, arguments)
