"""An image with labels and depth as an organised point cloud: one point for each pixel, in the pixels' order."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import rays
from mt_perception.types import Camera, DepthMap, Mask

POINT = np.dtype([("x", "f4"), ("y", "f4"), ("z", "f4"), ("rgb", "f4"), ("label", "u4"), ("confidence", "f4")])
"""One point, with the names and types of the Point Cloud Library: `rgb` is bytes behind the type of a float."""


def labelled_cloud(
    depth_m: DepthMap, camera: Camera, image: NDArray[np.uint8], mask: Mask, confidence: NDArray[np.uint8]
) -> NDArray[np.void]:
    """(H, W) of `POINT` in the camera's optical frame: x right, y down, z forward, in metres.

    `image` is (H, W, 3) RGB. `label` is the trainId, `confidence` from 0 to 1. Where the depth is not finite,
    x, y and z are NaN.
    """
    points = np.empty(depth_m.shape, POINT)
    columns, rows = rays(camera)
    z = np.where(np.isfinite(depth_m), depth_m, np.float32(np.nan))
    points["x"], points["y"], points["z"] = z * columns, z * rows, z
    points["rgb"] = cv2.cvtColor(image, cv2.COLOR_RGB2BGRA).view("<u4")[..., 0].view("f4")
    points["label"] = mask
    np.multiply(confidence, np.float32(1 / 255), out=points["confidence"])
    return points
