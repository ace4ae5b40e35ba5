# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Ground, wall and leaf images made from noise. All tile seamlessly; all are uint8 (H, W, 3) RGB."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Image = NDArray[np.uint8]
Gray = NDArray[np.float32]
Rng = np.random.Generator


def noise(rng: Rng, height: int, width: int, cell_px: float) -> Gray:
    """(H, W) float32 in about -1..1: soft spots of `cell_px` pixels that repeat at the borders."""
    rows, columns = max(2, round(height / cell_px)), max(2, round(width / cell_px))
    coarse = np.pad(rng.uniform(-1, 1, (rows, columns)).astype(np.float32), 2, mode="wrap")
    size = (round(width * (columns + 4) / columns), round(height * (rows + 4) / rows))
    fine = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    top, left = round(2 * height / rows), round(2 * width / columns)
    return np.asarray(fine[top : top + height, left : left + width], np.float32)


def clouds(rng: Rng, height: int, width: int, cell_px: float, octaves: int = 4) -> Gray:
    """Noise at several scales, each half as large and half as strong, in about -1..1."""
    layers = [noise(rng, height, width, max(cell_px / 2**i, 1.0)) * 0.5**i for i in range(octaves)]
    return np.asarray(np.sum(layers, axis=0) / (2 - 0.5 ** (octaves - 1)), np.float32)


def tinted(color: ArrayLike, light: Gray) -> Image:
    """An image of one colour, brightness scaled by `light` (H, W) around 1."""
    return np.clip(np.asarray(color, np.float32) * light[..., None], 0, 255).astype(np.uint8)


def asphalt(rng: Rng, size: int = 1024) -> Image:
    """Worn tarmac, 16 m wide: grain, stains, darker tracks along u, seams, cracks and repaired patches."""
    rough = rng.uniform(0.05, 0.11)
    light = 1 + rng.uniform(0.06, 0.16) * clouds(rng, size, size, size / 5, 5) + 0.05 * noise(rng, size, size, 4)
    light += rough * rng.standard_normal((size, size), np.float32)
    tracks = noise(rng, size, 2, 60)[:, :1]
    light = np.ascontiguousarray(light + rng.uniform(0, 0.08) * tracks)
    for _ in range(rng.integers(0, 5)):
        row, column = rng.integers(0, size - 260, 2)
        height, width = int(rng.integers(25, 130)), int(rng.integers(30, 260))
        light[row : row + height, column : column + width] *= rng.uniform(0.82, 1.12)
        cv2.rectangle(light, (column, row), (column + width, row + height), 0.7, 1)
    for _ in range(rng.integers(0, 14)):
        steps = rng.normal(0, 12, (22, 2)) + rng.normal(0, 10, 2)
        path = np.cumsum(np.vstack([rng.uniform(0, size, 2), steps]), 0).astype(np.int32)
        cv2.polylines(light, [path], False, rng.uniform(0.55, 0.8), int(rng.integers(1, 3)), cv2.LINE_AA)
    for _ in range(rng.integers(0, 5)):
        centre = rng.integers(30, size - 30, 2)
        cv2.circle(light, (int(centre[0]), int(centre[1])), 20, 0.78, -1, cv2.LINE_AA)
        cv2.circle(light, (int(centre[0]), int(centre[1])), 20, 0.5, 2, cv2.LINE_AA)
    gray = rng.uniform(68, 138)
    return tinted(gray * np.array([1, 1, 1]) + rng.uniform(-5, 5, 3), light)


def paving(rng: Rng, size: int = 256) -> Image:
    """Pavement, 2 m wide: slabs, small setts, bricks or plain concrete."""
    light = 1 + 0.08 * clouds(rng, size, size, size / 3) + 0.06 * rng.standard_normal((size, size), np.float32)
    rows, columns = [(4, 4), (4, 2), (3, 3), (10, 5), (16, 16), (1, 1)][rng.integers(6)]
    color = [(150, 147, 142), (165, 155, 140), (130, 130, 132), (150, 105, 88), (178, 172, 160)][rng.integers(5)]
    return tinted(color, light * _courses(rng, size, size, rows, columns, 0.06))


def _courses(rng: Rng, height: int, width: int, rows: int, columns: int, spread: float, joint: float = 0.72) -> Gray:
    """Brightness of stones in shifted rows, with joints between them."""
    light = np.ones((height, width), np.float32)
    y = np.linspace(0, height, rows + 1).astype(int)
    for row in range(rows):
        stones = np.repeat(1 + spread * rng.standard_normal(columns), -(-width // columns))[:width]
        band = np.roll(stones, (row % 2) * width // (2 * columns))
        light[y[row] : y[row + 1]] = band
        edges = np.linspace(0, width, columns, endpoint=False) + (row % 2) * width / (2 * columns)
        light[y[row] : y[row + 1], edges.astype(int) % width] = joint
        light[y[row]] = joint
    return light


def brick(rng: Rng, height: int, width: int, px_per_m: float, color: ArrayLike) -> Image:
    """Brickwork of about 7 x 22 cm courses."""
    rows = max(2, int(height / px_per_m / 0.085))
    columns = max(2, int(width / px_per_m / 0.24))
    light = _courses(rng, height, width, rows, columns, 0.10, 1.18) * (1 + 0.1 * clouds(rng, height, width, width / 3))
    return tinted(color, light)


def plaster(rng: Rng, height: int, width: int, color: ArrayLike) -> Image:
    """Render with streaks that run down and a darker foot."""
    light = 1 + 0.05 * clouds(rng, height, width, width / 3) + 0.02 * rng.standard_normal((height, width), np.float32)
    streaks = cv2.resize(noise(rng, 4, width, 6), (width, height), interpolation=cv2.INTER_LINEAR)
    foot = np.linspace(0, 1, height, dtype=np.float32)[:, None] ** 8
    return tinted(color, light + 0.04 * streaks - 0.15 * foot)


def panels(rng: Rng, height: int, width: int, px_per_m: float, color: ArrayLike) -> Image:
    """Metal, stone or concrete panels of about 1.2 x 0.8 m."""
    rows, columns = max(1, int(height / px_per_m / 0.8)), max(1, int(width / px_per_m / 1.3))
    light = _courses(rng, height, width, rows, columns, 0.04, 0.8)
    return tinted(color, light * (1 + 0.05 * clouds(rng, height, width, width / 2)))


def grass(rng: Rng, size: int = 256) -> Image:
    """Lawn or rough ground, 4 m wide."""
    green = np.array([[88, 108, 52], [112, 118, 66], [70, 96, 44], [134, 122, 80]])[rng.integers(4)]
    dry = np.array([135, 120, 85])
    mix = np.clip(0.35 + 0.7 * clouds(rng, size, size, size / 4), 0, 1)[..., None]
    light = 1 + 0.22 * noise(rng, size, size, 3) + 0.16 * rng.standard_normal((size, size), np.float32)
    return np.clip((green * (1 - 0.5 * mix) + dry * 0.5 * mix) * light[..., None], 0, 255).astype(np.uint8)


def leaves(rng: Rng, color: ArrayLike, size: int = 256) -> Image:
    """Foliage from bright tips to dark gaps."""
    light = (
        0.85 + 0.22 * noise(rng, size, size, 28) + 0.4 * noise(rng, size, size, 8) + 0.35 * noise(rng, size, size, 3)
    )
    warm = 12 * noise(rng, size, size, 24)
    image = np.asarray(color, np.float32) * np.clip(light, 0.15, 1.6)[..., None]
    image[..., 0] += warm
    return np.clip(image, 0, 255).astype(np.uint8)


def bark(rng: Rng, size: int = 64) -> Image:
    """Bark with grooves along the trunk."""
    color = [(92, 78, 64), (110, 100, 88), (70, 60, 52), (128, 122, 110)][rng.integers(4)]
    grooves = np.broadcast_to(noise(rng, 2, size, 4)[:1], (size, size))
    return tinted(color, 1 + 0.25 * grooves + 0.2 * noise(rng, size, size, 5))


def worn_paint(rng: Rng, color: ArrayLike = (225, 225, 218), size: int = 128) -> Image:
    """Road paint that has been driven on."""
    wear = np.clip(1.0 + 0.25 * clouds(rng, size, size, size / 4) + 0.14 * rng.standard_normal((size, size)), 0.45, 1.1)
    return tinted(color, (wear * rng.uniform(0.75, 1.05)).astype(np.float32))


def roof_tiles(rng: Rng, size: int = 128) -> Image:
    """Clay tiles or slate, 2 m wide."""
    color = [(140, 78, 58), (92, 88, 90), (116, 72, 60), (72, 76, 84), (125, 100, 84)][rng.integers(5)]
    return tinted(color, _courses(rng, size, size, 8, 8, 0.09, 0.7) * (1 + 0.1 * clouds(rng, size, size, size / 2)))
