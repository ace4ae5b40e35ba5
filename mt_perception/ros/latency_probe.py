# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The latency probe: sends images to a node as a camera does, and takes the time until its answers are there.

It is driven through its standard input and output by `mt_perception.bench.node`, one line of JSON each way.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import cv2
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image

from mt_perception.messages.read import header_stamp_ns
from mt_perception.ros import convert
from mt_perception.ros.process import finish, run_node
from mt_perception.topics import COMPRESSED

_CAMERA = QoSProfile(depth=1, reliability=qos_profile_sensor_data.reliability)
_ANSWER_TIMEOUT_S = 2.0


class LatencyProbe(Node):
    """Publishes one image again and again with a new stamp, and awaits each of `topics` with that stamp.

    Images and answers stay serialized: what a camera's or a viewer's own program costs is not the node's.
    """

    def __init__(self) -> None:
        super().__init__("latency_probe")
        height, width = (self.declare_parameter(name, 0).value for name in ("height", "width"))
        self._topics = list(self.declare_parameter("topics", [""]).value)
        compressed = self.declare_parameter("compressed", False).value
        serialized = serialized_jpeg if compressed else serialized_noise
        self._first, self._image = serialized(32, 64), serialized(height, width)
        kind, topic = (CompressedImage, f"image{COMPRESSED}") if compressed else (Image, "image")
        self._images = self.create_publisher(kind, topic, _CAMERA)
        self._sent: dict[int, float] = {}
        """When each image was sent, by its stamp in nanoseconds; without those that are done."""
        self._missing: dict[int, set[str]] = {}
        """The topics that have not answered it yet."""
        self._latencies_ms: list[float] = []
        self._answer = threading.Condition()
        self._stages: dict[str, str] = {}
        for topic in self._topics:
            self.create_subscription(Image, topic, self._answers_of(topic), QoSProfile(depth=1), raw=True)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        threading.Thread(target=self._obey, name="latency_probe", daemon=True).start()

    def _answers_of(self, topic: str) -> Any:
        def note(data: bytes) -> None:
            now, stamp_ns = time.perf_counter(), header_stamp_ns(data)
            with self._answer:
                missing = self._missing.get(stamp_ns, set())
                missing.discard(topic)
                if stamp_ns in self._sent and not missing:
                    self._latencies_ms.append(1e3 * (now - self._sent.pop(stamp_ns)))
                    del self._missing[stamp_ns]
                    self._answer.notify()

        return note

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        prefix = self.get_namespace().rstrip("/") + "/"
        for status in message.status:
            if status.name.startswith(prefix):
                self._stages |= {each.key: each.value for each in status.values if each.key.endswith("_p50_ms")}

    def _obey(self) -> None:
        """For each line of standard input, play so many images and print what was measured."""
        try:
            # until the node is there and has seen that we listen; a small image gets through whatever the transport
            while not self._await(self._send(self._first), 0.2):
                pass
            print(json.dumps({"connected": True}), flush=True)
            for line in sys.stdin:
                print(json.dumps(self._play(**json.loads(line))), flush=True)
        except Exception:
            if rclpy.ok(context=self.context):
                raise
            # a signal came: nothing can be published any more
        finish(self)

    def _play(self, images: int, rate: float = 0.0) -> dict[str, Any]:
        """Send `images`, `rate` of them a second, or by default each as soon as the one before is answered."""
        self._await(self._send(self._image), _ANSWER_TIMEOUT_S)  # not counted: caches, and a size that may be new
        self._sent.clear()
        self._missing.clear()
        self._latencies_ms = []
        started = due = time.monotonic()
        for _ in range(images):
            stamp_ns = self._send(self._image)
            due += 1 / rate if rate else 0.0
            if rate:
                time.sleep(max(0.0, due - time.monotonic()))
            else:
                self._await(stamp_ns, _ANSWER_TIMEOUT_S)
        self._await(stamp_ns, _ANSWER_TIMEOUT_S)
        return {
            "latencies_ms": self._latencies_ms,
            "dropped": images - len(self._latencies_ms),
            "seconds": time.monotonic() - started,
            "node_stages_ms": {name.removesuffix("_p50_ms"): float(value) for name, value in self._stages.items()},
        }

    def _send(self, image: bytearray) -> int:
        """Publish an image with the time of now; its stamp in nanoseconds."""
        stamp_ns = time.time_ns()
        image[4:12] = np.array(divmod(stamp_ns, 10**9), np.uint32).tobytes()  # see messages.header_stamp_ns
        with self._answer:
            self._missing[stamp_ns] = set(self._topics)
            self._sent[stamp_ns] = time.perf_counter()
        self._images.publish(bytes(image))
        return stamp_ns

    def _await(self, stamp_ns: int, timeout_s: float) -> bool:
        """Wait until all topics have answered this image; False when they have not in time."""
        with self._answer:
            return self._answer.wait_for(lambda: stamp_ns not in self._sent, timeout_s)


def serialized_noise(height: int, width: int) -> bytearray:
    """A bgr8 `Image` as it goes over the wire."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return bytearray(serialize_message(convert.image(pixels, "bgr8", convert.header(0, "camera"))))


def serialized_jpeg(height: int, width: int) -> bytearray:
    """A JPEG of quality 90 as it goes over the wire: blurred noise, which takes about as many bytes as a street."""
    pixels = np.random.default_rng(0).integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), np.uint8)
    large = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    message = convert.BUILDER.compressed(large, "jpg", convert.header(0, "camera"), jpeg_quality=90)
    return bytearray(serialize_message(message))


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the probe's process."""
    return run_node(LatencyProbe, arguments)
