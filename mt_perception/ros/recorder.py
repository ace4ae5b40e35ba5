# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The recorder: writes topics of this namespace to a rosbag2 (mcap), without a ROS installation.

Where `ros2 bag record` is installed it does the same and more; this one lets the demo run from pip packages alone.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo
from std_msgs.msg import Header
from tqdm import tqdm

from mt_perception.bags.bag import BagError
from mt_perception.bags.writer import BagWriter
from mt_perception.errors import said
from mt_perception.messages.read import header_stamp_ns
from mt_perception.ros import convert
from mt_perception.ros.process import StartupError, run_node
from mt_perception.ros.qos import is_latched

_CHECKPOINT_S = 1.0
"""So much of a recording is lost at most when its process is killed."""


class Recorder(Node):
    """Subscribes to each of `topics` as soon as somebody publishes it, and writes what comes, still serialized.

    A topic's receive time is kept beside the message. With `watch`, the rate of one topic and its latency (receive time
    minus the stamp in its header) are shown while recording, and each of its messages is acknowledged on `recorded`
    by a header with its stamp.
    """

    def __init__(self) -> None:
        super().__init__("recorder")
        output = self.declare_parameter("output", "").value
        self._topics = {self.resolve_topic_name(t) for t in self.declare_parameter("topics", [""]).value if t}
        watch = self.declare_parameter("watch", "").value
        self._watched = self.resolve_topic_name(watch) if watch else ""
        if not output:
            raise StartupError("the recorder has no parameter `output`; give the folder of the new recording")
        try:
            self._writer = BagWriter(Path(output))
        except (BagError, OSError) as error:
            raise StartupError(said(error)) from error
        self._subscribed: set[str] = set()
        self._acknowledgement = self.create_publisher(Header, "recorded", 10)
        self._arrivals: deque[float] = deque(maxlen=50)
        self._display = tqdm(unit=" frames", desc="recording", mininterval=0.5, disable=not watch)
        self.create_timer(0.1, self._discover)
        self.create_timer(_CHECKPOINT_S, self._save, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _save(self) -> None:
        with _ends():
            self._writer.checkpoint()

    def _discover(self) -> None:
        for topic in self._topics - self._subscribed:
            if peers := self.get_publishers_info_by_topic(topic):
                self._subscribed.add(topic)
                self._subscribe(topic, peers)

    def _subscribe(self, topic: str, peers: Sequence[TopicEndpointInfo]) -> None:
        """As those who publish offer it: latched topics with what they published before, cameras without guarantee."""
        latched = all(map(is_latched, peers))
        durability = DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
        is_lossy = any(each.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT for each in peers)
        reliability = ReliabilityPolicy.BEST_EFFORT if is_lossy else ReliabilityPolicy.RELIABLE
        type_name = peers[0].topic_type
        namespace = self.get_namespace().rstrip("/")
        recorded_as = topic.removeprefix(namespace)

        def write(data: bytes) -> None:
            now_ns = time.time_ns()
            with _ends():
                self._writer.write(recorded_as, type_name, now_ns, data, latched)
            if topic == self._watched:
                recorded_ns = header_stamp_ns(data)
                self._show((now_ns - recorded_ns) / 1e6)
                self._acknowledgement.publish(convert.header(recorded_ns, ""))

        profile = QoSProfile(depth=20, durability=durability, reliability=reliability)
        self.create_subscription(convert.message_class(type_name), topic, write, profile, raw=True)

    def _show(self, latency_ms: float) -> None:
        self._arrivals.append(time.monotonic())
        span_s = self._arrivals[-1] - self._arrivals[0]
        fps = (len(self._arrivals) - 1) / span_s if span_s else 0.0
        text = f"{fps:.1f} fps, latency {latency_ms:.0f} ms"
        self._display.set_postfix_str(text, refresh=False)
        self._display.update()

    def destroy_node(self) -> None:
        """Finish the recording: its index is written last."""
        self._display.close()
        super().destroy_node()
        try:
            self._writer.__exit__()
        except BagError as error:
            print(f"error: {error}", file=sys.stderr, flush=True)


@contextmanager
def _ends() -> Iterator[None]:
    """End the node with one sentence where the recording cannot be written."""
    try:
        yield
    except BagError as error:
        raise StartupError(str(error)) from error


def main(arguments: Any = None) -> int:
    """Entry point of `recorder_node`."""
    return run_node(Recorder, arguments)
