"""A small recording of a stereo camera with truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from helpers import make_picture

from mt_perception.bags import BagWriter, new_camera_info, new_compressed, new_header
from mt_perception.types import CameraModel

CAMERA = CameraModel(100, 60, 80.0, 80.0, 50.0, 30.0)


def write_street(path: Path, instants: int = 8, storage: str = "mcap", start_ns: int = 0) -> Path:
    """A stereo pair, camera_info and truth, 10 per second, 60x100; the truth is road 5 m away everywhere."""
    with BagWriter(path, storage) as bag:
        for index in range(instants):
            stamp = start_ns + index * 10**8
            head = new_header(stamp, "camera")
            labels, depth_mm = np.zeros((60, 100), np.uint8), np.full((60, 100), 5000, np.uint16)
            pictures = {
                "right/image_rect": (make_picture(60, 100, index + 50), "jpg"),
                "ground_truth/labels": (labels, "png"),
                "ground_truth/depth": (depth_mm, "png"),
                "left/image_rect": (make_picture(60, 100, index), "jpg"),
            }
            bag.write_message("/left/camera_info", stamp, new_camera_info(CAMERA, head))
            for topic, (picture, kind) in pictures.items():
                bag.write_message(f"/{topic}/compressed", stamp, new_compressed(picture, kind, head))
    return path
