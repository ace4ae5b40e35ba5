# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One node with several cameras, which share a model: topics, headers, turns, diagnostics."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray
from helpers import make_image
from nodes import Probe
from sensor_msgs.msg import CameraInfo, Image

from mt_perception import Frame, Perceiver
from mt_perception.messages.read import array_from_image, stamp_ns

NAMES = ("front", "left")
SIZES = {"front": (90, 160), "left": (70, 100)}
MASK = "segmentation/mask"


@pytest.fixture
def cameras(start):
    """A probe for each camera."""
    probes = {name: Probe(f"{start.namespace}/{name}", f"probe_{name}") for name in NAMES}
    yield probes
    for each in probes.values():
        each.destroy_node()


def test_each_camera_has_topics_headers_sizes_and_a_status_of_its_own(run, cameras, bundle):
    node = run(cameras="front, left", stereo_cameras="left", obstacle_classes="unicorn")
    front = cameras["front"]
    for topic in (MASK, "depth/camera_info"):
        front.listen(topic, CameraInfo if topic.endswith("info") else Image)
    front.listen("/diagnostics", DiagnosticArray)
    left = cameras["left"]
    left.listen(MASK)
    front.wait_for_node()
    front.send_info(fx=200.0)
    front.spin(0.2)
    front.send(7, SIZES["front"], "front_optical")
    front.until(lambda: front.received[MASK] and front.received["depth/camera_info"])
    message = front.received[MASK][0]
    assert (message.height, message.width) == SIZES["front"] and message.header.frame_id == "front_optical"
    assert stamp_ns(message.header) == 7
    expected = Perceiver.open(model=str(bundle.folder), backend="openvino", precision="fp32")(
        Frame(make_image(*SIZES["front"]), "bgr")
    )
    np.testing.assert_array_equal(array_from_image(message), expected.mask)
    left.spin(0.2)
    assert not left.received[MASK], "the pair's images are left/left/image_rect and left/right/image_rect"
    for side in ("left", "right"):
        assert left.count_subscribers(f"{left.get_namespace()}/{side}/image_rect") == 1

    def counted():
        newest = front.received["/diagnostics"][-1:]
        found = {each.name.rsplit(": ", 1)[-1]: each.values for message in newest for each in message.status}
        values = {name: {value.key: value.value for value in values} for name, values in found.items()}
        counts = {name: each["frames_in"] for name, each in values.items() if "frames_in" in each}
        assert not found or list(found) == [
            "model", "front/input", "front/results", "left/input", "left/results", "left/stereo"
        ]  # fmt: skip
        return counts == {"front/input": "1", "left/input": "0"}

    front.until(counted)
    assert node.log.count("obstacle_classes has unicorn; the model's classes are road, ") == 2, "once for each camera"
    assert "Traceback" not in node.log


def test_a_camera_that_is_quick_takes_nothing_from_a_slow_one(run, cameras):
    run(cameras=list(NAMES))
    for each in cameras.values():
        each.listen(MASK)
    for each in cameras.values():
        each.wait_for_node()
    for name, probe in cameras.items():
        probe.until_shown()
        assert name in probe.get_namespace()
    for number in range(60):
        cameras["front"].send(1000 + number, SIZES["front"])
        if number % 10 == 9:
            cameras["left"].send(1000 + number, SIZES["left"])
            cameras["left"].until(lambda number=number: len(cameras["left"].received[MASK]) > number // 10, 10)
        cameras["front"].spin(0.005)
    assert [stamp_ns(each.header) for each in cameras["left"].received[MASK]] == list(range(1009, 1060, 10))
    assert cameras["front"].received[MASK], "and the quick one is served, too"


def test_names_that_make_no_topic_are_refused_before_anything_is_loaded(run):
    node = run(cameras="front, front left")
    node.process.wait(30)
    assert "cameras is 'front, front left'; allowed: names of letters, digits and _" in node.log
    assert "Traceback" not in node.log
