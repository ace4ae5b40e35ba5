# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The player: publishes a folder of images, a video or a recording as if it were a camera."""

from __future__ import annotations

import json
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import rclpy
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from rclpy.serialization import deserialize_message
from tqdm import tqdm

from mt_perception.bags.bag import Recorded
from mt_perception.bags.sources import BagSource, Source, SourceError, SourceFrame, open_source
from mt_perception.messages.read import header_stamp_ns
from mt_perception.ros import convert
from mt_perception.ros.process import StartupError, finish, run_node
from mt_perception.topics import (
    COMPRESSED,
    COMPRESSED_TYPE,
    IMAGE,
    IMAGE_TYPE,
    RIGHT_IMAGE,
    TRUE_DEPTH,
    TRUE_LABELS,
    camera_info_topic,
    image_inputs,
)
from mt_perception.types import DataError

_RELIABLE = QoSProfile(depth=5)
_ANSWER_TIMEOUT_S = 10.0


class Player(Node):
    """Publishes the frames of a source on `image` and `camera_info`, or on the topics of a stereo pair.

    With `max_in_flight` it waits for an answer on `acknowledge_topic` before it sends more than so many images: then
    a slow machine plays slowly instead of dropping frames.
    """

    def __init__(self) -> None:
        super().__init__("player")
        value = {name: self.declare_parameter(name, default).value for name, default in _PARAMETERS.items()}
        self._options = value
        try:
            self._source: Source = open_source(value["input"], value["topic"], value["stereo"], value["right_topic"])
            self._first = next(iter(self._source), None)
        except (SourceError, DataError) as error:
            raise StartupError(str(error)) from error
        if self._first is None:
            raise StartupError(f"the input {value['input']} holds no images")
        if note := getattr(self._source, "note", ""):
            self.get_logger().info(note)
        self._names = _played_as(self._source, value["stereo"])
        self._by_topic: dict[str, Any] = {}
        self._offered = 0
        self._unanswered: list[int] = []
        """Stamps of the images that nobody has answered yet, in nanoseconds."""
        self._answer = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._play, name="player", daemon=True)
        self._thread.start()

    def _on_answer(self, data: bytes) -> None:
        answered_ns = header_stamp_ns(data)
        with self._answer:
            # an answer also stands for those before it, so that one that is lost does not hold up the rest
            self._unanswered = [each for each in self._unanswered if each > answered_ns]
            self._answer.notify()

    def _play(self) -> None:
        failure = ""
        try:
            self._listen_for_answers()
            self._wait_for_subscribers()
            self._send_all()
            self._await_answers(0)
            for publisher in self._by_topic.values():
                publisher.wait_for_all_acked(Duration(seconds=2))  # what is sent last must arrive before the end
        except (SourceError, DataError) as error:
            self.get_logger().error(str(error))
            failure = "" if self._offered else str(error)
        except Exception as error:
            if rclpy.ok(context=self.context):  # else a signal came: nothing can be published any more
                traceback.print_exc()
                failure = f"the player cannot go on ({type(error).__name__}: {error})"
        if self._options["report"]:
            Path(self._options["report"]).write_text(json.dumps({"frames": self._offered}), encoding="utf-8")
        finish(self, failure)

    def _listen_for_answers(self) -> None:
        """Subscribe to the topic that acknowledges, of whatever type, once somebody publishes it."""
        topic = self._options["acknowledge_topic"]
        if not topic:
            return
        while not (publishers := self.get_publishers_info_by_topic(self.resolve_topic_name(topic))):
            if self._closing.wait(0.05):
                return
        kind = convert.message_class(publishers[0].topic_type)
        self.create_subscription(kind, topic, self._on_answer, _RELIABLE, raw=True)

    def _wait_for_subscribers(self) -> None:
        """Whoever should see the first image must be there: discovery takes a moment."""
        assert self._first
        for topic, recorded in self._first.others.items():
            if name := self._name(topic, recorded.type_name):
                self._publisher(name, convert.message_class(recorded.type_name))
        kind = COMPRESSED_TYPE if self._source.compressed else IMAGE_TYPE
        image = self._publisher(self._image_topic(), convert.message_class(kind))
        awaited = [self.resolve_topic_name(each) for each in self._options["wait_for_topics"] if each]
        while image.get_subscription_count() < self._options["wait_for_subscribers"] or not all(
            map(self.count_subscribers, awaited)
        ):
            if self._closing.wait(0.05):
                return
        # whoever takes the image may still be about to subscribe to what goes with it
        counts: list[int] = []
        while (now := [each.get_subscription_count() for each in self._by_topic.values()]) != counts:
            counts = now
            if self._closing.wait(0.3):
                return

    def _send_all(self) -> None:
        rate_hz = self._options["rate"] or self._source.rate_hz
        progress = tqdm(total=len(self._source), unit="image", disable=not self._options["progress"])
        end = time.monotonic() + (self._options["seconds"] or float("inf"))
        due = time.monotonic()
        while True:
            for frame in self._source:
                self._await_answers(self._options["max_in_flight"] - 1)
                if self._closing.wait(max(0.0, due - time.monotonic())) or time.monotonic() > end:
                    return
                due = max(due + 1 / rate_hz, time.monotonic())
                self._send(frame)
                progress.update()
            if not self._options["loop"]:
                return
            progress.reset()

    def _await_answers(self, allowed: int) -> None:
        """Wait until at most so many images are without an answer (negative: do not wait)."""
        if allowed < 0 or not self._options["acknowledge_topic"]:
            return
        with self._answer:
            if not self._answer.wait_for(
                lambda: len(self._unanswered) <= allowed or self._closing.is_set(), _ANSWER_TIMEOUT_S
            ):
                topic = self._options["acknowledge_topic"]
                self.get_logger().warning(f"no answer on {topic} for {_ANSWER_TIMEOUT_S:g} s; going on without")
                self._unanswered.clear()

    def _send(self, frame: SourceFrame) -> None:
        stamp_ns = self.get_clock().now().nanoseconds
        for topic, recorded in frame.others.items():
            if name := self._name(topic, recorded.type_name):
                message = self._restamped(recorded, stamp_ns)
                self._publisher(name, type(message)).publish(message)
        if isinstance(frame.image, Recorded):
            image = self._restamped(frame.image, stamp_ns)
        else:
            image = convert.image(frame.image, "bgr8", convert.header(stamp_ns, self._options["frame_id"]))
        self._offered += 1
        with self._answer:
            self._unanswered.append(stamp_ns)
        self._publisher(self._image_topic(), type(image)).publish(image)

    def _restamped(self, recorded: Recorded, stamp_ns: int) -> Any:
        message = deserialize_message(bytes(recorded.data), convert.message_class(recorded.type_name))
        message.header.stamp = convert.header(stamp_ns, "").stamp
        return message

    def _image_topic(self) -> str:
        (image, *_) = image_inputs(self._options["stereo"])
        return image + COMPRESSED if self._source.compressed else image

    def _name(self, topic: str, type_name: str) -> str:
        """The topic under which a recorded message that goes with the image is published; empty for none."""
        name = self._names.get(topic, "")
        return name + COMPRESSED if name and type_name == COMPRESSED_TYPE else name

    def _publisher(self, topic: str, message_type: type) -> Any:
        if topic not in self._by_topic:
            sensor = QoSProfile(depth=5, reliability=qos_profile_sensor_data.reliability)
            quality = sensor if self._options["best_effort"] else _RELIABLE
            self._by_topic[topic] = self.create_publisher(message_type, topic, quality)
        return self._by_topic[topic]

    def destroy_node(self) -> None:
        """End the playing thread first."""
        self._closing.set()
        with self._answer:
            self._answer.notify_all()
        self._thread.join(1.0)
        super().destroy_node()


_PARAMETERS: dict[str, Any] = {
    "input": "",
    "topic": "",
    "right_topic": "",
    "rate": 0.0,
    "loop": False,
    "seconds": 0.0,
    "stereo": False,
    "frame_id": "camera",
    "best_effort": False,
    "wait_for_subscribers": 1,
    "wait_for_topics": [""],
    "acknowledge_topic": "",
    "max_in_flight": 0,
    "progress": True,
    "report": "",
}


def _played_as(source: Source, stereo: bool) -> dict[str, str]:
    """Under which names the topics of a recording are published that go with its image, for raw images."""
    if not isinstance(source, BagSource):
        return {}
    roles = {role: role for role in (TRUE_LABELS, TRUE_DEPTH)}
    for role, name in zip((IMAGE, RIGHT_IMAGE), image_inputs(stereo), strict=False):
        roles |= {role: name, camera_info_topic(role): camera_info_topic(name)}
    return {topic: name for role, name in roles.items() if (topic := source.layout.topics.get(role))}


def main(arguments: list[str] | None = None) -> int:
    """Entry point of `player_node`."""
    return run_node(Player, arguments)
