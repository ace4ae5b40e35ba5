import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rclpy")

from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

from mt_perception.messages import array_from_image, stamp_ns
from mt_perception.ros import convert
from mt_perception.types import CameraModel, DataError

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


def test_non_contiguous_pictures_are_packed():
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 12)[:, ::2]
    message = convert.image(pixels, "mono8", convert.header(0, ""))
    assert (message.width, message.step) == (6, 6)
    np.testing.assert_array_equal(array_from_image(message), pixels)


def test_the_pixels_type_must_fit_the_encoding():
    with pytest.raises(DataError, match="32FC1 takes float32 pixels, got float64"):
        convert.image(np.zeros((2, 3)), "32FC1", convert.header(0, ""))


def test_camera_info_by_hand():
    info = convert.camera_info(CameraModel(4, 3, 10.0, 11.0, 1.5, 1.0), convert.header(7, "c"))
    assert (info.width, info.height) == (4, 3)
    assert info.k.tolist() == [10, 0, 1.5, 0, 11, 1, 0, 0, 1]
    assert info.p.tolist() == [10, 0, 1.5, 0, 0, 11, 1, 0, 0, 0, 1, 0]


def test_foreign_encodings_go_to_cv_bridge():
    bayer = Image(height=4, width=6, encoding="bayer_rggb8", step=6, data=bytes(range(24)))
    try:
        import cv_bridge  # noqa: F401
    except ImportError:
        with pytest.raises(DataError, match=r"install ros-.*-cv-bridge"):
            convert.frame(bayer)
    else:
        assert convert.frame(bayer).image.shape == (4, 6, 3)


def test_unknown_encodings_are_refused():
    with pytest.raises(DataError, match="'banana'"):
        convert.frame(Image(height=1, width=1, encoding="banana", step=1, data=b"1"))
