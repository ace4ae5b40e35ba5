# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the air and a real camera do to a perfect image."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_city.textures import Image, Rng
from mt_city.weather import Weather

_MARGIN_PX = 64


def hazed(image: Image, depth_m: NDArray[np.float32], weather: Weather, far_m: float) -> Image:
    """Mixes the colour of the horizon into what is far away; the sky has its own haze."""
    clear = np.exp(depth_m * np.float32(-3.0 / weather.visibility_m))
    clear[depth_m > 0.98 * far_m] = 1.0
    air = np.asarray(weather.horizon_rgb * 235, np.float32)
    mixed = image * clear[..., None]
    mixed += air * (1 - clear)[..., None]
    return mixed.astype(np.uint8)


class Optics:
    """One camera's exposure, tint, blur, vignette and noise, drawn at random once."""

    def __init__(self, rng: Rng, height_px: int, width_px: int) -> None:
        self._target = float(rng.uniform(82, 125))
        self._gain = rng.normal(1, 0.025, 3).astype(np.float32)
        self._gamma = float(rng.uniform(0.85, 1.2))
        self._contrast = float(rng.uniform(0.0, 0.35))
        self._blur_px = float(rng.uniform(0, 0.75)) * max(width_px / 1024, 0.5)
        y, x = np.ogrid[-1 : 1 : height_px * 1j, -1 : 1 : width_px * 1j]
        self._vignette = (1 - rng.uniform(0, 0.28) * (x**2 + y**2) / 2).astype(np.float32)[..., None]
        size = (height_px + _MARGIN_PX, width_px + _MARGIN_PX, 3)
        grain = rng.standard_normal(size, np.float32) * 0.6 + rng.standard_normal((*size[:2], 1), np.float32) * 0.8
        self._grain = grain * np.float32(rng.uniform(0.5, 4.5))
        self._rng_key = int(rng.integers(2**31))

    def exposure(self, image: Image) -> float:
        """The gain with which the image's lower part becomes as bright as this camera likes it."""
        mean = float(image[image.shape[0] // 3 :: 4, ::4].mean())
        return float(np.clip((self._target / max(mean, 1)) ** 0.75, 0.6, 1.9))

    def photograph(self, image: Image, exposure: float, key: tuple[int, int]) -> Image:
        """The image as this camera records it; `key` (time, eye) chooses the noise."""
        if self._blur_px > 0.2:
            image = cv2.GaussianBlur(image, (0, 0), self._blur_px).astype(np.uint8)
        toned = cv2.LUT(image, self._curve(exposure)).astype(np.uint8)
        rng = np.random.default_rng((self._rng_key, *key))
        top, left = rng.integers(0, _MARGIN_PX, 2)
        height, width = image.shape[:2]
        # the same grain in both eyes, a little shifted, would be found by stereo matching
        grain = self._grain[::-1] if key[1] else self._grain
        exposed = toned * self._vignette + grain[top : top + height, left : left + width]
        return np.clip(exposed, 0, 255).astype(np.uint8)

    def _curve(self, exposure: float) -> NDArray[np.uint8]:
        """(1, 256, 3) brightness curve: exposure and tint, a soft shoulder, gamma, contrast."""
        level = np.linspace(0, 1, 256)[:, None] * exposure * self._gain
        level = np.where(level > 0.8, 0.8 + 0.2 * (1 - np.exp(-(level - 0.8) / 0.2)), level) ** self._gamma
        smooth = level * level * (3 - 2 * level)
        level = (1 - self._contrast) * level + self._contrast * smooth
        return np.clip(level * 255, 0, 255).astype(np.uint8)[None]
