"""Messages made for recordings, of the types that `bag_types` knows, without a ROS installation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from mt_perception.bag_types import TYPES
from mt_perception.labels import Label
from mt_perception.messages import camera_matrices, image_layout
from mt_perception.types import CameraModel


def new_message(type_name: str, **fields: Any) -> Any:
    """A message of `type_name` (`sensor_msgs/msg/Image`, ...) to write to a recording."""
    return TYPES.types[type_name](**fields)


def new_header(stamp_ns: int, frame_id: str) -> Any:
    """A `std_msgs/Header`."""
    stamp = new_message("builtin_interfaces/msg/Time", sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return new_message("std_msgs/msg/Header", stamp=stamp, frame_id=frame_id)


def new_compressed(picture: np.ndarray, extension: str, header: Any, **quality: int) -> Any:
    """A `CompressedImage` from a (H, W) or (H, W, 3) BGR picture; `extension` is `jpg` or `png`."""
    import cv2

    flags = [value for name, level in quality.items() for value in (getattr(cv2, f"IMWRITE_{name.upper()}"), level)]
    _, data = cv2.imencode(f".{extension}", picture, flags)
    return new_message(
        "sensor_msgs/msg/CompressedImage",
        header=header,
        format={"jpg": "jpeg"}.get(extension, extension),
        data=data.ravel(),
    )


def new_image(pixels: np.ndarray, encoding: str, header: Any) -> Any:
    """An `Image` from a (H, W) or (H, W, C) array whose type is that of `encoding`, without padding."""
    pixels = np.ascontiguousarray(pixels)
    return new_message(
        "sensor_msgs/msg/Image",
        header=header,
        **image_layout(pixels, encoding),
        data=pixels.reshape(-1).view(np.uint8),
    )


def new_camera_info(camera: CameraModel, header: Any, right_by_m: float = 0.0) -> Any:
    """A `CameraInfo` of a rectified, undistorted picture; `right_by_m` as in `messages.camera_matrices`."""
    k, p = camera_matrices(camera, right_by_m)
    roi = new_message("sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    return new_message(
        "sensor_msgs/msg/CameraInfo",
        header=header,
        height=camera.height_px,
        width=camera.width_px,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=np.array(k),
        r=np.eye(3).ravel(),
        p=np.array(p),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )


def new_label_info(classes: Iterable[Label], header: Any) -> Any:
    """A `vision_msgs/LabelInfo`: the name of each trainId. Pixels without a label (255) belong to no class."""
    named = [
        new_message("vision_msgs/msg/VisionClass", class_id=each.train_id, class_name=each.name) for each in classes
    ]
    return new_message("vision_msgs/msg/LabelInfo", header=header, class_map=named, threshold=0.0)
