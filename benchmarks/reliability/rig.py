# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A node under test in a process of its own, and a camera that counts its answers."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mt_perception.messages.read import header_stamp_ns
from mt_perception.ros import convert
from mt_perception.types import Camera
from mt_perception.utils.hardware import resident_mb
from mt_perception.utils.node_process import node_process

SMALL = {"backend": "openvino", "precision": "fp32", "input_width": 128, "input_height": 64}
"""The default model, quickly started and quickly done."""
TOPICS = {"raw": ["image"], "compressed": ["image/compressed"], "stereo": ["left/image_rect", "right/image_rect"]}


class Rig(Node):
    """Plays one camera, or two, to the node in the same namespace."""

    def __init__(self, process: subprocess.Popen[bytes], namespace: str, form: str, log: Path) -> None:
        super().__init__("rig", namespace=namespace)
        self.process, self.form, self._log = process, form, log
        self.answers: set[int] = set()
        """Stamps of the images that were answered, in nanoseconds."""
        self.diagnostics_bytes = 0
        kind = CompressedImage if form == "compressed" else Image
        self.images = [self.create_publisher(kind, each, 1) for each in TOPICS[form]]
        self.infos = self.create_publisher(CameraInfo, "left/camera_info" if form == "stereo" else "camera_info", 1)
        self.create_subscription(
            Image, "segmentation/mask", lambda data: self.answers.add(header_stamp_ns(data)), 20, raw=True
        )
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        if message.status[0].name.startswith(self.get_namespace()):
            self.diagnostics_bytes = max(self.diagnostics_bytes, len(serialize_message(message)))

    @property
    def log(self) -> str:
        """What the node has said so far."""
        return self._log.read_text(errors="replace")

    def spin(self, seconds: float) -> None:
        """Listen for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left)

    def until(self, condition: Callable[[], Any], timeout_s: float = 120.0) -> None:
        """Listen until `condition()` holds."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert self.process.poll() is None, f"the node ended with {self.process.returncode}: {self.log[-500:]}"
            assert time.monotonic() < end, f"waited {timeout_s:g} s in vain: {self.log[-500:]}"
            self.spin(0.02)

    def send(self, size: tuple[int, int] = (120, 160), encoding: str = "bgr8", stamp_ns: int = 0) -> int:
        """Publish a valid image (of both cameras); its stamp."""
        stamp_ns = stamp_ns or time.time_ns()
        for publisher in self.images:
            publisher.publish(image(stamp_ns, self.form == "compressed", size, encoding))
        return stamp_ns

    def answered(self, **changes: Any) -> None:
        """Send until one is answered."""
        sent: set[int] = set()

        def done() -> bool:
            sent.add(self.send(**changes))
            self.spin(0.1)
            return bool(sent & self.answers)

        self.until(done)

    @property
    def state(self) -> dict[str, float]:
        """Memory, threads and descriptors of the node's process."""
        folder = Path(f"/proc/{self.process.pid}")
        counts = {name: len(os.listdir(folder / kind)) for name, kind in (("threads", "task"), ("descriptors", "fd"))}
        return {"memory_mb": round(resident_mb(self.process.pid), 1), **counts}


@contextmanager
def running(form: str = "raw", **parameters: Any) -> Iterator[Rig]:
    """A node that answers."""
    namespace = f"/reliability_{form}_{time.time_ns() % 10**9}"
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        settings = {**SMALL, "image_transport": "compressed" if form == "compressed" else "raw"}
        values = {**settings, "stereo": form == "stereo", **parameters}
        with node_process("node", values, folder, namespace, stdout=log, stderr=log) as process:
            rig = Rig(process, namespace, form, Path(folder) / "log")
            rig.answered()
            yield rig
            rig.destroy_node()


def image(stamp_ns: int, compressed: bool, size: tuple[int, int], encoding: str = "bgr8") -> Any:
    """A valid `Image`, or a `CompressedImage` (JPEG)."""
    head = convert.header(stamp_ns, "camera")
    shape = size if encoding == "mono8" else (*size, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    if not compressed:
        return convert.image(pixels, encoding, head)
    return CompressedImage(header=head, format="jpeg", data=cv2.imencode(".jpg", pixels)[1].tobytes())


def camera_info(stamp_ns: int = 1, fx_px: float = 150.0) -> CameraInfo:
    """That of an image of 120x160."""
    return convert.camera_info(Camera(160, 120, fx_px, fx_px, 80.0, 60.0), convert.header(stamp_ns, "camera"))
