# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The launch files with the real `ros2 launch`, wherever it is installed."""

import itertools
import os
import shutil
import signal
import time
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with a ROS installation")

from helpers import make_image
from nodes import Probe, launched
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage

from mt_perception.bags.bag import Bag
from mt_perception.settings import SETTINGS
from mt_perception.utils.hardware import detect

ROS2 = shutil.which("ros2")
pytestmark = pytest.mark.skipif(ROS2 is None, reason="the ros2 command is not installed")


@pytest.mark.parametrize("file", ["perception.launch.py", "demo.launch.py", "nav2.launch.py"])
def test_every_argument_is_explained(file):
    said, _ = launched(file, "--show-args").communicate(timeout=60)
    names = "profile params_file model backend precision input_width input_height stereo namespace image_topic"
    names += " camera_info_topic right_image_topic right_camera_info_topic use_sim_time rviz record log_level"
    names += " cameras stereo_cameras view"
    for name in names.split():
        assert f"'{name}':" in said, said
    assert said.count("no description given") == 0
    assert SETTINGS["backend"].description in said


@pytest.mark.parametrize("number", [signal.SIGINT])
def test_the_demo_starts_publishes_and_stops(bundle, start, tmp_path, number):
    for index in range(3):
        cv2.imwrite(str(tmp_path / f"{index}.png"), make_image(60, 100, index))
    namespace = start.namespace.strip("/")
    arguments = [f"input:={tmp_path}", f"model:={bundle.folder}", "precision:=fp32", f"namespace:={namespace}"]
    launch = launched("demo.launch.py", *arguments)
    probe = Probe(start.namespace)
    probe.listen("segmentation/mask")
    try:
        probe.until(lambda: len(probe.received["segmentation/mask"]) > 5, 40)
    finally:
        os.killpg(launch.pid, number)  # as Ctrl-C does: to all processes of the terminal
        said, _ = launch.communicate(timeout=20)
    assert launch.returncode == 0, said
    assert "Traceback" not in said and said.count("process has finished cleanly") == 2, said
    machine = detect()
    assert f"profile {machine.profile} (found by itself: {machine.reason})" in said
    probe.destroy_node()


def test_arguments_reach_the_node(bundle, start):
    parameters = Path(bundle.folder).parent / "mine.yaml"
    parameters.write_text("/**:\n  ros__parameters:\n    overlay_opacity: 0.25\n    input_width: 256\n")
    namespace = start.namespace.strip("/")
    launch = launched(
        "perception.launch.py", f"model:={bundle.folder}", f"params_file:={parameters}", "input_width:=96",
        "input_height:=64", f"namespace:={namespace}", "image_topic:=/front/image_raw",
    )  # fmt: skip
    probe = Probe(start.namespace)
    try:
        probe.until(lambda: probe.count_subscribers("/front/image_raw"), 40)
        probe.until(lambda: probe.count_subscribers("/front/camera_info"))
    finally:
        time.sleep(0.5)
        os.killpg(launch.pid, signal.SIGINT)
        said, _ = launch.communicate(timeout=20)
    assert "96x64" in said, "the argument wins over the file"
    probe.destroy_node()


def test_several_cameras_have_a_topic_each_and_other_numbers_of_topics_are_refused(bundle, start):
    namespace = start.namespace.strip("/")
    arguments = [f"model:={bundle.folder}", "backend:=openvino", "precision:=fp32", f"namespace:={namespace}"]
    topics = [f"/{namespace}/{name}/image_rect" for name in ("a", "b")]
    names = ["perception.launch.py", "cameras:=front,left", *arguments]
    launch = launched(*names, f"image_topic:={','.join(topics)}")
    probe = Probe(start.namespace)
    try:
        probe.until(lambda: all(map(probe.count_subscribers, topics)), 40)
        assert probe.count_publishers(f"/{namespace}/left/segmentation/mask") == 1
    finally:
        os.killpg(launch.pid, signal.SIGINT)
        said, _ = launch.communicate(timeout=20)
        probe.destroy_node()
    assert "Traceback" not in said, said
    for wrong, count in ((topics[:1], 1), ([*topics, "/c"], 3)):
        said, _ = launched(*names, f"image_topic:={','.join(wrong)}").communicate(timeout=60)
        assert f"which are {count}; the cameras are front,left: give 2, separated by commas, or none" in said


def test_stereo_listens_to_both_cameras(bundle, start):
    namespace = start.namespace.strip("/")
    launch = launched(
        "perception.launch.py", f"model:={bundle.folder}", f"namespace:={namespace}", "stereo:=true",
        "right_image_topic:=/rig/right/image_rect",
    )  # fmt: skip
    probe = Probe(start.namespace)
    try:
        inputs = ("left/image_rect", "left/camera_info", "/rig/right/image_rect", "/rig/right/camera_info")
        names = [probe.resolve_topic_name(topic) for topic in inputs]
        probe.until(lambda: all(map(probe.count_subscribers, names)), 40)
        probe.until(lambda: probe.count_publishers(probe.resolve_topic_name("disparity")))
        assert not probe.count_subscribers(probe.resolve_topic_name("image"))
    finally:
        os.killpg(launch.pid, signal.SIGINT)
        said, _ = launch.communicate(timeout=20)
    assert "Traceback" not in said, said
    probe.destroy_node()


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("backend:=cuda", "backend is 'cuda'; allowed: one of auto"),
        ("params_file:=/none", "/none, which does not exist"),
        ("camera_height_m:=[", "camera_height_m is '['; allowed: 0 to 10 m"),
        ("model:=/nope", "the model folder /nope does not exist"),
        pytest.param(
            "view:=yes",
            "view is 'yes'; allowed: true, a port, or empty",
            marks=pytest.mark.skipif(find_spec("rerun") is None, reason="rerun-sdk is not installed"),
        ),
        pytest.param(
            "rviz:=true",
            "rviz:=true needs RViz, which is not installed: apt install",
            marks=pytest.mark.skipif(shutil.which("rviz2") is not None, reason="RViz is installed"),
        ),
    ],
)
def test_wrong_arguments_are_explained(argument, said):
    launch = launched("perception.launch.py", argument)
    output, _ = launch.communicate(timeout=60)
    assert launch.returncode != 0 and said in output and "Traceback" not in output


def test_the_demo_ends_with_a_node_that_fails():
    launch = launched("demo.launch.py", "model:=/nope", "namespace:=failing")
    output, _ = launch.communicate(timeout=60)
    assert launch.returncode == 1 and "/nope does not exist" in output and "Traceback" not in output


def test_a_compressed_camera_is_found_by_its_name_and_recorded(start, tmp_path):
    """With the package's own recorder where `ros2 bag` is not installed; a camera that may lose images, as most."""
    namespace, output = start.namespace.strip("/"), tmp_path / "made"
    probe = Probe(start.namespace)
    images = probe.create_publisher(CompressedImage, "cam/image/compressed", qos_profile_sensor_data)
    launch = launched(
        "perception.launch.py", f"namespace:={namespace}", "image_topic:=cam/image/compressed", f"record:={output}",
        "input_width:=96", "input_height:=64", "precision:=fp32",
    )  # fmt: skip
    jpeg = cv2.imencode(".jpg", make_image(60, 100))[1].tobytes()
    probe.listen("segmentation/mask")
    stamps = itertools.count(1)
    try:

        def answered() -> bool:
            message = CompressedImage(format="jpeg", data=jpeg)
            message.header.stamp.sec = next(stamps)
            images.publish(message)
            probe.spin(0.2)
            topics = map(probe.resolve_topic_name, ("segmentation/mask", "cam/image/compressed"))
            if any(probe.count_subscribers(each) < 2 for each in topics):
                probe.received["segmentation/mask"].clear()  # the recorder does not hear both yet
            return len(probe.received["segmentation/mask"]) > 4

        probe.until(answered, 60)
    finally:
        os.killpg(launch.pid, signal.SIGINT)
        said, _ = launch.communicate(timeout=20)
    assert launch.returncode == 0, said
    with Bag(output) as bag:
        counts = bag.counts
    assert min(counts[f"/{namespace}/{each}"] for each in ("cam/image/compressed", "segmentation/mask")) >= 1, counts
    assert counts["/diagnostics"] >= 1
    probe.destroy_node()
