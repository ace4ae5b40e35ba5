# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What one asks of the city, and what one gets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mt_city.errors import CityError


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in pixels, whose centres lie at whole numbers; `baseline_m` to its right is the right one."""

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    baseline_m: float


@dataclass(frozen=True)
class CityOptions:
    """The camera that drives through the city.

    width_px, height_px: image size; hfov_deg: horizontal field of view; baseline_m: distance of the right
    camera; fps: the rate at which `City.frames` advances; noise: make images look as if a real camera took
    them (exposure, blur, vignette, sensor noise). height_m and pitch_deg are drawn at random when None; they and
    roll_deg are those of `Mounting`. jitter_deg: by up to so much pitch and roll differ from frame to frame, as a car
    nods on its springs. antialias: smooth edges in the colour images, at about 1.5 times the cost; labels and depth
    always have hard edges.
    """

    width_px: int = 1024
    height_px: int = 512
    hfov_deg: float = 50.0
    baseline_m: float = 0.22
    fps: float = 10.0
    noise: bool = True
    height_m: float | None = None
    pitch_deg: float | None = None
    roll_deg: float = 0.0
    jitter_deg: float = 0.0
    antialias: bool = True

    def __post_init__(self) -> None:
        for name, low, high in (
            ("width_px", 16, 4096),
            ("height_px", 16, 4096),
            ("hfov_deg", 10, 140),
            ("baseline_m", 0.01, 2),
            ("fps", 0.1, 1000),
            ("height_m", 0.3, 4),
            ("pitch_deg", -20, 40),
            ("roll_deg", -20, 20),
            ("jitter_deg", 0, 5),
        ):
            value = getattr(self, name)
            if value is None and name in ("height_m", "pitch_deg"):
                continue
            if not (math.isfinite(value) and low <= value <= high):
                raise CityError(f"city {name} is {value}; it must be between {low} and {high}")
        for name in ("width_px", "height_px"):
            if not isinstance(getattr(self, name), int):
                raise CityError(f"city {name} is {getattr(self, name)!r}; it must be a whole number of pixels")

    def camera(self) -> Camera:
        """The left camera. Square pixels; the axis goes through the middle of the image."""
        focal = 0.5 * self.width_px / math.tan(math.radians(self.hfov_deg) / 2)
        return Camera(
            self.width_px,
            self.height_px,
            focal,
            focal,
            (self.width_px - 1) / 2,
            (self.height_px - 1) / 2,
            self.baseline_m,
        )


@dataclass(frozen=True)
class Mounting:
    """How the left camera is held: above the road, nose down by pitch_deg, right side down by roll_deg.

    The road at the pixel whose ray is (x, y, 1) lies at Z = height / (sin pitch + cos pitch (y cos roll + x sin roll)).
    """

    height_m: float
    pitch_deg: float
    roll_deg: float = 0.0


@dataclass(frozen=True)
class CityFrame:
    """One moment of the drive; everything but `right` is seen from the left camera.

    left, right: (H, W, 3) uint8 RGB. labels: (H, W) uint8 trainIds. depth_m: (H, W) float32 metres along the
    optical axis, +Inf in the sky. What was not asked for is None.
    """

    left: NDArray[np.uint8]
    right: NDArray[np.uint8] | None
    labels: NDArray[np.uint8] | None
    depth_m: NDArray[np.float32] | None
    camera: Camera
    mounting: Mounting
    stamp_ns: int
