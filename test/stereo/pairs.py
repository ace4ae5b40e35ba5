# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pairs whose depth is known, made in milliseconds."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from mt_perception.geometry import disparity_from_depth
from mt_perception.stereo import Match
from mt_perception.types import Camera, DepthMap, Frame, StereoPair

HEIGHT, WIDTH = 96, 192
CAMERA = Camera(WIDTH, HEIGHT, 100.0, 100.0, 95.5, 47.5, 0.2)
WALL_PX, BOX_PX = 4, 10  # 100 px * 0.2 m: 5 m and 2 m
BOX = np.s_[30:70, 90:150]


def texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return cv2.GaussianBlur(rng.integers(0, 256, (height, width)).astype(np.uint8), (3, 3), 0)


def stereo_pair(left: np.ndarray, right: np.ndarray, camera: Camera = CAMERA, **right_camera) -> StereoPair:
    """Two images as a pair; `right_camera` are what the right camera differs in."""
    form = "mono" if left.ndim == 2 else "rgb"
    one = Frame(left, form, camera=replace(camera, baseline_m=None))
    return StereoPair(one, Frame(right, form, camera=replace(camera, **right_camera)))


def box_and_wall(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left and right image and the true depth of the left: a box before a wall, both facing the camera."""
    rng = np.random.default_rng(seed)
    wall, box = texture(rng, HEIGHT, WIDTH + WALL_PX), texture(rng, 40, 60)
    left, right = wall[:, :WIDTH].copy(), wall[:, WALL_PX:].copy()
    left[BOX], right[30:70, 90 - BOX_PX : 150 - BOX_PX] = box, box
    return left, right, scene()


def scene() -> DepthMap:
    """The true depth of box and wall."""
    depth_m = np.full((HEIGHT, WIDTH), 5.0, np.float32)
    depth_m[BOX] = 2.0
    return depth_m


def matched(depth_m: DepthMap, confidence: np.ndarray | None = None) -> Match:
    """A match that says exactly this depth."""
    disparity = disparity_from_depth(depth_m, CAMERA.fx_px, CAMERA.baseline_m)
    return Match(disparity, np.ones_like(depth_m) if confidence is None else confidence, CAMERA, 64)


BLIND = {
    "grey": lambda left, right: np.full_like(right, 90),
    "dark": lambda left, right: np.random.default_rng(1).integers(8, 16, right.shape).astype(np.uint8),
    "covered": lambda left, right: np.concatenate([right[:, :9], np.full_like(right[:, 9:], 20)], axis=1),
    "out of focus": lambda left, right: cv2.blur(cv2.blur(right, (61, 61)), (61, 61)),
    "noise": lambda left, right: np.random.default_rng(1).integers(0, 256, right.shape).astype(np.uint8),
    "elsewhere": lambda left, right: np.ascontiguousarray(right[::-1]),
    "the left one again": lambda left, right: left,
}
"""What a right camera sees that is covered, dark, out of focus, broken, or somewhere else."""
