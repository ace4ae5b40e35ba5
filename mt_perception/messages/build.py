# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From arrays to ROS messages, of the classes of rclpy and of those of `rosbags`, which write recordings."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.labels import Label
from mt_perception.messages.encodings import ENCODINGS
from mt_perception.types import Camera, DataError

_POINT_TYPES = {"f4": 7, "u4": 6}  # FLOAT32 and UINT32 of sensor_msgs/PointField


class NewMessage(Protocol):
    """Makes a message of `type_name` (`sensor_msgs/msg/Image`, ...) with these fields; sequences of numbers as arrays.

    All fields are given: the classes of `rosbags` have no defaults.
    """

    def __call__(self, type_name: str, **fields: Any) -> Any: ...


class MessageBuilder:
    """Makes messages of the classes that `new` knows."""

    def __init__(self, new: NewMessage) -> None:
        self._new = new

    def header(self, stamp_ns: int, frame_id: str) -> Any:
        """`std_msgs/Header`."""
        stamp = self._new("builtin_interfaces/msg/Time", sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
        return self._new("std_msgs/msg/Header", stamp=stamp, frame_id=frame_id)

    def image(self, pixels: NDArray[Any], encoding: str, header: Any) -> Any:
        """(H, W) or (H, W, C) array -> `Image` of `encoding`, without padding, in this machine's byte order.

        Raises `DataError` for pixels of another type than the encoding's, where that is a packed one.
        """
        expected = np.dtype(ENCODINGS[encoding][0] if encoding in ENCODINGS else pixels.dtype)
        if pixels.dtype != expected:
            raise DataError(f"{encoding} takes {expected} pixels, got {pixels.dtype}")
        pixels = np.ascontiguousarray(pixels)
        return self._new(
            "sensor_msgs/msg/Image",
            header=header,
            height=pixels.shape[0],
            width=pixels.shape[1],
            encoding=encoding,
            is_bigendian=int(sys.byteorder == "big"),
            step=pixels.strides[0],
            data=_octets(pixels),
        )

    def compressed(self, image: NDArray[Any], extension: str, header: Any, **quality: int) -> Any:
        """(H, W) or (H, W, 3) BGR array -> `CompressedImage`; `extension` is that of a file, such as `jpg` or `png`.

        `quality` names flags of `cv2.imencode`, such as `jpeg_quality=90`.
        """
        flags = [value for name, level in quality.items() for value in (getattr(cv2, f"IMWRITE_{name.upper()}"), level)]
        _, data = cv2.imencode(f".{extension}", image, flags)
        form = {"jpg": "jpeg"}.get(extension, extension)
        return self._new("sensor_msgs/msg/CompressedImage", header=header, format=form, data=data.ravel())

    def compressed_depth(self, depth_m: NDArray[np.float32], header: Any) -> Any:
        """(H, W) metres -> `CompressedImage` as image_transport's `compressedDepth` reads it, from 0.5 to 250 m.

        A PNG of 16 bits behind a header of 12 bytes: 0 for the form "inverse depth", and A and B with
        `depth = A / (value - B)`; the value 0 stands for no depth. An error of half a value is 8 cm at 70 m
        (compressed_depth_image_transport, codec.cpp).
        """
        near_m, far_m = 0.5, 250.0
        scale = np.float32(65534 / (1 / near_m - 1 / far_m))
        shift = np.float32(1 - scale / far_m)
        known = np.isfinite(depth_m) & (depth_m > 0) & (depth_m <= far_m)
        inverse = np.divide(scale, depth_m, out=np.zeros(depth_m.shape, np.float32), where=known) + shift
        values = np.where(known, np.clip(np.rint(inverse), 1, 65535), 0).astype(np.uint16)
        head = np.int32(0).tobytes() + np.array([scale, shift], np.float32).tobytes()
        data = np.frombuffer(head + cv2.imencode(".png", values)[1].tobytes(), np.uint8)
        form = "32FC1; compressedDepth png"
        return self._new("sensor_msgs/msg/CompressedImage", header=header, format=form, data=data)

    def camera_info(self, camera: Camera, header: Any, right_by_m: float = 0.0) -> Any:
        """`CameraInfo` of a rectified, undistorted image by a camera that lies `right_by_m` right of the left one."""
        fx, fy, cx, cy = camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px
        return self._new(
            "sensor_msgs/msg/CameraInfo",
            header=header,
            height=camera.height_px,
            width=camera.width_px,
            distortion_model="plumb_bob",
            d=np.zeros(5),
            k=np.array([fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]),
            r=np.eye(3).ravel(),
            p=np.array([fx, 0.0, cx, -fx * right_by_m, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]),
            binning_x=0,
            binning_y=0,
            roi=self._region(0, 0),
        )

    def label_info(self, classes: Iterable[Label], header: Any) -> Any:
        """`vision_msgs/LabelInfo`: the name of each trainId. Pixels without a label (255) belong to no class."""
        named = [
            self._new("vision_msgs/msg/VisionClass", class_id=each.train_id, class_name=each.name) for each in classes
        ]
        return self._new("vision_msgs/msg/LabelInfo", header=header, class_map=named, threshold=0.0)

    def disparity(
        self,
        image: NDArray[np.float32],
        header: Any,
        *,
        f: float,
        t: float,
        min_disparity: float,
        max_disparity: float,
        delta_d: float,
    ) -> Any:
        """`stereo_msgs/DisparityImage`; the values are those of `stereo.Disparity`."""
        return self._new(
            "stereo_msgs/msg/DisparityImage",
            header=header,
            image=self.image(image, "32FC1", header),
            f=f,
            t=t,
            valid_window=self._region(*image.shape),
            min_disparity=min_disparity,
            max_disparity=max_disparity,
            delta_d=delta_d,
        )

    def cloud(self, points: NDArray[np.void], header: Any) -> Any:
        """(H, W) array of a packed structured type -> organised `PointCloud2` with its fields, rows without padding."""
        points = np.ascontiguousarray(points)
        height, width = points.shape
        fields = [
            self._new(
                "sensor_msgs/msg/PointField", name=name, offset=offset, datatype=_POINT_TYPES[kind.str[1:]], count=1
            )
            for name, (kind, offset, *_) in (points.dtype.fields or {}).items()
        ]
        return self._new(
            "sensor_msgs/msg/PointCloud2",
            header=header,
            height=height,
            width=width,
            fields=fields,
            is_bigendian=sys.byteorder == "big",
            point_step=points.dtype.itemsize,
            row_step=points.strides[0],
            data=_octets(points),
            is_dense=False,
        )

    def _region(self, height: int, width: int) -> Any:
        return self._new(
            "sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=height, width=width, do_rectify=False
        )


def _octets(array: NDArray[Any]) -> NDArray[np.uint8]:
    """The bytes of a contiguous array, in place."""
    return array.reshape(-1).view(np.uint8)
