"""From arrays to ROS messages, and from the serialized pictures that the node receives to frames."""

from __future__ import annotations

import sys
from array import array
from functools import cached_property
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField
from std_msgs.msg import Header

from mt_perception import messages
from mt_perception.settings import Settings
from mt_perception.types import CameraModel, DataError, Frame

_DEFAULTS = Settings()


def header(stamp_ns: int, frame_id: str) -> Header:
    """A header with this stamp and frame."""
    return Header(stamp=Time(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9), frame_id=frame_id)


def image(pixels: NDArray[Any], encoding: str, head: Header) -> Image:
    """(H, W) or (H, W, 3) array -> `sensor_msgs/Image` of `encoding`, without padding, in this machine's byte order."""
    expected = np.dtype(messages.ENCODINGS[encoding][0])
    if pixels.dtype != expected:
        raise DataError(f"{encoding} takes {expected} pixels, got {pixels.dtype}")
    pixels = np.ascontiguousarray(pixels)
    message = Image(header=head, **messages.image_layout(pixels, encoding))
    message._data = byte_array(pixels)  # the constructor and the property copy even this type, once each
    return message


def cloud(points: NDArray[np.void], head: Header) -> PointCloud2:
    """(H, W) array of a packed structured type -> organised `PointCloud2` with its fields, rows without padding."""
    points = np.ascontiguousarray(points)
    height, width = points.shape
    return PointCloud2(
        header=head,
        height=height,
        width=width,
        fields=_point_fields(points.dtype),
        is_bigendian=sys.byteorder == "big",
        point_step=points.dtype.itemsize,
        row_step=points.strides[0],
        data=byte_array(points),
        is_dense=False,
    )


def _point_fields(dtype: np.dtype[Any]) -> list[PointField]:
    types = {"f4": PointField.FLOAT32, "u4": PointField.UINT32}
    return [
        PointField(name=name, offset=offset, datatype=types[kind.str[1:]], count=1)
        for name, (kind, offset, *_) in (dtype.fields or {}).items()
    ]


def byte_array(pixels: NDArray[Any]) -> array:
    """The bytes of a contiguous array in the one type that a message field takes without checking each element."""
    data = array("B")
    data.frombytes(pixels.reshape(-1).view(np.uint8).data)
    return data


def camera_info(camera: CameraModel, head: Header, right_by_m: float = 0.0) -> CameraInfo:
    """`CameraInfo` of a rectified, undistorted picture; `right_by_m` as in `messages.camera_matrices`."""
    k, p = messages.camera_matrices(camera, right_by_m)
    return CameraInfo(
        header=head,
        height=camera.height_px,
        width=camera.width_px,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=k,
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=p,
    )


class Serialized:
    """An `Image`, or with `compressed` a `CompressedImage`, as it was received."""

    def __init__(self, data: bytes, compressed: bool = False) -> None:
        self.data, self.compressed = data, compressed

    @cached_property
    def header(self) -> Header:
        """As much of its header as synchronizers ask for."""
        return header(messages.header_stamp_ns(self.data), "")

    @cached_property
    def fields(self) -> Any:
        """All of it, its pixels in place. Raises `DataError` for bytes that are none."""
        return messages.picture_from_cdr(self.data, self.compressed)


def frame(message: Any, settings: Settings = _DEFAULTS) -> Frame:
    """`Image`, `CompressedImage` or `Serialized` -> `Frame`, read in place: see `messages.frame_from_message`."""
    fields = message.fields if isinstance(message, Serialized) else message
    return messages.frame_from_message(fields, settings.bit_depth, settings.max_image_megapixels)
