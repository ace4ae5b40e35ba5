# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rclpy")

from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image

from mt_perception.messages.read import array_from_image, image_from_cdr, stamp_ns
from mt_perception.ros import convert
from mt_perception.types import DataError

TYPES = {"mono8": np.uint8, "rgb8": np.uint8, "bgr8": np.uint8, "16UC1": np.uint16, "32FC1": np.float32}


@given(
    encoding=st.sampled_from(sorted(TYPES)),
    height=st.integers(1, 12),
    width=st.integers(1, 13),
    stamp=st.integers(0, 4 * 10**18),
    seed=st.integers(0, 9),
)
def test_what_is_sent_is_received(encoding, height, width, stamp, seed):
    shape = (height, width, 3) if encoding in ("rgb8", "bgr8") else (height, width)
    pixels = (np.random.default_rng(seed).random(shape) * 60_000).astype(TYPES[encoding])
    sent = convert.image(pixels, encoding, convert.header(stamp % (2**31 * 10**9), "camera"))
    message = deserialize_message(serialize_message(sent), Image)
    np.testing.assert_array_equal(array_from_image(message), pixels)
    assert message.step * message.height == len(message.data)
    assert stamp_ns(message.header) == stamp % (2**31 * 10**9) and message.header.frame_id == "camera"


@given(
    encoding=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9),
    frame_id=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9),
    numbers=st.tuples(*[st.integers(0, 2**32 - 1)] * 3),
    data=st.binary(max_size=20),
)
def test_serialized_images_are_read_as_rclpy_reads_them(encoding, frame_id, numbers, data):
    """Whatever the lengths of the texts, which shift all that follows."""
    header = convert.header(-(10**9) + 5, frame_id)
    height, width, step = numbers
    image = Image(header=header, height=height, width=width, encoding=encoding, is_bigendian=1, step=step, data=data)
    read = image_from_cdr(serialize_message(image), compressed=False)
    for name in ("height", "width", "encoding", "is_bigendian", "step"):
        assert getattr(read, name) == getattr(image, name), name
    assert bytes(read.data) == data and read.header.frame_id == frame_id
    assert (read.header.stamp.sec, read.header.stamp.nanosec) == (-1, 5)
    compressed = CompressedImage(header=header, format=encoding, data=data)
    read = image_from_cdr(serialize_message(compressed), compressed=True)
    assert (read.format, bytes(read.data), read.header.frame_id) == (encoding, data, frame_id)


@given(length=st.integers(0, 90))
def test_a_serialized_image_that_ends_too_early_is_refused(length):
    whole = serialize_message(convert.image(np.zeros((4, 6), np.uint8), "mono8", convert.header(0, "camera")))
    with pytest.raises(DataError, match=f"an image of {min(length, len(whole) - 1)} bytes cannot be read"):
        image_from_cdr(whole[: min(length, len(whole) - 1)], compressed=False)


def test_serialized_images_are_viewed_not_copied():
    data = serialize_message(convert.image(np.zeros((4, 6, 3), np.uint8), "bgr8", convert.header(0, "camera")))
    frame = convert.frame(convert.Serialized(data))
    assert frame.frame_id == "camera" and np.shares_memory(frame.image, np.frombuffer(data, np.uint8))


def test_a_message_and_its_bytes_give_the_same_colours():
    bayer = Image(height=4, width=6, encoding="bayer_rggb8", step=6, data=bytes(range(24)))
    as_received = convert.frame(convert.Serialized(serialize_message(bayer)))
    np.testing.assert_array_equal(convert.frame(bayer).image, as_received.image)
    assert as_received.image.shape == (4, 6, 3)


def test_unknown_encodings_are_refused():
    with pytest.raises(DataError, match="'banana'"):
        convert.frame(Image(height=1, width=1, encoding="banana", step=1, data=b"1"))
