# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""ROS messages as plain arrays, without ROS.

Works on anything that has a message's fields: the messages of rclpy in the node, and those of `rosbags` that are
read from a recording where no ROS is installed. Packed encodings are viewed in place, whatever their row step and byte
order; `image_encodings` makes images of the others.
"""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import scale_camera
from mt_perception.messages.compressed import MOST_MEGAPIXELS, Sufficient, check_header, decode
from mt_perception.messages.encodings import (
    ENCODINGS,
    PLANAR,
    bgr_from_planes,
    check_camera,
    compressed_encoding,
    eight_bit,
    planes,
)
from mt_perception.types import Camera, DataError, Frame


def array_from_image(message: Any) -> NDArray[Any]:
    """`sensor_msgs/Image` -> (H, W) or (H, W, C) array; a view into the message unless its byte order is foreign.

    Raises `DataError` for an encoding that is not packed, and for a size, step and length that contradict each other.
    """
    array = _pixels_in_place(message)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _pixels_in_place(message: Any) -> NDArray[Any]:
    if message.encoding not in ENCODINGS:
        read = ", ".join((*ENCODINGS, *PLANAR))
        raise DataError(f"image encoding is {message.encoding[:80]!r}; read here are {read}")
    code, channels = ENCODINGS[message.encoding]
    dtype = np.dtype((">" if message.is_bigendian else "<") + code)
    height, width, step = message.height, message.width, message.step
    row_bytes = width * channels * dtype.itemsize
    data = np.frombuffer(message.data, np.uint8)
    if height < 1 or width < 1:
        raise DataError(f"image size is {width}x{height}; both must be at least 1 pixel")
    if step < row_bytes:
        raise DataError(f"image step is {step} bytes; a row of {width} {message.encoding} pixels takes {row_bytes}")
    needed = step * (height - 1) + row_bytes
    if data.size < needed:
        raise DataError(f"image data has {data.size} bytes; {height} rows of step {step} take {needed}")
    shape = (height, width, channels)
    strides = (step, channels * dtype.itemsize, dtype.itemsize)
    array: NDArray[Any] = np.ndarray(shape, dtype, data.data, strides=strides)
    return array[..., 0] if channels == 1 else array


def check_image(message: Any, max_megapixels: float = MOST_MEGAPIXELS) -> None:
    """Raise the `DataError` of `frame_from_message`, as far as that shows without decoding or copying."""
    if getattr(message, "encoding", "") in PLANAR:
        data = np.frombuffer(message.data, np.uint8)
        planes(data, message.encoding, message.width, message.height, message.step)
    elif hasattr(message, "encoding"):
        _pixels_in_place(message)
        check_camera(message.encoding)
    else:
        check_header(message, max_megapixels)


def frame_from_message(
    message: Any,
    bit_depth: int = 0,
    max_megapixels: float = MOST_MEGAPIXELS,
    sufficient: Sufficient | None = None,
) -> Frame:
    """`Image` or `CompressedImage` -> `Frame` with the header's stamp and frame, and no camera yet.

    `bit_depth`: how many of 16 bits the camera uses, 0 to find that in the image; `max_megapixels`: as in
    `array_from_compressed`. `sufficient`: a JPEG need not be decoded any larger. Raises `DataError` for what cannot be
    read.
    """
    taken_size = (0, 0)
    if getattr(message, "encoding", "") in PLANAR:
        data = np.frombuffer(message.data, np.uint8)
        image = bgr_from_planes(data, message.encoding, message.width, message.height, message.step)
        pixel_format = "bgr"
    elif hasattr(message, "encoding"):
        image, pixel_format = eight_bit(array_from_image(message), message.encoding, bit_depth)
    else:
        array, taken_size = decode(message, max_megapixels, sufficient)
        image, pixel_format = eight_bit(array, compressed_encoding(message.format, array), bit_depth)
    return Frame(
        image=image,
        pixel_format=pixel_format,  # type: ignore[arg-type]
        stamp_ns=stamp_ns(message.header),
        frame_id=message.header.frame_id,
        taken_size=taken_size,
    )


def with_camera(frame: Frame, camera: Camera) -> Frame:
    """`frame` with its camera. A camera that describes another resolution of the same image is scaled.

    Raises `DataError` when the two have different proportions: then the camera tells nothing about this image.
    """
    height, width = frame.size
    if abs(camera.width_px * height - camera.height_px * width) > 0.02 * camera.width_px * height:
        raise DataError(
            f"camera_info describes {camera.width_px}x{camera.height_px} pixels, the image has {width}x{height}; "
            "they must have the same proportions"
        )
    return replace(frame, camera=scale_camera(camera, frame.size))


def camera_from_info(info: Any) -> Camera | None:
    """`sensor_msgs/CameraInfo` of a rectified image -> `Camera`; None when it is uncalibrated (all zero).

    The projection matrix P describes the rectified image; K serves where P is empty. Both are of the whole sensor:
    region of interest and binning make them those of the image, as in `image_geometry`. The baseline is -P[3] / P[0]
    of a right camera. Raises `DataError` for values that no camera has (NaN, negative focal length).
    """
    p, k = np.asarray(info.p, float), np.asarray(info.k, float)
    fx, fy, cx, cy = (p[0], p[5], p[2], p[6]) if p[0] else (k[0], k[4], k[2], k[5])
    if fx == 0 and fy == 0:
        return None
    baseline = -p[3] / p[0] if p[0] else 0.0
    region, bin_x, bin_y = info.roi, max(1, info.binning_x), max(1, info.binning_y)
    return Camera(
        width_px=(region.width or info.width) // bin_x,  # a region of size 0 stands for the whole sensor
        height_px=(region.height or info.height) // bin_y,
        fx_px=float(fx) / bin_x,
        fy_px=float(fy) / bin_y,
        cx_px=(float(cx) - region.x_offset) / bin_x,
        cy_px=(float(cy) - region.y_offset) / bin_y,
        baseline_m=float(baseline) if math.isfinite(baseline) and baseline > 0 else None,
    )


def usable_camera(info: Any) -> Camera | None:
    """`camera_from_info`, and None also for values that no camera has."""
    try:
        return camera_from_info(info)
    except DataError:
        return None


def stamp_ns(header: Any) -> int:
    """The stamp of a `std_msgs/Header` in nanoseconds."""
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec


def header_stamp_ns(data: bytes | memoryview) -> int:
    """The stamp of a serialized message that begins with a header: after 4 bytes of preamble, two 32-bit numbers.

    Raises `DataError` for bytes that end before.
    """
    if len(data) < 12:
        raise DataError(f"a message of {len(data)} bytes cannot be read: its header's stamp alone ends at byte 12")
    seconds, nanoseconds = struct.unpack_from("<iI" if data[1] & 1 else ">iI", data, 4)
    return seconds * 10**9 + nanoseconds


def image_from_cdr(data: bytes, compressed: bool) -> SimpleNamespace:
    """The fields of a serialized `Image`, or `CompressedImage`, its pixels as a view into `data`.

    rclpy copies an image twice on its way into a message, in the thread that must not be held up.
    Raises `DataError` for bytes that end too early.
    """
    reader = _CdrReader(data)
    try:
        stamp = SimpleNamespace(sec=reader.number("i"), nanosec=reader.number("I"))
        header = SimpleNamespace(stamp=stamp, frame_id=reader.text())
        if compressed:
            return SimpleNamespace(header=header, format=reader.text(), data=reader.octets())
        return SimpleNamespace(
            header=header,
            height=reader.number("I"),
            width=reader.number("I"),
            encoding=reader.text(),
            is_bigendian=reader.number("B"),
            step=reader.number("I"),
            data=reader.octets(),
        )
    except (struct.error, UnicodeDecodeError) as error:
        raise DataError(f"an image of {len(data)} bytes cannot be read ({error})") from error


class _CdrReader:
    """Reads the fields of a serialized message in their order (OMG CDR: each number is aligned to its size)."""

    def __init__(self, data: bytes) -> None:
        self._order = "<" if data[1:2] == b"\x01" else ">"
        self._content = memoryview(data)[4:]  # after the preamble
        self._at = 0

    def number(self, code: str) -> int:
        """The next number, of the type that `struct` calls `code`."""
        size = struct.calcsize(code)
        self._at += -self._at % size
        (value,) = struct.unpack_from(self._order + code, self._content, self._at)
        self._at += size
        return value

    def octets(self) -> memoryview:
        """The next sequence of bytes, in place."""
        length = self.number("I")
        taken = self._content[self._at : self._at + length]
        self._at += length
        if len(taken) != length:
            raise struct.error(f"{length} bytes are announced and {len(taken)} are there")
        return taken

    def text(self) -> str:
        """The next string, which ends in a zero."""
        return bytes(self.octets()).rstrip(b"\0").decode()
