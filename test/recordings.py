# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Small recordings with truth: of a stereo camera, and of a node's results; and what a recording holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from helpers import make_image

from mt_perception.bags.bag import Bag
from mt_perception.bags.writer import BagWriter
from mt_perception.geometry import millimetres_from_depth
from mt_perception.messages.rosbags import new_camera_info, new_compressed, new_header, new_image
from mt_perception.types import Camera

CAMERA = Camera(100, 60, 80.0, 80.0, 50.0, 30.0)
SIZE = (CAMERA.height_px, CAMERA.width_px)


def write_street(path: Path, frames: int = 8, storage: str = "mcap", start_ns: int = 0, info_late_ns: int = 0) -> Path:
    """A stereo pair, camera_info and truth, 10 per second, 60x100; the truth is road 5 m away everywhere.

    The stamps of camera_info are `info_late_ns` later than those of their images.
    """
    with BagWriter(path, storage) as bag:
        for index in range(frames):
            stamp = start_ns + index * 10**8
            head = new_header(stamp, "camera")
            labels, depth_mm = np.zeros(SIZE, np.uint8), np.full(SIZE, 5000, np.uint16)
            images = {
                "right/image_rect": (make_image(*SIZE, index + 50), "jpg"),
                "ground_truth/labels": (labels, "png"),
                "ground_truth/depth": (depth_mm, "png"),
                "left/image_rect": (make_image(*SIZE, index), "jpg"),
            }
            bag.write_message(
                "/left/camera_info", stamp, new_camera_info(CAMERA, new_header(stamp + info_late_ns, "camera"))
            )
            for topic, (image, kind) in images.items():
                bag.write_message(f"/{topic}/compressed", stamp, new_compressed(image, kind, head))
    return path


def write_results(
    path,
    frames,
    *,
    wrong_columns=0,
    depth_m=5.0,
    late_ms=40,
    truth=True,
    results=True,
    missing=(),
    camera=False,
    box_m=0.0,
    color=(0, 0, 0),
):
    """Road that is 5 m away; results call the left `wrong_columns` sky and come `late_ms` after the image.

    `camera`: with a camera_info. `box_m`: how far a box in the left tenth of the columns is, if there is one. `color`:
    of the image, RGB.
    """
    true_m = np.full(SIZE, 5.0, np.float32)
    true_m[:, : SIZE[1] // 10] = box_m or 5.0
    with BagWriter(path) as bag:
        for index in range(frames):
            stamp = 10**9 + index * 10**8
            head = new_header(stamp, "camera")
            mask, metres = np.zeros(SIZE, np.uint8), np.full(SIZE, depth_m, np.float32)
            mask[:, :wrong_columns] = 10
            image = np.full((*SIZE, 3), color, np.uint8)
            bag.write_message("/image/compressed", stamp, new_compressed(image, "jpg", head))
            if camera:
                bag.write_message("/camera_info", stamp, new_camera_info(CAMERA, head))
            if truth:
                images = np.zeros(SIZE, np.uint8), millimetres_from_depth(true_m)
                for name, image in zip(("labels", "depth"), images, strict=True):
                    bag.write_message(f"/ground_truth/{name}/compressed", stamp, new_compressed(image, "png", head))
            if results and index not in missing:
                received_ns = stamp + late_ms * 10**6
                bag.write_message("/segmentation/mask", received_ns, new_image(mask, "mono8", head))
                bag.write_message("/depth/image", received_ns, new_image(metres, "32FC1", head))
    return path


def contents(path, topics=None):
    """(topic, when it was recorded, bytes) of every message."""
    with Bag(path) as bag:
        return [(each.topic, each.received_ns, bytes(each.data)) for each in bag.messages(topics)]


LEFT = Camera(40, 56, 30.0, 30.0, 20.0, 28.0)


def write_two_cameras(path: Path, frames: int = 6) -> Path:
    """`/front/image/compressed`, 60x100, ten a second, and `/left/image_raw`, 56x40, five a second, with the same
    stamps; each with a camera_info of its own, and the truth in front: road 5 m away everywhere."""
    labels, depth_mm = np.zeros(SIZE, np.uint8), np.full(SIZE, 5000, np.uint16)
    with BagWriter(path) as bag:
        for index in range(frames):
            stamp = 10**9 + index * 10**8
            head = new_header(stamp, "camera")
            bag.write_message("/front/camera_info", stamp, new_camera_info(CAMERA, head))
            truth = {"front/ground_truth/labels": (labels, "png"), "front/ground_truth/depth": (depth_mm, "png")}
            front = {"front/image": (make_image(*SIZE, index), "jpg")}
            for topic, (image, kind) in (truth | front).items():
                bag.write_message(f"/{topic}/compressed", stamp, new_compressed(image, kind, head))
            if index % 2 == 0:
                pixels = make_image(LEFT.height_px, LEFT.width_px, index + 50)
                bag.write_message("/left/camera_info", stamp, new_camera_info(LEFT, head))
                bag.write_message("/left/image_raw", stamp, new_image(pixels, "rgb8", head))
    return path
