# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An image with labels and depth as an organised point cloud: one point for each pixel, in the pixels' order."""

from __future__ import annotations

import math
from collections.abc import Collection

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import rays
from mt_perception.types import Camera, DepthMap, Mask

EDGE_WINDOW = 9  # pixels; the network's depth changes over from near to far within its stride, 4
EDGE_SHARE = 0.05

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


def obstacle_points(
    points: NDArray[np.void], train_ids: Collection[int], min_confidence: float = 0.5, voxel_m: float = 0.0
) -> NDArray[np.void]:
    """(N,) of `POINT`: what of an organised cloud (H, W) belongs to one of some classes and is sure to be there.

    Left out is what has no depth, what the network is less than `min_confidence` (0 to 1) sure of, and what hovers
    between an obstacle and what is behind it. With `voxel_m` there is one point for each cube of that size that holds
    any: the first, from the image's top. Memory and time grow with H * W.
    """
    chosen = np.isin(np.arange(256), list(train_ids))
    keep = chosen[points["label"]] & (points["confidence"] >= min_confidence) & ~hovers(points["z"])
    kept = points[keep]
    if not voxel_m or not len(kept):
        return kept
    xyz = np.stack([kept[axis] for axis in "xyz"], 1)
    cells = np.floor(xyz / voxel_m).astype(np.int64)
    _, first = np.unique(cells @ (1 << np.array([0, 20, 40])), return_index=True)  # 20 bits for each axis are enough
    return kept[np.sort(first)]


def thinned_points(
    depth_m: DepthMap, camera: Camera, keep: NDArray[np.bool_], most: int
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """The points of the pixels `keep`; of more than `most`, so many, evenly spread over the image.

    (N, 3) x, y, z in metres in the camera's optical frame, and (N,) the places of their pixels in a flattened image.
    """
    step = math.ceil(math.sqrt(np.count_nonzero(keep) / most)) or 1
    row, column = (step * places for places in np.nonzero(keep[::step, ::step]))
    columns, rows = rays(camera)
    z = depth_m[row, column]
    return np.stack([z * columns[column], z * rows[row, 0], z], 1), row * depth_m.shape[1] + column


def hovers(depth_m: DepthMap) -> NDArray[np.bool_]:
    """(H, W): where depth is unknown, or on the way from one surface to another behind it, with nothing there.

    The inverse of depth is a linear function of the pixel on every plane, however flat one looks at it: it is the mean
    of its surroundings. Where it is off by more than `EDGE_SHARE`, there is an edge near by; and there hovers what is
    neither as near as the nearest around it nor as far as the farthest. So what is thin stays.
    """
    finite = np.isfinite(depth_m) & (depth_m > 0)
    inverse = np.divide(1, depth_m, out=np.zeros(depth_m.shape, np.float32), where=finite)
    window = np.ones((EDGE_WINDOW, EDGE_WINDOW), np.uint8)
    off = np.abs(inverse - cv2.blur(inverse, window.shape, borderType=cv2.BORDER_REPLICATE)) > EDGE_SHARE * inverse
    near, far = cv2.dilate(inverse, window), cv2.erode(inverse, window)
    between = (inverse < (1 - EDGE_SHARE) * near) & (inverse > (1 + EDGE_SHARE) * far)
    return (cv2.dilate(off.astype(np.uint8), window[:3, :3]).astype(bool) & between) | ~finite
