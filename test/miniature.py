# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Tiny data sets in the real layouts, made in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("mt_city")
from mt_city import Camera, CityFrame, Mounting, write_frame
from mt_perception.datasets.city import city_camera

WIDTH, HEIGHT = 96, 64
CITY_CAMERA = Camera(WIDTH, HEIGHT, 80.0, 80.0, 47.5, 31.5, 0.22)
CAMERA = city_camera(CITY_CAMERA)
HELD = Mounting(1.5, 0.0)


RIGHT_PX = 4
"""How far everything lies to the left in right images."""


def scene(rng: np.random.Generator, right: bool = False) -> CityFrame:
    """Sky over road, with one box: enough for a network to find the difference."""
    labels = np.full((HEIGHT, WIDTH), 10, np.uint8)
    labels[HEIGHT // 2 :] = 0
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None]
    depth_m = np.where(labels == 0, 90.0 / np.maximum(1, rows - HEIGHT / 2 + 3), np.inf).astype(np.float32)
    x = int(rng.integers(0, WIDTH - 30))
    labels[20:50, x : x + 30], depth_m[20:50, x : x + 30] = 13, 5.0
    colors = np.zeros((256, 3), np.uint8)
    colors[[0, 10, 13]] = (90, 90, 90), (120, 160, 230), (180, 20, 20)
    left = np.clip(colors[labels] + rng.normal(0, 8, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)
    other = np.roll(left, -RIGHT_PX, axis=1) if right else None
    return CityFrame(
        left=left, right=other, labels=labels, depth_m=depth_m, camera=CITY_CAMERA, mounting=HELD, stamp_ns=0
    )


def write_city(folder: Path, frames: int = 3, right: bool = False) -> Path:
    """A city with `frames` images in each split."""
    rng = np.random.default_rng(0)
    for seed, split in enumerate(("train", "val")):
        for number in range(frames):
            write_frame(folder, split, seed, number, scene(rng, right))
    return folder


def write_kitti_drive(folder: Path, frames: int = 2) -> Path:
    """A drive of KITTI with its laser's depth: narrow images, in the height by which its camera is known."""
    for name in ("image", "depth"):
        (folder / name).mkdir(parents=True)
    rows = np.arange(375)[:, None]
    depth_m = np.where(rows > 200, 1.65 * 721.54 / np.maximum(rows - 172.85, 1), 0)
    for number in range(frames):
        image = np.full((375, 12, 3), 80 + number, np.uint8)
        cv2.imwrite(str(folder / "image" / f"{number:03}.png"), image)
        cv2.imwrite(
            str(folder / "depth" / f"{number:03}.png"), np.repeat(np.rint(depth_m * 256), 12, 1).astype(np.uint16)
        )
    return folder


def write_camvid(folder: Path, frames: int = 2, drives: Sequence[str] = ("0016E5",)) -> Path:
    """A CamVid of sky, road and car, `frames` of each drive in each split, with a teacher in the split `train`."""
    rng = np.random.default_rng(1)
    classes = np.full(256, 11, np.uint8)
    classes[[0, 10, 13]] = 3, 0, 8
    for split in ("train", "val"):
        for name in ("image", "label11", "pseudo19"):
            (folder / split / name).mkdir(parents=True)
        for name in (f"{drive}_{number}" for drive in drives for number in range(frames)):
            made = scene(rng)
            cv2.imwrite(str(folder / split / "image" / f"{name}.jpg"), made.left[..., ::-1])
            cv2.imwrite(str(folder / split / "label11" / f"{name}.png"), classes[made.labels])
            cv2.imwrite(str(folder / split / "pseudo19" / f"{name}.png"), made.labels)
    return folder


def write_kitti(folder: Path, frames: int = 2, right: bool = False) -> Path:
    """A KITTI stereo 2015 whose disparity is that of `scene`; none in the sky."""
    rng = np.random.default_rng(2)
    fx, cx, cy, shift = CAMERA.fx_px, CAMERA.cx_px, CAMERA.cy_px, -CAMERA.fx_px * (CAMERA.baseline_m or 0)
    rows = [f"{fx} 0 {cx} {tx} 0 {fx} {cy} 0 0 0 1 0" for tx in (0, shift)]
    for number in range(frames):
        made = scene(rng, right)
        assert made.depth_m is not None
        disparity_px = np.where(np.isfinite(made.depth_m), -shift / made.depth_m, 0)
        images = {"image_2": made.left[..., ::-1], "disp_occ_0": np.rint(disparity_px * 256).astype(np.uint16)}
        if made.right is not None:
            images["image_3"] = made.right[..., ::-1]
        for name, image in images.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / name / f"{number:06d}_10.png"), image)
        (folder / "calib_cam_to_cam").mkdir(exist_ok=True)
        text = f"P_rect_02: {rows[0]}\nP_rect_03: {rows[1]}\n"
        (folder / "calib_cam_to_cam" / f"{number:06d}.txt").write_text(text)
    return folder
