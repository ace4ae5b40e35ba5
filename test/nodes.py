# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Real nodes in processes of their own, and a probe in this one that talks to them over DDS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from helpers import make_image
from rcl_interfaces.srv import GetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node, NodeNameNonExistentError
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image

from mt_perception.ros import convert
from mt_perception.types import Camera

PROGRAM = "import sys; from mt_perception.ros.{} import main; sys.exit(main())"


class NodeProcess:
    """A running node. `log` is all that it has said so far."""

    def __init__(
        self, name: str, parameters: dict, folder: Path, namespace: str, remap: dict[str, str] | None = None
    ) -> None:
        file = folder / f"{name}-{time.monotonic_ns()}.yaml"
        file.write_text(json.dumps({"/**": {"ros__parameters": parameters}}))
        self._log = file.with_suffix(".log")
        arguments = ["--ros-args", "-r", f"__ns:={namespace}", "--params-file", str(file)]
        for source, target in (remap or {}).items():
            arguments += ["-r", f"{source}:={target}"]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM.format(name), *arguments],
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str, timeout_s: float = 20.0) -> None:
        end = time.monotonic() + timeout_s
        while text not in self.log:
            assert time.monotonic() < end, f"{text!r} was not said within {timeout_s} s:\n{self.log}"
            assert self.process.poll() is None or text in self.log, f"the node ended:\n{self.log}"
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGINT, timeout_s: float = 30.0) -> tuple[int, float]:
        """Send a signal; the exit status and the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(timeout_s)
        return status, time.monotonic() - started


class Probe(Node):
    """Publishes images to a node and keeps what comes back, by topic."""

    def __init__(self, namespace: str, name: str = "probe") -> None:
        super().__init__(name, namespace=namespace)
        self.received: dict[str, list] = {}
        self._ears: list = []
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        self.images = self.create_publisher(Image, "image", 1)
        self.infos = self.create_publisher(CameraInfo, "camera_info", 1)

    def listen(self, topic: str, message_type: type = Image, depth: int = 20, qos: QoSProfile | None = None) -> None:
        self.received[topic] = []
        keep = self.received[topic].append
        ear = self.create_subscription(message_type, topic, keep, qos or QoSProfile(depth=depth))
        if not topic.startswith("/"):  # what the node under test publishes, in its namespace
            self._ears.append(ear)

    def spin(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._executor.spin_once(timeout_sec=max(0.0, min(0.05, end - time.monotonic())))

    def until(self, condition, timeout_s: float = 30.0):
        """Spin until `condition()` holds; what it returned."""
        end = time.monotonic() + timeout_s
        while not (value := condition()):
            assert time.monotonic() < end, f"waited {timeout_s} s in vain; received {self.counts()}"
            self._executor.spin_once(timeout_sec=0.02)
        return value

    def known(self, question, name: str = "perception") -> list:
        """What a `get_..._names_and_types_by_node` says of a node; nothing while the graph does not know it yet."""
        try:
            return question(name, self.get_namespace())
        except NodeNameNonExistentError:
            return []

    def counts(self) -> dict[str, int]:
        return {topic: len(messages) for topic, messages in self.received.items()}

    def wait_for_node(self, publisher=None) -> None:
        """Until the node has subscribed, and each of its publishers has found the one of us that listens."""
        self.until(lambda: (publisher or self.images).get_subscription_count() > 0, 30)
        self.until(lambda: all(each.get_publisher_count() > 0 for each in self._ears), 30)
        self.until_known()
        self.spin(0.3)

    def until_known(self) -> None:
        """Until nodes beside us have found all that we have: they hear of it in the order in which it was made, so
        whoever answers what was made last knows the rest. Until then an image that is sent best-effort is lost."""
        own = f"{self.get_fully_qualified_name()}/get_parameters"
        names = [name for name, _ in self.get_service_names_and_types() if name.endswith("/get_parameters")]
        for name in names:
            if name == own or not name.startswith(f"{self.get_namespace()}/"):
                continue
            client, asked = self.create_client(GetParameters, name), []
            self.until(client.service_is_ready)

            def answered(client=client, asked=asked) -> bool:
                if not asked or time.monotonic() > asked[-1][0] + 1.0:  # an answer, too, may come before we are known
                    asked.append((time.monotonic(), client.call_async(GetParameters.Request())))
                return any(future.done() for _, future in asked)

            self.until(answered)
            self.destroy_client(client)

    def until_shown(self) -> None:
        """Until all that is listened to has come out: only then has the node, too, found everyone."""

        def shown() -> bool:
            self.send(1)
            self.spin(0.3)
            return all(self.received.values())

        self.until(shown)
        self.spin(0.5)
        for messages in self.received.values():
            messages.clear()

    def send(self, stamp_ns: int, size=(90, 160), frame_id="cam", encoding="bgr8", image=None, **changes) -> Image:
        pixels = make_image(*size) if image is None else image
        message = convert.image(pixels, encoding, convert.header(stamp_ns, frame_id))
        for name, value in changes.items():
            setattr(message, name, value)
        self.images.publish(message)
        return message

    def send_info(self, fx: float, size=(90, 160)) -> None:
        camera = Camera(size[1], size[0], fx, fx, size[1] / 2, size[0] / 2)
        self.infos.publish(convert.camera_info(camera, convert.header(1, "cam")))


def overall(statuses):
    """The diagnostics of all tasks as one: the worst level, in words what is not fine, and all values.

    Results that are stale are so because of the input, which says it.
    """
    troubled = [each for each in statuses if each.level in (DiagnosticStatus.WARN, DiagnosticStatus.ERROR)]
    troubled.sort(key=lambda each: each.level, reverse=True)
    return SimpleNamespace(
        level=troubled[0].level if troubled else DiagnosticStatus.OK,
        message="; ".join(each.message for each in troubled or statuses),
        values=[value for each in statuses for value in each.values],
    )


@contextmanager
def diagnostics_of(probe: Probe):
    """The newest diagnostics of the node under test, all tasks as one, as a function."""
    probe.listen("/diagnostics", DiagnosticArray)

    def newest():
        mine = [
            message.status
            for message in probe.received["/diagnostics"]
            if message.status[0].name.startswith(f"{probe.get_namespace()}/")
        ]
        return overall(mine[-1]) if mine else None

    yield newest


def launched(*arguments: str) -> subprocess.Popen:
    """`ros2 launch` as a terminal starts it, with this Python's environment before all others."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    prefixes = os.pathsep.join(filter(None, [sys.prefix, os.environ.get("AMENT_PREFIX_PATH")]))
    return subprocess.Popen(
        ["ros2", "launch", "mt_perception", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env=os.environ | {"PATH": path, "AMENT_PREFIX_PATH": prefixes},
    )  # fmt: skip
