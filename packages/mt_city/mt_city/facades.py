# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Images of house fronts: walls, windows, doors, shop fronts, painted storey by storey.

A facade is a uint8 (H, W, 3) RGB image at `PX_PER_M`, street level at the bottom.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from mt_city.textures import Image, Rng, brick, noise, panels, plaster

PX_PER_M = 40.0

_WALLS = np.array(
    [
        (176, 106, 82),
        (150, 84, 66),
        (196, 150, 110),
        (168, 140, 112),
        (120, 84, 70),  # bricks
        (226, 216, 196),
        (232, 226, 214),
        (214, 190, 150),
        (206, 170, 140),
        (190, 196, 200),
        (222, 206, 160),
        (200, 150, 130),
        (168, 176, 160),
        (150, 152, 156),
        (184, 176, 164),
        (240, 238, 232),
        (176, 190, 204),
    ],
    float,
)
_FRAMES = np.array([(238, 238, 234), (70, 66, 62), (120, 84, 56), (52, 60, 58), (200, 198, 190)], float)
_SHOPS = np.array(
    [
        (34, 66, 52),
        (110, 28, 30),
        (28, 40, 78),
        (32, 32, 34),
        (196, 190, 178),
        (150, 92, 40),
        (70, 30, 60),
        (214, 168, 40),
    ],
    float,
)


@dataclass(frozen=True)
class FacadeStyle:
    """What one house front looks like; lengths in metres."""

    floors: int
    bays: int
    storey_m: float
    bay_m: float
    window_m: tuple[float, float]
    shop: bool
    office: bool

    @property
    def width_m(self) -> float:
        return self.bays * self.bay_m

    @property
    def height_m(self) -> float:
        return self.floors * self.storey_m + 0.6


def random_style(rng: Rng, floors: tuple[int, int], shop_share: float, office_share: float) -> FacadeStyle:
    """A house front with `floors` (lowest, highest) storeys."""
    office = bool(rng.random() < office_share)
    bay_m = float(rng.uniform(2.0, 3.6))
    storey_m = float(rng.uniform(2.8, 3.8))
    width = bay_m * (rng.uniform(0.7, 0.95) if office else rng.uniform(0.32, 0.55))
    height = storey_m * (rng.uniform(0.5, 0.85) if office else rng.uniform(0.42, 0.62))
    return FacadeStyle(
        int(rng.integers(floors[0], floors[1] + 1)),
        int(rng.integers(2, 6)),
        storey_m,
        bay_m,
        (float(width), float(height)),
        bool(rng.random() < shop_share),
        office,
    )


def facade(rng: Rng, style: FacadeStyle) -> Image:
    """The whole front: wall, a window per bay and storey, ground floor with doors or a shop, cornice."""
    height, width = round(style.height_m * PX_PER_M), round(style.width_m * PX_PER_M)
    wall = _wall(rng, height, width, style.office)
    frame = _FRAMES[rng.integers(len(_FRAMES))]
    trim = np.clip(wall.mean((0, 1)) * rng.uniform(0.75, 1.3), 0, 245)
    sections, arched = int(rng.integers(1, 4)), bool(rng.random() < 0.2)
    for floor in range(1 if style.shop else 0, style.floors):
        for bay in range(style.bays):
            _window(rng, wall, style, bay, floor, frame, trim, sections, arched)
        if rng.random() < 0.3:
            y = height - round(floor * style.storey_m * PX_PER_M)
            cv2.rectangle(wall, (0, y - 5), (width, y), trim.tolist(), -1)
    _shop(rng, wall, style) if style.shop else _door(rng, wall, style, frame)
    cv2.rectangle(wall, (0, 0), (width, int(0.3 * PX_PER_M)), trim.tolist(), -1)
    cv2.rectangle(wall, (0, int(0.3 * PX_PER_M)), (width, int(0.42 * PX_PER_M)), (trim * 0.55).tolist(), -1)
    return wall


def _wall(rng: Rng, height: int, width: int, office: bool) -> Image:
    pick = int(rng.integers(len(_WALLS)))
    color = np.clip(_WALLS[pick] * rng.uniform(0.85, 1.1) + rng.uniform(-8, 8, 3), 20, 245)
    if office:
        return panels(rng, height, width, PX_PER_M, 0.5 * color + 70)
    if pick < 5 or rng.random() < 0.15:
        return brick(rng, height, width, PX_PER_M, color)
    return plaster(rng, height, width, color)


def _glass(rng: Rng, height: int, width: int) -> Image:
    """Dark panes with a reflection of sky and houses, and now and then a curtain or a lit room."""
    depth = np.linspace(rng.uniform(0.9, 1.9), rng.uniform(0.5, 1.0), height)[:, None]
    light = depth * (1 + 0.35 * noise(rng, height, width, max(height / 3, 4)))
    base = np.array([(46, 54, 62), (60, 70, 80), (34, 38, 40), (86, 98, 112)][rng.integers(4)], float)
    pane = base * np.clip(light, 0.3, 2.2)[..., None]
    kind = rng.random()
    if kind < 0.3:
        pane[: int(height * rng.uniform(0.2, 0.9))] = np.array((206, 202, 192)) * rng.uniform(0.6, 1)
    elif kind < 0.42:
        side = max(1, width // 5)
        pane[:, :side] = pane[:, -side:] = np.array((190, 180, 165)) * rng.uniform(0.5, 1)
    elif kind < 0.46:
        pane = pane * 0.4 + np.array((200, 160, 90))
    return np.clip(pane, 0, 255).astype(np.uint8)


def _window(
    rng: Rng,
    wall: Image,
    style: FacadeStyle,
    bay: int,
    floor: int,
    frame: np.ndarray,
    trim: np.ndarray,
    sections: int,
    arched: bool,
) -> None:
    px = PX_PER_M
    width, height = round(style.window_m[0] * px), round(style.window_m[1] * px)
    x = round((bay + 0.5) * style.bay_m * px - width / 2)
    sill = 0.35 if style.office else 0.85
    bottom = wall.shape[0] - round((floor * style.storey_m + sill) * px)
    y = max(bottom - height, round(0.45 * px))
    height = bottom - y
    if height < 8:
        return
    cv2.rectangle(wall, (x - 5, y - 6), (x + width + 4, y + height + 3), trim.tolist(), -1)
    wall[y : y + height, x : x + width] = _glass(rng, height, width)
    wall[y : y + 4, x : x + width] //= 2  # the shadow of the lintel: windows lie deep in the wall
    color = frame.tolist()
    cv2.rectangle(wall, (x, y), (x + width - 1, y + height - 1), color, 2)
    for i in range(1, sections + 1):
        cv2.line(wall, (x + i * width // (sections + 1), y), (x + i * width // (sections + 1), y + height), color, 2)
    if not style.office:
        cv2.line(wall, (x, y + height // 2), (x + width, y + height // 2), color, 2)
    if arched:
        cv2.ellipse(wall, (x + width // 2, y), (width // 2 + 4, 8), 0, 180, 360, trim.tolist(), -1)
    cv2.rectangle(wall, (x - 7, y + height), (x + width + 6, y + height + 4), np.clip(trim * 1.15, 0, 250).tolist(), -1)
    cv2.line(wall, (x - 6, y + height + 6), (x + width + 6, y + height + 6), (trim * 0.5).tolist(), 2)


def _door(rng: Rng, wall: Image, style: FacadeStyle, frame: np.ndarray) -> None:
    width, height = round(1.05 * PX_PER_M), round(2.2 * PX_PER_M)
    x = round((rng.integers(style.bays) + 0.5) * style.bay_m * PX_PER_M - width / 2)
    y = wall.shape[0] - height
    color = _SHOPS[rng.integers(len(_SHOPS))]
    cv2.rectangle(wall, (x - 8, y - 8), (x + width + 8, y + height), frame.tolist(), -1)
    cv2.rectangle(wall, (x, y), (x + width, y + height), color.tolist(), -1)
    cv2.rectangle(wall, (x + 8, y + 8), (x + width - 8, y + height // 3), (color * 0.5 + 20).tolist(), -1)
    cv2.rectangle(wall, (x + 8, y + height // 2), (x + width - 8, y + height - 10), (color * 0.8).tolist(), 2)


def _shop(rng: Rng, wall: Image, style: FacadeStyle) -> None:
    """Ground floor of glass with goods behind it, under a name board."""
    px, (height, width) = PX_PER_M, wall.shape[:2]
    top = height - round((style.storey_m - 0.15) * px)
    color = _SHOPS[rng.integers(len(_SHOPS))]
    wall[top:] = np.clip(color * 0.9, 0, 255).astype(np.uint8)
    board = round(0.65 * px)
    panes = max(2, round(style.width_m / rng.uniform(1.2, 2.4)))
    edges = np.linspace(8, width - 8, panes + 1).astype(int)
    entrance = int(rng.integers(panes))
    for i, (left, right) in enumerate(pairwise(edges.tolist())):
        bottom = height - (4 if i == entrance else round(0.45 * px))
        y, x0, x1 = top + board + 6, left + 4, right - 4
        wall[y:bottom, x0:x1] = _glass(rng, bottom - y, x1 - x0)
        for _ in range(rng.integers(0, 7)):
            cx, size = int(rng.integers(x0, x1)), rng.integers(4, 18, 2)
            cy = int(rng.integers((y + bottom) // 2, bottom))
            goods = rng.uniform(30, 220, 3).tolist()
            cv2.rectangle(
                wall,
                (max(cx - size[0], x0), cy - size[1]),
                (min(cx + size[0], x1), min(cy + size[1], bottom)),
                goods,
                -1,
            )
    _lettering(rng, wall[top + 4 : top + board], color)


def _lettering(rng: Rng, board: Image, color: np.ndarray) -> None:
    """A made-up name on a shop's board."""
    board[:] = np.clip(color * rng.uniform(0.8, 1.2), 0, 255).astype(np.uint8)
    ink = (235, 228, 205) if color.mean() < 120 else (40, 30, 30)
    text = "".join(rng.choice(list("AEIOURSTLNMCD"), rng.integers(4, 10)))
    scale = board.shape[0] / 34
    x = int(rng.integers(6, max(8, board.shape[1] // 3)))
    cv2.putText(board, text, (x, board.shape[0] - 7), cv2.FONT_HERSHEY_DUPLEX, scale, ink, 2, cv2.LINE_AA)
