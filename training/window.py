# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A rectangle of an image, cut alike from everything that belongs to the image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mt_perception.types import Camera


@dataclass(frozen=True)
class Window:
    """A rectangle of `height` x `width` pixels whose corner lies at (`top`, `left`) of an image; it may stick out."""

    top: int
    left: int
    height: int
    width: int

    @classmethod
    def random(cls, size: tuple[int, int], crop: tuple[int, int], rng: Generator) -> Window:
        """Anywhere inside a larger image; anywhere around a smaller one."""
        top, left = (int(rng.integers(min(0, s - c), max(0, s - c) + 1)) for s, c in zip(size, crop, strict=True))
        return cls(top, left, *crop)

    @classmethod
    def after_cutting(cls, size: tuple[int, int], top: float, left: float, bottom: float) -> Window:
        """What remains of an image of `size` (height, width) without these shares of it.

        The bottom shows the bonnet of the car that carries the camera; the right camera does not see the left edge;
        at the top and left, rectification leaves a border.
        """
        rows, columns = round(top * size[0]), round(left * size[1])
        return cls(rows, columns, size[0] - rows - round(bottom * size[0]), size[1] - columns)

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        """(H, W, ...) -> the part inside, as a view, for a window that does not stick out."""
        return array[self.top : self.top + self.height, self.left : self.left + self.width]

    def camera(self, camera: Camera) -> Camera:
        """The camera of the part inside: the principal point moves with the corner."""
        return replace(
            camera,
            width_px=self.width,
            height_px=self.height,
            cx_px=camera.cx_px - self.left,
            cy_px=camera.cy_px - self.top,
        )

    def cut_mirrored(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, C) -> (height, width, C), mirrored into what sticks out."""
        inside = image[max(0, self.top) : self.top + self.height, max(0, self.left) : self.left + self.width]
        top, left = max(0, -self.top), max(0, -self.left)
        bottom, right = self.height - top - inside.shape[0], self.width - left - inside.shape[1]
        return cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REFLECT)  # type: ignore[return-value]

    def cut(self, array: NDArray[Any], padding: object) -> NDArray[Any]:
        """(H, W, ...) -> (height, width, ...), with `padding` where the window sticks out."""
        out = np.empty((self.height, self.width, *array.shape[2:]), array.dtype)
        out[:] = padding
        inside = array[max(0, self.top) : self.top + self.height, max(0, self.left) : self.left + self.width]
        y, x = max(0, -self.top), max(0, -self.left)
        out[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
        return out
