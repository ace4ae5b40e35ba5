# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Random changes of an image, and of its labels and depth with it.

Geometry is one resize and one crop. An image enlarged by `s` is one taken with a focal length `s` times as long,
so the depth target follows: what is learned is `depth * fx_reference / fx_of_the_changed_image`, which a crop
does not change. The network thus learns depth as seen by one reference camera.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mt_perception.datasets.sample import Sample
from mt_perception.geometry import resize, resize_nearest, scale_camera
from mt_perception.labels import UNLABELLED
from mt_perception.types import Camera
from mt_perception_training.recipe import Augmentation, Phase
from mt_perception_training.window import Window


@dataclass(frozen=True)
class Example:
    """What one sample gives to one step: a crop, and targets at every `stride`-th of its pixels.

    image: (H, W, 3) uint8. labels: (H/stride, W/stride) uint8 codes, 255 unknown.
    depth_m: as labels, float32 metres for the reference camera; NaN unknown.
    camera: (4,) float32 fx, fy, cx, cy in pixels of the crop. metric: see `Sample`.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    camera: NDArray[np.float32]
    metric: bool


class Augmenter:
    """Makes examples of one phase. `base_size` is the deployed network's input, to which `scale` is relative."""

    def __init__(self, phase: Phase, base_size: tuple[int, int], fx_px: float) -> None:
        self._options: Augmentation = phase.augmentation
        self._crop = (phase.crop_height, phase.crop_width)
        self._stride = phase.loss_stride
        self._base_size, self._fx_px = base_size, fx_px

    def __call__(self, sample: Sample, rng: Generator) -> Example:
        """A random example of `sample`; the same for the same state of `rng`."""
        factor = np.exp(rng.uniform(*np.log(self._options.scale)))
        whole = resized(sample, factor * letterbox_scale(sample.size, self._base_size), self._fx_px)
        window = Window.random(whole.image.shape[:2], self._crop, rng)
        example = Example(
            window.cut_mirrored(whole.image),  # as the bars of a letterboxed image
            window.cut(whole.labels, UNLABELLED),
            window.cut(whole.depth_m, np.nan),
            whole.camera - np.array([0, 0, window.left, window.top], np.float32),
            whole.metric,
        )
        if rng.random() < self._options.flip:
            example = flipped(example)
        image: Any = jitter_color(example.image, self._options.color, rng)
        if rng.random() < self._options.blur:
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.2))
        corner = rng.integers(self._stride, size=2)
        labels, depth_m = (every(self._stride, corner, each) for each in (example.labels, example.depth_m))
        depth_m = np.where(np.isnan(depth_m), nearest_of_cells(example.depth_m, self._stride), depth_m)
        return replace(example, image=image, labels=labels, depth_m=depth_m)


def letterbox_scale(size: tuple[int, int], target: tuple[int, int]) -> float:
    """Network pixels per image pixel when an image of `size` is fitted into `target`, both (height, width)."""
    return min(target[0] / size[0], target[1] / size[1])


def resized(sample: Sample, scale: float, fx_px: float) -> Example:
    """The whole sample at `scale`, with depth for a reference camera of `fx_px`. Labels and depth are never mixed."""
    height, width = (max(1, round(scale * each)) for each in sample.size)
    labels = sample.labels if sample.labels is not None else np.full(sample.size, UNLABELLED, np.uint8)
    if sample.depth_m is None or sample.camera is None:
        depth_m: NDArray[np.floating] = np.full((height, width), np.nan, np.float32)
    else:
        fx_now = sample.camera.fx_px * width / sample.size[1]
        depth_m = resize_depth(np.where(sample.measured, sample.depth_m, np.nan), (height, width)) * (fx_px / fx_now)
    camera = scale_camera(sample.camera or Camera.assumed(sample.size), (height, width))
    return Example(
        resize(sample.image, (height, width)),
        resize_nearest(labels, (height, width)),
        depth_m.astype(np.float32),
        np.array(camera.intrinsics, np.float32),
        sample.metric,
    )


def resize_depth(depth_m: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """(H, W) metres, NaN unknown -> `size` (height, width), never mixed. Points of a laser survive a smaller size: the
    nearest of those that fall into one pixel."""
    known = np.isfinite(depth_m)
    if known.mean() > 0.5 or size[0] >= depth_m.shape[0]:
        return resize_nearest(depth_m, size)
    rows, columns = np.nonzero(known)
    places = tuple(
        ((each + 0.5) * new / old).astype(np.int64)
        for each, new, old in zip((rows, columns), size, depth_m.shape, strict=True)
    )
    out = np.full(size, np.inf, np.float32)
    np.minimum.at(out, places, depth_m[known])
    return np.where(np.isinf(out), np.float32(np.nan), out)


def every(stride: int, corner: NDArray[np.int64], array: NDArray[Any]) -> NDArray[Any]:
    """(H, W) -> (H/stride, W/stride), the pixel at `corner` (row, column) of each cell."""
    return array[corner[0] :: stride, corner[1] :: stride]


def nearest_of_cells(depth_m: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """(H, W) -> (H/stride, W/stride), the smallest depth of each cell; NaN where nothing is known."""
    height, width = depth_m.shape
    cells = np.where(np.isnan(depth_m), np.inf, depth_m).reshape(height // stride, stride, width // stride, stride)
    nearest = cells.min((1, 3))
    return np.where(np.isinf(nearest), np.float32(np.nan), nearest)


def flipped(example: Example) -> Example:
    """Left and right exchanged."""
    fx_px, fy_px, cx_px, cy_px = example.camera
    return replace(
        example,
        image=np.ascontiguousarray(example.image[:, ::-1]),
        labels=example.labels[:, ::-1],
        depth_m=example.depth_m[:, ::-1],
        camera=np.array([fx_px, fy_px, example.image.shape[1] - 1 - cx_px, cy_px], np.float32),
    )


def jitter_color(image: NDArray[np.uint8], strength: float, rng: Generator) -> NDArray[np.uint8]:
    """Another light: brightness, contrast, gamma and white balance as one table per channel, then saturation."""
    if strength == 0:
        return image
    gain, contrast, gamma, saturation = 1 + strength * rng.uniform(-1, 1, 4)
    balance = 1 + 0.3 * strength * rng.uniform(-1, 1, 3)
    level = (np.arange(256)[:, None] / 255) ** gamma * gain * balance
    level = (level - 0.45) * contrast + 0.45
    table = np.clip(np.rint(level * 255), 0, 255).astype(np.uint8)
    lit = cv2.LUT(image, table[:, None, :])
    gray = cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cv2.addWeighted(lit, saturation, gray, 1 - saturation, 0)  # type: ignore[return-value]
