# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Images as camera drivers send them, that are not simply pixels in order."""

import cv2
import numpy as np
import pytest
from encoded import BGR, CONVERTED, GREY, PATTERNS, bayer, off_by, wide
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.geometry import to_rgb
from mt_perception.messages.encodings import ENCODINGS, PLANAR, eight_of_sixteen
from mt_perception.messages.read import frame_from_message
from mt_perception.messages.rosbags import new_compressed, new_header, new_message
from mt_perception.types import DataError


def image(rows: np.ndarray, encoding: str, padding: int = 0, **changes):
    """An Image whose data are these rows, and whose height is that of `BGR`."""
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8)
    data = np.pad(flat, ((0, 0), (0, padding)), constant_values=0xAB)
    height, width = BGR.shape[:2]
    fields = {"height": height, "width": width, "step": data.shape[1]} | changes
    return new_message("sensor_msgs/msg/Image", header=new_header(7, "cam"), encoding=encoding, is_bigendian=0,
                       data=data.ravel(), **fields)  # fmt: skip


@pytest.mark.parametrize("padding", [0, 12])
@pytest.mark.parametrize("encoding", CONVERTED)
def test_mosaics_and_yuv_become_colours(encoding, padding):
    rows = CONVERTED[encoding]
    if encoding == "nv24":  # two rows of bytes for each row of colours
        padding = 0
    frame = frame_from_message(image(rows, encoding, padding))
    assert frame.pixel_format == "bgr" and frame.image.shape == BGR.shape
    assert off_by(frame.image, BGR) < 3


def test_every_encoding_of_a_camera_is_tried():
    plain = {"mono8", "mono16", "bgr8", "rgb8", "bgra8", "rgba8", "bgr16", "rgb16", "bgra16", "rgba16", "32FC1"}
    assert set(ENCODINGS) | set(PLANAR) == set(CONVERTED) | plain | {f"{b}UC{c}" for b in (8, 16) for c in (1, 3, 4)}


def test_colours_of_red_are_red():
    """By hand, so that no two mistakes cancel: a mosaic of which only the red pixels shine, and red in YUV."""
    mosaic = np.zeros((4, 4), np.uint8)
    mosaic[::2, ::2] = 255
    for encoding, rows in {
        "bayer_rggb8": mosaic,
        "nv12": np.array([[81] * 4] * 4 + [[90, 240] * 2] * 2, np.uint8),
    }.items():
        pixel = frame_from_message(image(rows, encoding, height=4, width=4)).image[2, 2].tolist()
        assert pixel[2] > 240 and pixel[0] < 15 and pixel[1] < 15, encoding


def test_the_height_of_a_planar_image_may_count_all_rows():
    rows = CONVERTED["nv21"]
    frame = frame_from_message(image(rows, "nv21", height=len(rows)))
    assert frame.image.shape == BGR.shape and off_by(frame.image, BGR) < 3


@pytest.mark.parametrize(
    ("encoding", "changes", "said"),
    [
        ("nv12", {"height": 100}, "nv12 image data has 9000 bytes; 100x66 pixels in rows of 100 take 9900"),
        ("nv12", {"width": 101}, "101x60"),
        ("nv12", {"width": 99}, "cannot have 99x60 pixels"),
        ("yuv422_yuy2", {"width": 99}, "cannot have 99x60 pixels"),
        ("nv12", {"height": 0}, "100x0"),
    ],
)
def test_sizes_that_contradict_the_data_are_refused(encoding, changes, said):
    with pytest.raises(DataError) as error:
        frame_from_message(image(CONVERTED[encoding], encoding, **changes))
    assert said in str(error.value)


def test_eight_bits_in_four_channels_are_bgra():
    frame = frame_from_message(image(cv2.cvtColor(BGR, cv2.COLOR_BGR2BGRA), "8UC4"))
    np.testing.assert_array_equal(to_rgb(frame.image, frame.pixel_format), BGR[..., ::-1])


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("given_bits", [True, False])
def test_cameras_that_use_fewer_bits_are_as_bright_as_others(bits, given_bits):
    for encoding, pixels in {"mono16": GREY, "bgr16": BGR}.items():
        frame = frame_from_message(image(wide(pixels, bits), encoding), bits if given_bits else 0)
        np.testing.assert_array_equal(frame.image, pixels)


def test_bits_by_hand():
    values = np.array([[0, 1023, 1024, 4095]], np.uint16)
    assert eight_of_sixteen(values).tolist() == [[0, 63, 64, 255]], "12 bits"
    assert eight_of_sixteen(values[:, :2]).tolist() == [[0, 255]], "10 bits"
    assert eight_of_sixteen(values, 10).tolist() == [[0, 255, 255, 255]], "brighter than was said"
    assert eight_of_sixteen(values, 16).tolist() == [[0, 3, 4, 15]]
    assert eight_of_sixteen(np.array([[0, 200]], np.uint16)).tolist() == [[0, 200]], "8 bits"


@given(bits=st.sampled_from([8, 10, 12, 14, 16]), value=st.integers(0, 255))
def test_wide_values_come_back(bits, value):
    pixels = np.array([[255, value]], np.uint8)  # something bright tells the bits
    assert eight_of_sixteen(wide(pixels, bits)).tolist() == pixels.tolist()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_compressed_mosaic_becomes_colours(pattern):
    """compressed_image_transport compresses a mosaic as grey, and names it in the format."""
    message = new_compressed(bayer(pattern), "png", new_header(1, "cam"))
    message.format = f"bayer_{pattern}8; jpeg compressed "
    frame = frame_from_message(message)
    assert frame.pixel_format == "bgr" and off_by(frame.image, BGR) < 3


def test_a_mosaic_that_was_made_colours_before_it_was_compressed_stays_as_it_is():
    message = new_compressed(BGR, "png", new_header(1, "cam"))
    message.format = "bayer_rggb8; png compressed bgr8"
    np.testing.assert_array_equal(frame_from_message(message).image, BGR)


def test_a_compressed_image_of_twelve_bits_is_bright():
    message = new_compressed(wide(GREY, 12), "png", new_header(1, "cam"))
    np.testing.assert_array_equal(frame_from_message(message).image, GREY)
    message.format = "mono16; png compressed "
    assert frame_from_message(message, bit_depth=16).image.max() <= 15


@pytest.mark.parametrize("encoding", ["banana", "16SC1", "h264", ""])
def test_what_is_not_known_is_named_with_what_is(encoding):
    with pytest.raises(DataError, match=f"encoding is '{encoding}'.*mono8.*nv24"):
        frame_from_message(image(GREY, encoding))
