# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The same builder with the classes of `rosbags` and with those of rclpy: what both make is one message."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.draw.cloud import POINT
from mt_perception.labels import Label
from mt_perception.messages.read import array_from_image
from mt_perception.messages.rosbags import BUILDER
from mt_perception.messages.types import TYPES
from mt_perception.types import Camera, DataError

MESSAGES = {
    "rgb": lambda of, head: of.image(np.arange(24, dtype=np.uint8).reshape(2, 4, 3), "rgb8", head),
    "metres": lambda of, head: of.image(np.full((2, 3), 1.5, np.float32), "32FC1", head),
    "planar": lambda of, head: of.image(np.zeros((3, 4), np.uint8), "nv12", head),
    "strided": lambda of, head: of.image(np.arange(48, dtype=np.uint8).reshape(4, 12)[:, ::2], "mono8", head),
    "jpeg": lambda of, head: of.compressed(np.zeros((4, 6, 3), np.uint8), "jpg", head, jpeg_quality=90),
    "compressed metres": lambda of, head: of.compressed_depth(np.full((2, 3), 1.5, np.float32), head),
    "camera": lambda of, head: of.camera_info(Camera(4, 3, 10.0, 11.0, 1.5, 1.0), head),
    "right camera": lambda of, head: of.camera_info(Camera(4, 3, 10.0, 11.0, 1.5, 1.0), head, 0.25),
    "points": lambda of, head: of.cloud(np.ones((2, 3), POINT), head),
    "disparity": lambda of, head: of.disparity(
        np.ones((2, 3), np.float32), head, f=30.0, t=0.25, min_disparity=0.0, max_disparity=7.0, delta_d=0.5
    ),
    "names": lambda of, head: of.label_info([Label("road", 7, 0, (128, 64, 128))], head),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_recorded_is_what_the_node_publishes(name):
    convert = pytest.importorskip("mt_perception.ros.convert", reason="rclpy is not installed")
    from rclpy.serialization import deserialize_message

    stamp_ns = 3 * 10**9 + 7
    recorded = MESSAGES[name](BUILDER, BUILDER.header(stamp_ns, "cam"))
    try:
        kind = convert.message_class(recorded.__msgtype__)
    except ImportError:
        pytest.skip(f"{recorded.__msgtype__} is not installed: there are no wheels of it")
    data = bytes(TYPES.serialize_cdr(recorded, recorded.__msgtype__))
    assert deserialize_message(data, kind) == MESSAGES[name](convert.BUILDER, convert.header(stamp_ns, "cam"))


def test_images_and_cameras_by_hand():
    image = MESSAGES["strided"](BUILDER, BUILDER.header(-(10**9) + 5, "cam"))
    assert (image.width, image.height, image.step, image.data.size) == (6, 4, 6, 24)
    assert (image.header.stamp.sec, image.header.stamp.nanosec, image.header.frame_id) == (-1, 5, "cam")
    np.testing.assert_array_equal(array_from_image(image)[0], [0, 2, 4, 6, 8, 10])
    info = MESSAGES["right camera"](BUILDER, image.header)
    assert info.k.tolist() == [10, 0, 1.5, 0, 11, 1, 0, 0, 1]
    assert info.p.tolist() == [10, 0, 1.5, -2.5, 0, 11, 1, 0, 0, 0, 1, 0]
    points = MESSAGES["points"](BUILDER, image.header)
    assert [(each.name, each.offset, each.datatype) for each in points.fields[:4]] == [
        ("x", 0, 7), ("y", 4, 7), ("z", 8, 7), ("rgb", 12, 7),
    ]  # fmt: skip
    assert (points.point_step, points.row_step, points.data.size) == (24, 72, 144)


def test_the_pixels_type_must_fit_the_encoding():
    with pytest.raises(DataError, match="32FC1 takes float32 pixels, got float64"):
        BUILDER.image(np.zeros((2, 3)), "32FC1", BUILDER.header(0, ""))


def depth_from_compressed(message) -> np.ndarray:
    """As image_transport's subscriber reads it."""
    data = bytes(message.data)
    scale, shift = np.frombuffer(data[4:12], np.float32)
    values = cv2.imdecode(np.frombuffer(data[12:], np.uint8), cv2.IMREAD_UNCHANGED).astype(np.float32)
    assert data[:4] == bytes(4) and message.format == "32FC1; compressedDepth png"
    return np.where(values > 0, scale / np.where(values > 0, values - shift, 1), np.nan)


def test_compressed_depth_comes_back_and_what_is_unknown_or_far_is_none():
    depth_m = np.array([[0.5, 1.0, 10.0, 70.0, 250.0], [np.nan, np.inf, 251.0, 0.0, -1.0]], np.float32)
    back = depth_from_compressed(BUILDER.compressed_depth(depth_m, BUILDER.header(1, "camera")))
    np.testing.assert_allclose(back[0], depth_m[0], rtol=4e-3)
    assert abs(back[0, 3] - 70) < 0.08 and np.isnan(back[1]).all()


@given(st.floats(0.5, 250))
def test_compressed_depth_is_off_by_half_a_value_at_most(metres):
    depth_m = np.full((2, 3), metres, np.float32)
    back = depth_from_compressed(BUILDER.compressed_depth(depth_m, BUILDER.header(1, "camera")))
    assert abs(back - depth_m).max() <= metres**2 / 32833 / 2 * 1.05 + 1e-4
