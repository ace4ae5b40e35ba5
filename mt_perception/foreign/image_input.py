# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How a network from elsewhere wants an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.utils.plain_values import ValueMismatch, shown

CHANNELS = {"rgb": 3, "bgr": 3, "mono": 1}


def check_one_of(key: str, value: Any, allowed: Sequence[str]) -> None:
    """Raise `ValueMismatch` for a value that is not among the `allowed` ones."""
    if value not in allowed:
        raise ValueMismatch(f"{key} is {shown(value)}; allowed: {', '.join(allowed)}")


@dataclass(frozen=True, kw_only=True)
class NetworkCamera:
    """The camera that a depth network was trained with, in pixels of its input."""

    width: int
    height: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    height_above_road_m: float = 0.0

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1 or min(self.fx_px, self.fy_px) <= 0:
            raise ValueMismatch("size and focal lengths must be above 0")


@dataclass(frozen=True, kw_only=True)
class ImageInput:
    """How the network wants an image; `width` and `height` are 0 where they follow from the network, or the image."""

    name: str
    layout: str = "NCHW"
    channels: str = "rgb"
    range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    multiple: int = 32
    width: int = 0
    height: int = 0
    camera: NetworkCamera | None = None

    def __post_init__(self) -> None:
        check_one_of("layout", self.layout, ("NCHW", "NHWC"))
        check_one_of("channels", self.channels, tuple(CHANNELS))
        for key in ("mean", "std"):
            if len(getattr(self, key)) not in (1, CHANNELS[self.channels]):
                raise ValueMismatch(f"{key} has {len(getattr(self, key))} numbers; give one, or one per channel")
        if self.range[0] >= self.range[1] or min(self.std) <= 0 or self.multiple < 1:
            raise ValueMismatch("range must grow, std must be above 0, multiple at least 1")
        if min(self.width, self.height) < 0:
            raise ValueMismatch("width and height must be above 0, or left out")

    @property
    def pixel_mean_std(self) -> tuple[list[float], list[float]]:
        """What is taken off pixel values of 0 to 255, and what the rest is divided by: one number, or one a channel."""
        step = 255 / (self.range[1] - self.range[0])
        return [(each - self.range[0]) * step for each in self.mean], [each * step for each in self.std]

    def tensor(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(H, W, 3) uint8 RGB -> (1, C, H, W) or (1, H, W, C) float32."""
        planes = numbers(image, self.channels, *self.pixel_mean_std)
        return np.ascontiguousarray(planes if self.layout == "NHWC" else planes.transpose(2, 0, 1))[None]

    def planes(self, output: NDArray[Any]) -> NDArray[Any]:
        """What came out -> (C, h, w)."""
        content = output[0] if output.ndim == 4 else output
        if content.ndim == 2:
            content = content[None]
        return np.moveaxis(content, -1, 0) if self.layout == "NHWC" and output.ndim == 4 else content


def numbers(
    image: NDArray[np.uint8], channels: str, mean: Sequence[float], deviation: Sequence[float]
) -> NDArray[np.float32]:
    """(H, W, 3) uint8 RGB -> (H, W, C) float32: the network's channels, less `mean` (of 0 to 255), over `deviation`."""
    planes: Any = image
    if channels == "bgr":
        planes = image[..., ::-1]
    elif channels == "mono":
        planes = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    return (planes - np.array(mean, np.float32)) / np.array(deviation, np.float32)  # type: ignore[no-any-return]
