# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import struct
import zlib
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from helpers import make_image
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.messages.read import (
    ENCODINGS,
    array_from_image,
    camera_from_info,
    check_image,
    frame_from_message,
    header_stamp_ns,
    image_from_cdr,
    stamp_ns,
    with_camera,
)
from mt_perception.messages.rosbags import new_camera_info, new_compressed, new_header, new_message
from mt_perception.messages.types import TYPES
from mt_perception.types import Camera, DataError, Frame


def image_message(array: np.ndarray, encoding: str, padding: int = 0, big_endian: bool = False) -> SimpleNamespace:
    """A message with `padding` bytes of rubbish behind each row, as a driver may send it."""
    code, _ = ENCODINGS[encoding]
    height, width = array.shape[:2]
    rows = array.astype((">" if big_endian else "<") + code).reshape(height, -1).view(np.uint8)
    rubbish = np.full((height, padding), 0xAB, np.uint8)
    data = np.hstack([rows.reshape(height, -1), rubbish])
    return SimpleNamespace(
        header=new_header(12_000_000_034, "camera"),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=int(big_endian),
        step=data.shape[1],
        data=data.tobytes(),
    )


@given(
    encoding=st.sampled_from(sorted(ENCODINGS)),
    height=st.integers(1, 9),
    width=st.integers(1, 11),
    padding=st.integers(0, 7),
    big_endian=st.booleans(),
    seed=st.integers(0, 9),
)
def test_every_packed_encoding_is_read_as_it_was_written(encoding, height, width, padding, big_endian, seed):
    code, channels = ENCODINGS[encoding]
    shape = (height, width) if channels == 1 else (height, width, channels)
    values = np.random.default_rng(seed).integers(0, 256 if code == "u1" else 60_000, shape)
    array = array_from_image(image_message(values.astype(code), encoding, padding, big_endian))
    assert array.dtype == np.dtype(code) and array.shape == shape
    np.testing.assert_array_equal(array, values.astype(code))


def test_native_images_are_viewed_not_copied():
    message = image_message(np.zeros((3, 4, 3), np.uint8), "bgr8", padding=5)
    message.data = bytearray(message.data)
    array = array_from_image(message)
    message.data[1 * message.step + 2 * 3 + 1] = 77
    assert array[1, 2, 1] == 77


@given(height=st.integers(1, 6), width=st.integers(1, 6), missing=st.integers(1, 10))
def test_data_that_ends_early_is_refused(height, width, missing):
    message = image_message(np.zeros((height, width, 3), np.uint8), "rgb8", padding=2)
    # the last row's padding may be left out, not its pixels
    message.data = message.data[: max(0, len(message.data) - 2 - missing)]
    with pytest.raises(DataError, match="data has"):
        array_from_image(message)


def test_the_last_rows_padding_may_be_missing():
    message = image_message(np.full((2, 3), 7, np.uint8), "mono8", padding=4)
    message.data = message.data[:-4]
    assert array_from_image(message).tolist() == [[7] * 3] * 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"step": 11}, "step is 11 bytes; a row of 4 rgb8 pixels takes 12"),
        ({"height": 0}, "size is 4x0"),
        ({"width": 0}, "size is 0x3"),
        ({"encoding": "yuv420"}, "encoding is 'yuv420'"),
        ({"height": 4}, "4 rows"),
    ],
)
def test_contradictions_are_refused(change, said):
    message = image_message(np.zeros((3, 4, 3), np.uint8), "rgb8")
    vars(message).update(change)
    for read in (array_from_image, frame_from_message, check_image):
        with pytest.raises(DataError) as error:
            read(message)
        assert said in str(error.value)


def test_what_passes_the_check_is_read_and_nothing_else():
    """What the check of a received image does not see must be what only decoding shows."""
    grey, colour = np.zeros((4, 6), np.uint8), np.zeros((4, 6, 3), np.uint8)
    whole = [
        image_message(colour, "bgr8"), image_message(grey, "mono8", padding=3),
        image_message(grey.astype(np.uint16), "mono16", big_endian=True),
        SimpleNamespace(**vars(image_message(np.zeros((6, 6), np.uint8), "mono8")) | {"encoding": "nv12", "height": 6}),
        new_compressed(colour, "png", new_header(1, "camera")), new_compressed(colour, "jpg", new_header(1, "camera")),
    ]  # fmt: skip
    wrong = [
        image_message(grey.astype(np.float32), "32FC1"),
        SimpleNamespace(**vars(image_message(grey, "mono8")) | {"encoding": "nv12", "height": 400}),
        SimpleNamespace(header=new_header(1, "c"), format="jpeg", data=b""),
        SimpleNamespace(header=new_header(1, "c"), format="png", data=b"\x89PNG\r\n\x1a\n" + bytes(50)),
    ]
    for message in whole:
        check_image(message)
        assert frame_from_message(message).size == (4, 6)
    for message in wrong:
        said = []
        for read in (check_image, frame_from_message):
            with pytest.raises(DataError) as error:
                read(message)
            said.append(str(error.value))
        assert said[0] == said[1]


def test_frame_keeps_stamp_frame_and_colour_order():
    frame = frame_from_message(image_message(np.full((2, 3, 4), 9, np.uint8), "bgra8"))
    assert (frame.stamp_ns, frame.frame_id, frame.pixel_format) == (12_000_000_034, "camera", "bgra")


def test_sixteen_bits_become_eight():
    frame = frame_from_message(image_message(np.array([[0, 256, 65535]], np.uint16), "mono16"))
    assert frame.image.tolist() == [[0, 1, 255]] and frame.pixel_format == "mono"


def test_a_depth_image_is_no_camera_image():
    with pytest.raises(DataError, match="no camera image"):
        frame_from_message(image_message(np.zeros((2, 3), np.float32), "32FC1"))


def test_compressed_images(image):
    message = new_compressed(image, "png", new_header(5, "c"))
    frame = frame_from_message(message)
    np.testing.assert_array_equal(frame.image, image)
    assert frame.pixel_format == "bgr" and frame.stamp_ns == 5
    gray = frame_from_message(new_compressed(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), "jpg", new_header(5, "c")))
    assert gray.pixel_format == "mono"


@pytest.mark.parametrize(
    ("least", "size"),
    [((401, 600), (801, 1201)), ((400, 600), (401, 601)), ((150, 300), (201, 301)), ((9, 9), (101, 151))],
)
@pytest.mark.parametrize("pixel_format", ["bgr", "mono"])
def test_a_jpeg_is_decoded_no_larger_than_is_sufficient(least, size, pixel_format):
    whole = cv2.resize(make_image(40, 60), (1201, 801))
    whole = whole if pixel_format == "bgr" else cv2.cvtColor(whole, cv2.COLOR_BGR2GRAY)
    frame = frame_from_message(new_compressed(whole, "jpg", new_header(5, "c")), sufficient=lambda size: least)
    assert (frame.size, frame.taken_size, frame.pixel_format) == (size, (801, 1201), pixel_format)
    smaller = cv2.resize(whole, size[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(frame.image.astype(int) - smaller).mean() < 3  # grey levels


def test_what_is_smaller_only_after_decoding_is_left_whole(image):
    def size(extension: str, image_format: str, pixels: np.ndarray) -> tuple[int, int]:
        message = new_compressed(pixels, extension, new_header(5, "c"))
        message.format = image_format
        return frame_from_message(message, sufficient=lambda size: (1, 1)).size

    assert size("png", "png", image) == image.shape[:2]
    assert size("jpg", "bayer_rggb8; jpeg compressed ", image[..., 0]) == image.shape[:2]  # its colours are in the rows


@pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff"])
def test_damaged_compressed_images_are_refused(data):
    message = SimpleNamespace(header=new_header(5, "c"), format="jpeg", data=np.frombuffer(data, np.uint8))
    with pytest.raises(DataError, match="cannot be decoded"):
        frame_from_message(message)


@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "tiff", "bmp"])
def test_an_image_of_more_pixels_than_allowed_is_refused_by_its_header(extension):
    data = cv2.imencode(f".{extension}", np.zeros((1000, 1500, 3), np.uint8))[1].ravel()
    message = SimpleNamespace(header=new_header(5, "c"), format=extension, data=data)
    assert frame_from_message(message, max_megapixels=1.5).size == (1000, 1500)
    with pytest.raises(DataError, match=r"has 1500x1000 pixels; the limit, max_image_megapixels, is 1\.4"):
        frame_from_message(message, max_megapixels=1.4)


def test_an_image_of_gigabytes_is_never_decoded():
    """A PNG of a few bytes that announces 15000x15000 pixels, and has none."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 15000, 15000, 8, 2, 0, 0, 0)
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, b"IDAT")]
    data = np.frombuffer(b"\x89PNG\r\n\x1a\n" + b"".join(chunks), np.uint8)
    message = SimpleNamespace(header=new_header(5, "c"), format="png", data=data)
    with pytest.raises(DataError, match=r"has too many pixels: .*225000000"):
        frame_from_message(message)


def test_the_stamp_of_a_serialized_message():
    from mt_perception.messages.types import TYPES

    head = new_header(1_700_000_000_123_456_789, "camera")
    for little_endian in (True, False):
        data = TYPES.serialize_cdr(head, "std_msgs/msg/Header", little_endian=little_endian)
        assert header_stamp_ns(data) == 1_700_000_000_123_456_789


def camera_info(**fields):
    """One that is zero except for its size, 4x3; `x`, `y`, `w`, `h` are its region of interest."""
    region = {"x": 0, "y": 0, "w": 0, "h": 0}
    region |= {name: fields.pop(name) for name in list(fields) if name in region}
    names = {"x": "x_offset", "y": "y_offset", "w": "width", "h": "height"}
    roi = SimpleNamespace(**{names[each]: value for each, value in region.items()})
    values = {"height": 3, "width": 4, "k": np.zeros(9), "p": np.zeros(12), "d": [], "binning_x": 0, "binning_y": 0}
    return SimpleNamespace(**values | fields, roi=roi)


def test_camera_info_of_a_right_camera():
    camera = Camera(4, 3, 500.0, 510.0, 2.0, 1.0)
    assert camera_from_info(new_camera_info(camera, new_header(1, "c"), right_by_m=0.125)) == Camera(
        4, 3, 500.0, 510.0, 2.0, 1.0, 0.125
    )


K = [800.0, 0, 640, 0, 810, 480, 0, 0, 1]
P = [800.0, 0, 640, 0, 0, 810, 480, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("fields", "camera"),
    [
        ({}, (1280, 960, 800, 810, 640, 480)),
        ({"x": 0, "y": 0, "w": 1280, "h": 960}, (1280, 960, 800, 810, 640, 480)),
        ({"x": 320, "y": 240, "w": 640, "h": 400}, (640, 400, 800, 810, 320, 240)),
        ({"binning_x": 2, "binning_y": 4}, (640, 240, 400, 202.5, 320, 120)),
        ({"binning_x": 1, "binning_y": 1}, (1280, 960, 800, 810, 640, 480)),
        ({"x": 320, "y": 240, "w": 640, "h": 400, "binning_x": 2, "binning_y": 2}, (320, 200, 400, 405, 160, 120)),
    ],
)
@pytest.mark.parametrize("matrix", [{"k": K}, {"k": K, "p": P}])
def test_region_of_interest_and_binning_as_image_geometry_takes_them(fields, camera, matrix):
    assert camera_from_info(camera_info(width=1280, height=960, **matrix, **fields)) == Camera(*camera)


def test_a_crop_keeps_its_focal_length_and_a_baseline_its_metres():
    p = [*P[:3], -800.0 * 0.12, *P[4:]]
    info = camera_info(width=1280, height=960, k=K, p=p, x=320, y=240, w=640, h=480, binning_x=2, binning_y=2)
    camera = with_camera(Frame(np.zeros((240, 320, 3), np.uint8)), camera_from_info(info)).camera
    assert (camera.fx_px, camera.cx_px, camera.baseline_m) == (400, 160, pytest.approx(0.12))


def test_camera_info_falls_back_to_k_and_to_none():
    made = new_camera_info(Camera(4, 3, 500.0, 510.0, 2.0, 1.0), new_header(1, "c"))
    assert camera_from_info(camera_info(k=made.k)).fy_px == 510
    assert camera_from_info(camera_info()) is None


@pytest.mark.parametrize("focal", [float("nan"), -5.0])
def test_impossible_camera_info_is_refused(focal):
    with pytest.raises(DataError, match="focal length"):
        camera_from_info(camera_info(p=[focal, 0, 1, 0, 0, focal, 1, 0, 0, 0, 1, 0]))


def test_camera_of_another_resolution_is_scaled_and_of_another_shape_refused():
    frame = Frame(np.zeros((6, 8, 3), np.uint8))
    assert with_camera(frame, Camera(4, 3, 5.0, 5.0, 1.5, 1.0)).camera.fx_px == 10
    with pytest.raises(DataError, match="same proportions"):
        with_camera(frame, Camera(8, 3, 5.0, 5.0, 1.5, 1.0))


def test_messages_of_recordings_work_like_those_of_ros():
    message = new_message(
        "sensor_msgs/msg/Image", header=new_header(1, "c"), height=1, width=2, encoding="mono8", is_bigendian=0, step=2,
        data=np.array([3, 4], np.uint8),
    )  # fmt: skip
    assert frame_from_message(message).image.tolist() == [[3, 4]]


@given(st.integers(-(2**31) * 10**9, 2**31 * 10**9 - 1))
def test_stamps_before_1970_are_read_as_they_were_written(stamp):
    message = new_compressed(np.zeros((1, 1), np.uint8), "png", new_header(stamp, "c"))
    data = TYPES.serialize_cdr(message, message.__msgtype__)
    assert header_stamp_ns(data) == stamp_ns(image_from_cdr(bytes(data), True).header) == stamp


@pytest.mark.parametrize("length", [0, 2, 4, 8, 11])
def test_a_message_that_ends_before_its_stamp_is_a_fault_of_the_data(length):
    with pytest.raises(DataError, match=f"of {length} bytes cannot be read"):
        header_stamp_ns(b"\0\1\0\0\1\0\0\0\1\0\0\0"[:length])
