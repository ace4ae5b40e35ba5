# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Cameras as they come: one node is fed with everything, and shows what it took it for (an overlay without labels)."""

import math
import re
from itertools import count

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from encoded import BGR, CONVERTED, GREY, off_by, wide
from nodes import Probe, diagnostics_of
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, PointCloud2

from mt_perception.messages.read import array_from_image, stamp_ns
from mt_perception.ros import convert

GREY_RGB = cv2.cvtColor(GREY, cv2.COLOR_GRAY2RGB)
RGB = BGR[..., ::-1]


def padded(pixels: np.ndarray) -> dict:
    """Rows with 7 bytes more than their pixels."""
    rows = np.ascontiguousarray(pixels).reshape(len(pixels), -1).view(np.uint8)
    return {"step": rows.shape[1] + 7, "data": np.pad(rows, ((0, 0), (0, 7)), constant_values=255).tobytes()}


def message(encoding: str, pixels: np.ndarray, **changes):
    """An Image of any encoding, as a driver would fill it."""
    rows = np.ascontiguousarray(pixels)
    made = convert.image(GREY, "mono8", convert.header(1, "cam"))
    made.encoding, made.step, made.data = encoding, rows.strides[0], rows.tobytes()
    for name, value in changes.items():
        setattr(made, name, value)
    return made


PACKED = {
    "mono8": (message("mono8", GREY), GREY_RGB),
    "8UC1": (message("8UC1", GREY), GREY_RGB),
    "mono16": (message("mono16", wide(GREY)), GREY_RGB),
    "16UC1": (message("16UC1", wide(GREY)), GREY_RGB),
    "mono16 of a big-endian camera": (message("mono16", wide(GREY).byteswap(), is_bigendian=1), GREY_RGB),
    "bgr8": (message("bgr8", BGR), RGB),
    "8UC3": (message("8UC3", BGR), RGB),
    "rgb8": (message("rgb8", RGB), RGB),
    "bgra8": (message("bgra8", cv2.cvtColor(BGR, cv2.COLOR_BGR2BGRA)), RGB),
    "rgba8": (message("rgba8", cv2.cvtColor(BGR, cv2.COLOR_BGR2RGBA)), RGB),
    "8UC4": (message("8UC4", cv2.cvtColor(BGR, cv2.COLOR_BGR2BGRA)), RGB),
    "bgr16": (message("bgr16", wide(BGR)), RGB),
    "mono16 with 12 bits": (message("mono16", wide(GREY, 12)), GREY_RGB),
    "bgr8 with padded rows": (message("bgr8", BGR, **padded(BGR)), RGB),
    "mono16 with padded rows": (message("mono16", wide(GREY), **padded(wide(GREY))), GREY_RGB),
}


@pytest.fixture(scope="module")
def node(start_once, small_model):
    return start_once("node", **small_model, overlay_opacity=0.0)


@pytest.fixture(scope="module")
def probe(start_once, node):
    probe = Probe(start_once.namespace)
    probe.listen("segmentation/overlay")
    probe.listen("depth/image")
    probe.wait_for_node()
    probe.until_shown()
    yield probe
    probe.destroy_node()


@pytest.fixture
def shown(probe):
    """A function: what the node shows for a message that it is sent."""

    def show(sent):
        probe.received["segmentation/overlay"].clear()
        probe.images.publish(sent)
        return array_from_image(probe.until(lambda: probe.received["segmentation/overlay"])[0])

    return show


@pytest.mark.parametrize("name", PACKED)
def test_packed_encodings_are_read_exactly(shown, name):
    sent, expected = PACKED[name]
    np.testing.assert_array_equal(shown(sent), expected)


@pytest.mark.parametrize("encoding", CONVERTED)
def test_mosaics_and_yuv_become_colours(shown, encoding):
    assert off_by(shown(message(encoding, CONVERTED[encoding])), RGB) < 3


def test_what_cannot_be_read_is_said_and_the_next_image_comes_out(shown, probe, node):
    probe.images.publish(message("banana8", GREY))
    node.wait_for("'banana8'")
    np.testing.assert_array_equal(shown(PACKED["rgb8"][0]), RGB)


def test_depth_where_a_camera_should_be_is_said(shown, node):
    shown(PACKED["16UC1"][0])
    node.wait_for("holds 16UC1, which is depth or another measure, not a camera's image")


def test_a_driver_that_leaves_stamps_at_zero_is_named(shown, node):
    shown(message("mono8", GREY, header=convert.header(0, "cam")))
    node.wait_for("the driver leaves header.stamp at 0")


def test_stamps_may_go_back_as_when_a_recording_starts_again(probe):
    probe.received["segmentation/overlay"].clear()
    for stamp in (2 * 10**18, 10**18, 10**18 + 1):
        before = len(probe.received["segmentation/overlay"])
        probe.send(stamp)
        probe.until(lambda n=before: len(probe.received["segmentation/overlay"]) > n)
    stamps = [stamp_ns(each.header) for each in probe.received["segmentation/overlay"]]
    assert stamps == [2 * 10**18, 10**18, 10**18 + 1]


def test_camera_info_absent_then_wrong_then_right(probe, node):
    """Each state is said when it begins, depth comes out in all of them, and nothing of it is left in the end."""

    def info(**changes) -> CameraInfo:
        made = CameraInfo(width=160, height=90, k=[200.0, 0, 80, 0, 200, 45, 0, 0, 1])
        for name, value in changes.items():
            setattr(made, name, value)
        return made

    nan, zero = [math.nan] * 9, [0.0] * 9
    states = [
        (None, "no camera_info yet"),
        (info(k=nan), "must be a positive number"),
        (info(k=zero), "camera_info is uncalibrated"),
        (info(width=0), "camera size is 0x90"),
        (info(width=100, height=100), "must have the same proportions"),
        (info(d=[0.1, -0.2, 0.0, 0.0, 0.0]), "should be rectified"),
        (info(), ""),
    ]
    for index, (sent, said) in enumerate(states, start=1):
        probe.received["depth/image"].clear()
        if sent:
            probe.infos.publish(sent)
            probe.spin(0.2)
        probe.send(index)
        probe.until(lambda: probe.received["depth/image"])
        node.wait_for(said)
    with diagnostics_of(probe) as diagnostics:
        status = probe.until(diagnostics)
        assert not [each.key for each in status.values if re.match("warning: (camera|distortion)", each.key)]
    for _ in range(3):
        probe.infos.publish(info(d=[0.1, 0.0, 0.0, 0.0, 0.0]))
        probe.spin(0.1)
    assert node.log.count("should be rectified") == 2, "once each time that it begins"


def test_a_topic_that_is_rectified_by_its_name_may_have_distortion_in_its_camera_info(start, small_model):
    """image_proc sends the camera's own camera_info beside image_rect: distortion included."""
    node = start(
        "node",
        **small_model,
        image_transport="compressed",
        remap={"image/compressed": "image_rect/compressed"},
    )
    probe = Probe(start.namespace)
    probe.listen("segmentation/mask")
    images = probe.create_publisher(CompressedImage, "image_rect/compressed", 1)
    probe.wait_for_node(images)
    probe.infos.publish(CameraInfo(width=100, height=60, k=[80.0, 0, 50, 0, 80, 30, 0, 0, 1], d=[0.1, 0, 0, 0, 0]))
    for stamp, (extension, pixels) in enumerate({".jpg": BGR, ".png": wide(GREY), ".tiff": GREY}.items(), start=1):
        image = CompressedImage(format=extension[1:], data=cv2.imencode(extension, pixels)[1].tobytes())
        image.header.stamp.sec = stamp
        images.publish(image)
        probe.until(lambda n=stamp: [m.header.stamp.sec for m in probe.received["segmentation/mask"]][-1:] == [n])
    assert "should be rectified" not in node.log
    probe.destroy_node()


def test_simulated_time_that_stands_still_is_said_and_then_followed(start, small_model):
    start("node", **small_model, use_sim_time=True)
    probe = Probe(start.namespace)
    probe.listen("segmentation/mask")
    clock = probe.create_publisher(Clock, "/clock", QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))
    with diagnostics_of(probe) as diagnostics:
        probe.wait_for_node()

        def without_clock() -> bool:
            probe.send(5 * 10**9)
            probe.spin(0.2)
            return bool(diagnostics()) and "nothing comes on /clock" in diagnostics().message

        probe.until(without_clock)
        probe.until(lambda: clock.get_subscription_count() > 0)
        clock.publish(Clock(clock=convert.header(5_200_000_000, "").stamp))
        probe.spin(0.3)
        probe.received["segmentation/mask"].clear()
        probe.send(5 * 10**9)
        probe.until(lambda: probe.received["segmentation/mask"])
        status = probe.until(lambda: diagnostics() if "/clock" not in diagnostics().message else None)
        values = {each.key: each.value for each in status.values}
        assert float(values["age_p50_ms"]) == 200.0
        assert stamp_ns(probe.received["/diagnostics"][-1].header) == 5_200_000_000
    probe.destroy_node()


def test_a_cloud_without_a_camera_is_missed_for_as_long_as_somebody_wants_it(start, small_model):
    node = start("node", **small_model)
    probe = Probe(start.namespace)
    cloud = probe.create_subscription(PointCloud2, "points", lambda message: None, 1)
    with diagnostics_of(probe) as diagnostics:
        probe.wait_for_node()
        stamps = count(1)

        def missed() -> bool:
            probe.send(next(stamps))
            probe.spin(0.2)
            return bool(diagnostics()) and "camera_info: points" in diagnostics().message

        probe.until(missed)
        assert node.log.count("not published without a valid camera_info: points") == 1
        probe.destroy_subscription(cloud)
        probe.spin(0.5)
        probe.until(lambda: not missed())
    probe.destroy_node()
