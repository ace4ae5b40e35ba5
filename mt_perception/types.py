# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What goes into the program: a frame, or a pair of them; `prediction.py` has what comes out.

Values are checked when they are made, so that whoever receives one can rely on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mt_perception.errors import Error

PixelFormat = Literal["rgb", "bgr", "rgba", "bgra", "mono"]
CHANNELS: dict[str, int] = {"rgb": 3, "bgr": 3, "rgba": 4, "bgra": 4, "mono": 1}

Mask = NDArray[np.uint8]
DepthMap = NDArray[np.float32]


class DataError(Error, ValueError):
    """An image, camera or prediction whose content cannot be used."""


@dataclass(frozen=True)
class Camera:
    """Pinhole camera of a rectified image, in the pixels of that image.

    Pixel centres lie at whole numbers (the convention of OpenCV and `sensor_msgs/CameraInfo`).
    `baseline_m` is the distance to the right camera of a stereo pair, None for a single camera.

    Raises:
        DataError: a size or focal length that no camera has.

    Examples:
        >>> from mt_perception import Camera
        >>> Camera(1242, 375, fx_px=721.5, fy_px=721.5, cx_px=609.6, cy_px=172.9).intrinsics
        (721.5, 721.5, 609.6, 172.9)
    """

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    baseline_m: float | None = None

    def __post_init__(self) -> None:
        if self.width_px < 1 or self.height_px < 1:
            raise DataError(f"camera size is {self.width_px}x{self.height_px}; both must be at least 1 pixel")
        for name in ("fx_px", "fy_px"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise DataError(f"camera {name} is {value}; a focal length must be a positive number of pixels")
        for name in ("cx_px", "cy_px"):
            if not math.isfinite(getattr(self, name)):
                raise DataError(f"camera {name} is {getattr(self, name)}; the principal point must be finite")
        if self.baseline_m is not None and not (math.isfinite(self.baseline_m) and self.baseline_m > 0):
            raise DataError(f"camera baseline is {self.baseline_m} m; it must be positive, or None without a pair")

    @classmethod
    def assumed(cls, size: tuple[int, int]) -> Camera:
        """What to take for the camera of an image of `size` (height, width) that nobody calibrated: level, with a
        focal length of its width (a view of 53 degrees)."""
        height, width = size
        return cls(width, height, float(width), float(width), (width - 1) / 2, (height - 1) / 2)

    @property
    def intrinsics(self) -> tuple[float, float, float, float]:
        """fx, fy, cx, cy in pixels."""
        return self.fx_px, self.fy_px, self.cx_px, self.cy_px


@dataclass(frozen=True)
class Frame:
    """One image as it arrived.

    `image` is uint8, (H, W, C) or (H, W) for `mono`; rows may be padded (any row stride), and it may be
    a view into a message: nobody writes to it. `stamp_ns` and `frame_id` travel to every output unchanged.
    `taken_size` is the size (height, width) in which the camera took it, where it was decoded smaller.

    Raises:
        DataError: an array that is no image, a pixel format that is not known, or a camera of another size.

    Examples:
        >>> import numpy as np
        >>> from mt_perception import Frame
        >>> Frame(np.zeros((375, 1242, 3), np.uint8), "bgr").size
        (375, 1242)
    """

    image: NDArray[np.uint8]
    pixel_format: PixelFormat = "rgb"
    stamp_ns: int = 0
    frame_id: str = ""
    camera: Camera | None = None
    taken_size: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.taken_size == (0, 0):
            object.__setattr__(self, "taken_size", self.image.shape[:2])
        channels = CHANNELS.get(self.pixel_format)
        if channels is None:
            raise DataError(f"pixel format is {self.pixel_format!r}; expected one of {', '.join(CHANNELS)}")
        expected = "(H, W)" if channels == 1 else f"(H, W, {channels})"
        fits = self.image.ndim == 2 if channels == 1 else self.image.ndim == 3 and self.image.shape[2] == channels
        if self.image.dtype != np.uint8 or not fits or self.image.size == 0:
            raise DataError(
                f"a {self.pixel_format} image must be uint8 of shape {expected} and not empty, "
                f"got {self.image.dtype} of shape {self.image.shape}"
            )
        if self.camera and (self.camera.height_px, self.camera.width_px) != self.size:
            raise DataError(
                f"the camera describes {self.camera.width_px}x{self.camera.height_px} pixels, "
                f"the image has {self.image.shape[1]}x{self.image.shape[0]}"
            )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.image.shape[0], self.image.shape[1]


@dataclass(frozen=True)
class StereoPair:
    """A rectified pair, taken at one instant: images of one size whose rows show the same things.

    Both frames carry their cameras, and the right one the baseline. Cameras that look slightly towards each other
    differ in `cx_px`; everything else must be the same, or the pair was not rectified together.
    """

    left: Frame
    right: Frame

    def __post_init__(self) -> None:
        left, right = self.left.camera, self.right.camera
        if left is None or right is None:
            raise DataError("stereo depth needs the camera_info of both cameras, with focal lengths")
        if right.baseline_m is None:
            raise DataError(
                "the right camera_info has no baseline: P[3] must be -fx * baseline in metres, below 0; "
                "are left and right exchanged, or is the pair not calibrated?"
            )
        if self.left.size != self.right.size:
            (height, width), (other_height, other_width) = self.left.size, self.right.size
            raise DataError(
                f"the left image has {width}x{height} pixels and the right one {other_width}x{other_height}; "
                "a rectified pair is of one size"
            )
        for name, allowed_px in (("fx_px", 0.01 * left.fx_px), ("fy_px", 0.01 * left.fy_px), ("cy_px", 1.0)):
            one, other = getattr(left, name), getattr(right, name)
            if abs(one - other) > allowed_px:
                raise DataError(
                    f"the left camera has {name} {one:g} and the right one {other:g}; those of a rectified pair are "
                    "the same: rectify both with one calibration"
                )

    @property
    def camera(self) -> Camera:
        """The left camera, with the baseline."""
        assert self.left.camera and self.right.camera
        return replace(self.left.camera, baseline_m=self.right.camera.baseline_m)

    @property
    def offset_px(self) -> float:
        """Disparity of a point at infinity: what the principal points differ by."""
        assert self.left.camera and self.right.camera
        return self.left.camera.cx_px - self.right.camera.cx_px


OUTPUTS: dict[str, np.dtype[Any]] = {
    "mask": np.dtype(np.uint8),
    "confidence": np.dtype(np.uint8),
    "depth_m": np.dtype(np.float32),
}
"""What can be requested of the network, and the type of each pixel."""
