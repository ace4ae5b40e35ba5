# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Operations on image geometry, each beside its inverse, and what they do to the camera.

Everything keeps the convention of OpenCV: pixel centres lie at whole numbers, so an image resized by `s` moves
a point from `x` to `(x + 0.5) * s - 0.5`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.types import Camera, Frame

_TO_RGB = {
    "bgr": cv2.COLOR_BGR2RGB,
    "rgba": cv2.COLOR_RGBA2RGB,
    "bgra": cv2.COLOR_BGRA2RGB,
    "mono": cv2.COLOR_GRAY2RGB,
}


@dataclass(frozen=True)
class LetterBox:
    """How an image of `source` size lies in a network input of `target` size, both (height, width).

    The image, resized, fills the rectangle at (`top`, `left`) of `height` x `width`; the rest mirrors it.
    """

    source: tuple[int, int]
    target: tuple[int, int]
    top: int
    left: int
    height: int
    width: int

    @classmethod
    def stretch(cls, source: tuple[int, int], target: tuple[int, int]) -> LetterBox:
        """Fill the whole input, whatever that does to the proportions."""
        return cls(source, target, 0, 0, *target)

    @classmethod
    def fit(cls, source: tuple[int, int], target: tuple[int, int]) -> LetterBox:
        """Keep the proportions; centre the image between two bars."""
        scale = min(target[0] / source[0], target[1] / source[1])
        height, width = (max(1, min(t, round(s * scale))) for s, t in zip(source, target, strict=True))
        return cls(source, target, (target[0] - height) // 2, (target[1] - width) // 2, height, width)

    @classmethod
    def named(cls, name: str, source: tuple[int, int], target: tuple[int, int]) -> LetterBox:
        """`letterbox` or `stretch`, by the value of the setting `fit`."""
        return {"letterbox": cls.fit, "stretch": cls.stretch}[name](source, target)

    def apply(self, frame: Frame) -> NDArray[np.uint8]:
        """(H, W, C) image of `source` size -> (target height, target width, 3) uint8 RGB, C-contiguous."""
        inner = to_rgb(resize(frame.image, (self.height, self.width)), frame.pixel_format)
        if (self.height, self.width) == self.target:
            return np.ascontiguousarray(inner)
        bottom, right = self.target[0] - self.top - self.height, self.target[1] - self.left - self.width
        # the network pools over the whole input: bars of one colour change what it says of the image itself
        return cv2.copyMakeBorder(  # type: ignore[return-value]
            inner, self.top, bottom, self.left, right, cv2.BORDER_REFLECT
        )

    def unpad(self, array: NDArray[Any]) -> NDArray[Any]:
        """The part of a network-sized (H, W, ...) array that shows the image, as a view."""
        return array[self.top : self.top + self.height, self.left : self.left + self.width]

    def inverse(self, output: NDArray[Any], size: tuple[int, int] | None = None) -> NDArray[Any]:
        """(target height, target width) network output -> `size`, by default `source`'s; a view where that is its own.

        Nearest neighbour: a class has no average, and depth averaged across an edge lies on no surface.
        """
        return resize_nearest(self.unpad(output), size or self.source)

    def camera(self, camera: Camera) -> Camera:
        """The camera that would have taken the network's input."""
        scaled = scale_camera(camera, (self.height, self.width))
        height, width = self.target
        return replace(
            scaled,
            width_px=width,
            height_px=height,
            cx_px=scaled.cx_px + self.left,
            cy_px=scaled.cy_px + self.top,
        )


def resize(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, ...) uint8 -> `size` (height, width): bilinear, or averaged where bilinear would skip pixels."""
    if image.shape[:2] == size:
        return image
    while all(full >= 2 * wanted and full % 2 == 0 for full, wanted in zip(image.shape, size, strict=False)):
        # halving and then bilinear takes a third of the time of an average over other areas, of 1080x1920 pixels
        halves = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image, halves, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    skips = 2 * size[0] <= image.shape[0] or 2 * size[1] <= image.shape[1]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if skips else cv2.INTER_LINEAR)  # type: ignore[return-value]


def output_size(setting: str, image: tuple[int, int], network: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the results for an image, by the setting `output_size`.

    `network`: what of the network's input shows the image.
    """
    if setting == "auto":
        setting = "network" if image[0] > 2 * network[0] or image[1] > 2 * network[1] else "input"
    if setting in ("input", "network"):
        return image if setting == "input" else network
    width, _, height = setting.partition("x")
    return int(height), int(width)


def resize_nearest(array: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """(H, W, ...) -> `size` (height, width), each value taken from one pixel: for labels, depth and disparity."""
    if array.shape[:2] == size:
        return array
    return cv2.resize(array, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)


def to_rgb(image: NDArray[np.uint8], pixel_format: str) -> NDArray[np.uint8]:
    """Any pixel format of `types.PixelFormat` -> (H, W, 3) uint8 RGB; `image` itself when it is RGB already."""
    return image if pixel_format == "rgb" else cv2.cvtColor(image, _TO_RGB[pixel_format])  # type: ignore[return-value]


def scale_camera(camera: Camera, size: tuple[int, int]) -> Camera:
    """The camera of the same image resized to `size` (height, width). Its own inverse with the old size."""
    sx, sy = size[1] / camera.width_px, size[0] / camera.height_px
    return replace(
        camera,
        width_px=size[1],
        height_px=size[0],
        fx_px=camera.fx_px * sx,
        fy_px=camera.fy_px * sy,
        cx_px=(camera.cx_px + 0.5) * sx - 0.5,
        cy_px=(camera.cy_px + 0.5) * sy - 0.5,
    )


@lru_cache(maxsize=4)
def rays(camera: Camera) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """x / z of each column (W,) and y / z of each row (H, 1). Shared between calls: do not write to them."""
    columns = (np.arange(camera.width_px) - camera.cx_px) / camera.fx_px
    rows = (np.arange(camera.height_px) - camera.cy_px) / camera.fy_px
    return columns.astype(np.float32), rows.astype(np.float32)[:, None]


def depth_from_disparity(disparity_px: NDArray[np.floating], fx_px: float, baseline_m: float) -> NDArray[np.float32]:
    """depth = fx * baseline / disparity, in metres; NaN where there is no disparity (zero, negative, NaN)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(disparity_px > 0, fx_px * baseline_m / disparity_px, np.nan).astype(np.float32)


def disparity_from_depth(depth_m: NDArray[np.floating], fx_px: float, baseline_m: float) -> NDArray[np.float32]:
    """disparity = fx * baseline / depth, in pixels; 0 where the depth is infinite, NaN where unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(depth_m > 0, fx_px * baseline_m / depth_m, np.nan).astype(np.float32)


def millimetres_from_depth(depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Metres -> whole millimetres; 0 where unknown, infinite, or beyond the 65.535 m that fit."""
    depth_mm = np.rint(depth_m * np.float32(1000))
    depth_mm[~(depth_mm <= 65535)] = 0  # the negated comparison catches NaN too
    return depth_mm.astype(np.uint16)


def depth_from_millimetres(depth_mm: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Millimetres -> metres; NaN for 0, which means that nothing is known."""
    return np.where(depth_mm > 0, depth_mm * np.float32(0.001), np.float32(np.nan))
