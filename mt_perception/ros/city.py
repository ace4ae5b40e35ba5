# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The city as a camera: publishes a drive through a rendered street, with the truth beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image

from mt_perception.datasets.city import city_camera, require_city
from mt_perception.ros import convert
from mt_perception.ros.process import StartupError, run_node
from mt_perception.topics import RIGHT_IMAGE, TRUE_DEPTH, TRUE_LABELS, camera_info_topic, image_inputs

if TYPE_CHECKING:
    from mt_city import CityFrame

FRAME_ID = "camera"
_RELIABLE = QoSProfile(depth=2)


class CityNode(Node):
    """Renders and publishes at `rate` images per second, or as fast as this machine can.

    `image` and `camera_info`; with `stereo` the four topics of a rectified pair instead; with `truth` also
    `ground_truth/labels` (mono8 trainIds) and `ground_truth/depth` (32FC1 metres).
    """

    def __init__(self) -> None:
        super().__init__("city")
        self._options = {name: self.declare_parameter(name, default).value for name, default in _PARAMETERS.items()}
        size = {"width_px": self._options["width"], "height_px": self._options["height"]}
        try:
            require_city()
            from mt_city import City, CityOptions

            self._city = City(self._options["seed"], CityOptions(**size))
        except (ValueError, ImportError, RuntimeError) as error:
            raise StartupError(str(error)) from error
        self._by_topic: dict[str, Any] = {}
        self._index = 0
        self.create_timer(1 / self._options["rate"], self._publish)

    def _publish(self) -> None:
        stereo, truth = self._options["stereo"], self._options["truth"]
        frame = self._city.render(self._index / self._options["rate"], right=stereo, truth=truth)
        self._index += 1
        for topic, message in self._messages(frame, image_inputs(stereo)[0]).items():
            if topic not in self._by_topic:
                self._by_topic[topic] = self.create_publisher(type(message), topic, _RELIABLE)
            self._by_topic[topic].publish(message)

    def _messages(self, frame: CityFrame, image: str) -> dict[str, Image | CameraInfo]:
        head = convert.header(self.get_clock().now().nanoseconds, FRAME_ID)
        camera = replace(city_camera(frame.camera), baseline_m=None)
        messages: dict[str, Image | CameraInfo] = {camera_info_topic(image): convert.camera_info(camera, head)}
        if frame.right is not None:
            right_by_m = frame.camera.baseline_m
            messages[camera_info_topic(RIGHT_IMAGE)] = convert.camera_info(camera, head, right_by_m)
            messages[RIGHT_IMAGE] = convert.image(frame.right, "rgb8", head)
        if frame.labels is not None and frame.depth_m is not None:
            messages[TRUE_LABELS] = convert.image(frame.labels, "mono8", head)
            messages[TRUE_DEPTH] = convert.image(frame.depth_m, "32FC1", head)
        messages[image] = convert.image(frame.left, "rgb8", head)
        return messages

    def destroy_node(self) -> None:
        """Close the renderer too."""
        self._city.__exit__(None, None, None)
        super().destroy_node()


_PARAMETERS: dict[str, Any] = {"seed": 1, "rate": 5.0, "width": 768, "height": 384, "stereo": False, "truth": False}


def main(arguments: list[str] | None = None) -> int:
    """Entry point of `city_node`."""
    return run_node(CityNode, arguments)
