# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the doctor sees of cameras that are really published."""

import json
import os
import subprocess
import sys
import threading

import pytest

pytest.importorskip("rclpy")

import numpy as np
from nodes import Probe
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CompressedImage, Image

from mt_perception.ros import convert
from mt_perception.ros.watch import Watcher


@pytest.fixture(scope="module")
def camera(start_once):
    """A camera, on NAMESPACE/image and with a camera_info, that goes on by itself; its namespace."""
    probe, is_over = Probe(start_once.namespace, name="driver"), threading.Event()

    def drive():
        while not is_over.wait(0.02):
            probe.send(1)

    thread = threading.Thread(target=drive)
    thread.start()
    yield start_once.namespace
    is_over.set()
    thread.join()
    probe.destroy_node()


def doctor(*arguments, **environment):
    command = [sys.executable, "-c", "import sys; from mt_perception.commands.main import main; sys.exit(main())"]
    return subprocess.run(
        [*command, "doctor", *arguments], capture_output=True, text=True, timeout=120, env=os.environ | environment
    )


def test_a_camera_is_described_with_the_command_that_takes_it(camera, tmp_path):
    file = tmp_path / "doctor.json"
    said = doctor("--topic", f"{camera}/image", "--seconds", "30", "--json", str(file))  # as soon as it has come
    assert said.stderr == "" and said.returncode == 0, said.stdout
    rows = json.loads(file.read_text())
    (found,) = [row for row in rows if row["part"] == "camera"]
    assert found["state"] == "ok"
    for fact in ("160x90 bgr8", " Hz, ", f"sensor_msgs/msg/Image from {camera}/driver", "reliable, volatile"):
        assert fact in found["text"]
    assert "no camera_info" not in found["text"]
    assert found["remedy"].endswith(f"image_topic:={camera}/image") or f"image:={camera}/image" in found["remedy"]
    (middleware,) = [row for row in rows if row["part"] == "middleware"]
    assert middleware["text"].startswith("rmw_")


def test_a_camera_that_nobody_publishes_is_missing(ros):
    said = doctor("--topic", "/none/image", "--seconds", "1")
    assert said.returncode == 1
    assert "/none/image: nobody published it within 1 s" in said.stdout
    assert said.stdout.splitlines()[-1] == "missing: camera"


def test_a_middleware_that_does_not_start_is_one_line():
    said = doctor("--seconds", "1", RMW_IMPLEMENTATION="rmw_of_nobody")
    assert said.returncode == 1 and said.stderr == ""
    assert "missing  middleware     a node does not start: " in said.stdout and "rmw_of_nobody" in said.stdout


def test_all_cameras_are_seen_and_what_is_wrong_with_them(ros, start, probe):
    space = probe.get_namespace()
    depth = probe.create_publisher(Image, "lidar/image", 1)
    small = probe.create_publisher(CompressedImage, "front/image_raw/compressed", 1)
    probe.create_publisher(Image, "silent/image", 1)
    results = probe.create_publisher(Image, "segmentation/color", 1)
    watcher, executor = Watcher(), SingleThreadedExecutor()
    executor.add_node(watcher)
    metres = convert.image(np.ones((4, 8), np.float32), "32FC1", convert.header(1, "lidar"))
    wanted = {f"{space}/{name}" for name in ("lidar/image", "front/image_raw/compressed", "silent/image")}

    def seen():
        depth.publish(metres)
        small.publish(CompressedImage(format="jpeg", data=b"rubbish"))
        results.publish(Image())
        watcher.look()
        executor.spin_once(timeout_sec=0.05)
        found = {each.topic: each for each in watcher.cameras()}
        told = [each for each in found.values() if each.problem]
        return found if wanted <= set(found) and len(told) >= 2 else None

    found = probe.until(seen)
    assert "is no camera image" in found[f"{space}/lidar/image"].problem
    assert found[f"{space}/front/image_raw/compressed"].problem
    assert found[f"{space}/silent/image"].image == "" and found[f"{space}/silent/image"].problem == ""
    assert f"{space}/segmentation/color" not in found
    watcher.destroy_node()


def test_a_camera_that_is_there_in_its_other_form_alone_is_told_with_the_remedy(ros, start, probe):
    space = probe.get_namespace()
    probe.create_publisher(CompressedImage, "rear/image/compressed", 1)
    watcher = Watcher(f"{space}/rear/image")
    sentence = f"nobody publishes {space}/rear/image, but {space}/rear/image/compressed is there"
    probe.until(lambda: sentence in watcher.cameras()[0].problem)
    watcher.destroy_node()
