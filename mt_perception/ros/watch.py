# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The cameras that are published at this moment, as the node would see them.

A program of its own, whose last line of output is JSON: a broken middleware ends a process, or lets it wait for ever.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, field

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.subscription import Subscription

from mt_perception.messages.read import check_image
from mt_perception.ros import qos
from mt_perception.ros.convert import Serialized
from mt_perception.ros.inputs import ImageTopic, misunderstandings, type_name
from mt_perception.settings import SETTINGS
from mt_perception.topics import COMPRESSED, COMPRESSED_TYPE, IMAGE_TYPE, camera_info_topic, is_made_here


@dataclass
class Camera:
    """A topic with images. `problem`: in a sentence, why the node could not take them; empty if it could."""

    topic: str
    type: str
    publishers: list[str] = field(default_factory=list)
    qos: str = ""
    rate_hz: float | None = None
    image: str = ""
    has_info: bool = False
    problem: str = ""


_ENOUGH = 20
"""Images of a camera that tell its rate."""


class Watcher(Node):
    """Subscribes to `topic`, or without one to every topic with images that it comes to know, as the node would."""

    def __init__(self, topic: str = "") -> None:
        super().__init__("mt_perception_doctor", enable_rosout=False, start_parameter_services=False)
        self._times_s: dict[str, list[float]] = {}
        self._first: dict[str, Serialized] = {}
        self._inputs: dict[str, Subscription] = {}
        self._is_open = not topic
        if topic:
            self._listen(self.resolve_topic_name(topic), topic.endswith(COMPRESSED))

    @property
    def is_done(self) -> bool:
        """Whether all is known of the one topic that was asked for."""
        return not self._is_open and all(len(times_s) >= _ENOUGH for times_s in self._times_s.values())

    def look(self) -> None:
        """Listen to what has appeared since the last look, but for what this package publishes."""
        for topic, types in self.get_topic_names_and_types():
            kinds = {IMAGE_TYPE, COMPRESSED_TYPE}.intersection(types)
            is_new = self._is_open and topic not in self._inputs and not is_made_here(topic)
            if kinds and is_new and self.count_publishers(topic):
                self._listen(topic, IMAGE_TYPE not in kinds)

    def cameras(self) -> list[Camera]:
        """What was seen, by topic."""
        inputs = self._inputs.values()
        problems = misunderstandings(self, inputs) | qos.conflicts(self, inputs, [])
        return [self._camera(each, problems.get(topic, "")) for topic, each in sorted(self._inputs.items())]

    def _listen(self, topic: str, compressed: bool) -> None:
        times_s = self._times_s[topic] = []

        def receive(data: bytes) -> None:
            times_s.append(time.monotonic())
            self._first.setdefault(topic, Serialized(data, compressed))

        kind = ImageTopic(topic, compressed).type
        self._inputs[topic] = qos.subscription(self, kind, topic, receive, qos.CAMERA, raw=True)

    def _camera(self, subscription: Subscription, problem: str) -> Camera:
        topic = subscription.topic_name
        peers = self.get_publishers_info_by_topic(topic)
        camera = Camera(topic, type_name(subscription.msg_type), sorted(map(qos.name_of, peers)), problem=problem)
        if peers:
            profile = peers[0].qos_profile
            camera.qos = f"{profile.reliability.name}, {profile.durability.name}".lower().replace("_", " ")
        camera.has_info = self.count_publishers(camera_info_topic(topic)) > 0
        times_s = self._times_s[topic]
        if len(times_s) > 1 and times_s[-1] > times_s[0]:
            camera.rate_hz = (len(times_s) - 1) / (times_s[-1] - times_s[0])
        if topic in self._first:
            try:
                fields = self._first[topic].fields
                check_image(fields, SETTINGS["max_image_megapixels"].default)
                is_raw = hasattr(fields, "encoding")
                camera.image = f"{fields.width}x{fields.height} {fields.encoding}" if is_raw else fields.format
            except ValueError as error:
                camera.problem = camera.problem or str(error)
        return camera


def main() -> int:
    """Watch, and print as JSON the middleware's name and the cameras."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--topic", default="")
    options = parser.parse_args()
    rclpy.init(args=[])
    watcher = Watcher(options.topic)
    executor = SingleThreadedExecutor()
    executor.add_node(watcher)
    end = time.monotonic() + options.seconds
    while time.monotonic() < end and not watcher.is_done:
        watcher.look()
        executor.spin_once(timeout_sec=0.05)
    seen = {"rmw": rclpy.get_rmw_implementation_identifier(), "cameras": [asdict(each) for each in watcher.cameras()]}
    print(json.dumps(seen), flush=True)
    executor.shutdown()
    watcher.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
