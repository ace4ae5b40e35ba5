# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Sky, sun and air of one day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_city.shapes import Floats
from mt_city.textures import Image, Rng, clouds


@dataclass(frozen=True)
class Weather:
    """Colours are RGB in 0..1; `to_sun` is a unit vector (3,); `visibility_m` is where haze hides 95 %."""

    kind: str
    to_sun: Floats
    sun_rgb: Floats
    ambient_rgb: Floats
    zenith_rgb: Floats
    horizon_rgb: Floats
    cloud_cover: float
    visibility_m: float

    @property
    def shadows(self) -> bool:
        """Whether the sun casts hard shadows."""
        return bool(self.sun_rgb.max() > 0.05)


_KINDS = ("sunny", "hazy", "overcast", "dusk")
_SHARES = (0.42, 0.2, 0.28, 0.1)


def random_weather(rng: Rng) -> Weather:
    """A day drawn at random."""
    kind = str(rng.choice(_KINDS, p=_SHARES))
    high = rng.uniform(8, 20) if kind == "dusk" else rng.uniform(18, 65)
    bearing, height = rng.uniform(0, 2 * np.pi), np.radians(high)
    to_sun = np.array([np.cos(height) * np.cos(bearing), np.cos(height) * np.sin(bearing), np.sin(height)])
    warmth = np.array([1, 0.95, 0.86]) if high > 30 else np.array([1, 0.86, 0.68])
    exposure = rng.uniform(0.75, 1.15)
    sun = {
        "sunny": rng.uniform(0.7, 0.95),
        "hazy": rng.uniform(0.3, 0.5),
        "overcast": 0.0,
        "dusk": rng.uniform(0.2, 0.4),
    }
    ambient = {
        "sunny": rng.uniform(0.36, 0.5),
        "hazy": 0.5,
        "overcast": rng.uniform(0.5, 0.7),
        "dusk": rng.uniform(0.25, 0.35),
    }
    tint = np.array([0.92, 1.0, 1.1]) if kind == "sunny" else np.array([0.97, 1.0, 1.03])
    zenith, horizon = _sky_colors(rng, kind)
    cover = {
        "sunny": rng.uniform(-0.5, 0.15),
        "hazy": rng.uniform(-0.2, 0.6),
        "overcast": 1.0,
        "dusk": rng.uniform(-0.3, 0.4),
    }
    reach = {"sunny": (600, 2500), "hazy": (250, 700), "overcast": (300, 1500), "dusk": (400, 1200)}[kind]
    return Weather(
        kind,
        to_sun,
        exposure * sun[kind] * warmth,
        exposure * ambient[kind] * tint,
        zenith,
        horizon,
        float(cover[kind]),
        float(rng.uniform(*reach)),
    )


def _sky_colors(rng: Rng, kind: str) -> tuple[Floats, Floats]:
    if kind == "sunny":
        zenith, horizon = np.array([0.24, 0.45, 0.78]), np.array([0.74, 0.84, 0.93])
    elif kind == "hazy":
        zenith, horizon = np.array([0.55, 0.66, 0.80]), np.array([0.87, 0.88, 0.88])
    elif kind == "overcast":
        zenith, horizon = np.array([0.68, 0.71, 0.75]), np.array([0.90, 0.91, 0.92])
    else:
        zenith, horizon = np.array([0.32, 0.40, 0.60]), np.array([0.96, 0.76, 0.58])
    zenith += rng.uniform(-0.07, 0.07) + rng.uniform(-0.025, 0.025, 3)
    horizon += rng.uniform(-0.08, 0.04) + rng.uniform(-0.012, 0.012, 3)
    return np.clip(zenith, 0, 1), np.clip(horizon, 0, 1)


def _cube_directions(size: int) -> NDArray[np.float32]:
    """(6, N, N, 3) viewing direction of each pixel of MuJoCo's sky cube, measured by rendering one."""
    c = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1)[None, :].repeat(size, 0)
    r, one = c.T, np.ones((size, size), np.float32)
    faces: list[tuple[Any, ...]] = [
        (one, c, -r),
        (-one, -c, -r),
        (c, -r, one),
        (c, r, -one),
        (c, -one, -r),
        (-c, one, -r),
    ]
    directions = np.stack([np.stack(face, -1) for face in faces])
    return directions / np.linalg.norm(directions, axis=-1, keepdims=True)


def sky_cube(rng: Rng, weather: Weather, size: int = 320) -> Image:
    """(6 N, N, 3): the six faces of the sky one below the other, in MuJoCo's order."""
    ways = _cube_directions(size)
    up = np.clip(ways[..., 2], 0, 1)
    mix = np.exp(-4.0 * up)[..., None]
    color = weather.zenith_rgb * (1 - mix) + weather.horizon_rgb * mix
    near_sun = np.clip(ways @ weather.to_sun, 0, 1)
    color += (0.35 * near_sun**12 + 0.8 * near_sun**300)[..., None] * np.minimum(weather.sun_rgb * 1.3, 1)
    cover = _cloud_layer(rng, ways, weather.cloud_cover)[..., None]
    shade = np.where(weather.kind == "dusk", [0.78, 0.66, 0.66], [0.93, 0.94, 0.96])
    color = color * (1 - cover) + cover * shade * (0.82 + 0.2 * cover)
    return np.clip(color * 255, 0, 255).astype(np.uint8).reshape(6 * size, size, 3)


def _cloud_layer(rng: Rng, ways: NDArray[np.float32], cover: float) -> NDArray[np.float32]:
    """Opacity of a flat cloud layer seen from below, thinner towards the horizon."""
    layer = clouds(rng, 512, 512, 128, octaves=6)
    height = np.maximum(ways[..., 2], 0.02) + 0.08
    u = (ways[..., 0] / height * 60).astype(np.float32) % 512
    v = (ways[..., 1] / height * 60).astype(np.float32) % 512
    shape = u.shape
    seen = cv2.remap(
        layer, u.reshape(-1, shape[-1]), v.reshape(-1, shape[-1]), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    opacity = np.clip((seen.reshape(shape) + cover) * 1.6, 0, 1) * np.clip(ways[..., 2] * 8, 0, 1)
    return (opacity * (0.5 if cover >= 1 else 0.9)).astype(np.float32)
