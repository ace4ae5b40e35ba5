# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Buildings: a painted facade round a block, with roof, balconies, awnings and chimneys.

A building's front lies on y = 0 and looks to -y; it is centred on x = 0 and stands on z = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mt_city.facades import FacadeStyle
from mt_city.furniture import DARK, GLOW, METAL, PAINTED, STONE
from mt_city.scene import swatch
from mt_city.shapes import UV, Mesh, box, merge, quads, tube
from mt_city.textures import Rng

ROOF_TILE_M = 2.0


@dataclass(frozen=True)
class Building:
    """walls show the facade, roof shows roof tiles, extras show the furniture palette."""

    walls: Mesh
    roof: Mesh
    extras: Mesh
    width_m: float
    depth_m: float


def building(rng: Rng, style: FacadeStyle) -> Building:
    """A house with the given front."""
    width, height = style.width_m, style.height_m
    depth = float(rng.uniform(8, 13))
    pitched = not style.office and style.floors <= 5 and bool(rng.random() < 0.65)
    roof = _gable(width, depth, height, float(rng.uniform(0.5, 0.95))) if pitched else _flat(width, depth, height)
    extras = [box((0, -0.08, height - 0.12), (width + 0.1, 0.22, 0.2), swatch(STONE))]
    if pitched:
        extras += [_chimney(float(x), depth, height) for x in rng.uniform(-0.4, 0.4, rng.integers(0, 3)) * width]
    if rng.random() < 0.35 and style.floors > 2 and not style.office:
        extras += _balconies(rng, style)
    if style.shop:
        extras += _shop_front(rng, style)
    if rng.random() < 0.5:
        x = float(rng.choice([-1, 1])) * (width / 2 - 0.15)
        extras.append(tube((x, -0.08, 0), (x, -0.08, height - 0.2), 0.05, swatch(METAL), sides=5))
    return Building(_walls(style, depth), roof, merge(extras), width, depth)


def _walls(style: FacadeStyle, depth: float) -> Mesh:
    """Front and back show the whole image, the sides as many bays as fit, from the upper storeys."""
    w, h = style.width_m / 2, style.height_m
    corners = [
        [(-w, 0, 0), (w, 0, 0), (w, 0, h), (-w, 0, h)],
        [(w, 0, 0), (w, depth, 0), (w, depth, h), (w, 0, h)],
        [(w, depth, 0), (-w, depth, 0), (-w, depth, h), (w, depth, h)],
        [(-w, depth, 0), (-w, 0, 0), (-w, 0, h), (-w, depth, h)],
    ]
    bays = max(1, round(depth / style.bay_m)) * style.bay_m / style.width_m
    full: list[UV] = [(0, 1), (1, 1), (1, 0), (0, 0)]
    side: list[UV] = [(0, 1), (bays, 1), (bays, 0), (0, 0)]
    return quads(np.array(corners, float), np.array([full, side, full, side]))


def _flat(width: float, depth: float, height: float) -> Mesh:
    slab = box((0, depth / 2, height + 0.12), (width, depth, 0.25), [(0, 0.2), (1, 0.2), (1, 0), (0, 0)])
    hut = box(
        (0.15 * width, 0.6 * depth, height + 1.1),
        (0.25 * width, 0.3 * depth, 1.9),
        [(0, 0.2), (0.4, 0.2), (0.4, 0), (0, 0)],
    )
    return merge([slab, hut])


def _gable(width: float, depth: float, height: float, slope: float) -> Mesh:
    """Two slopes with a ridge along the street, and the triangles at their ends."""
    w, eave = width / 2 + 0.05, 0.35
    ridge = height + slope * depth / 2
    low = height - slope * eave
    front = [(-w, -eave, low), (w, -eave, low), (w, depth / 2, ridge), (-w, depth / 2, ridge)]
    rear = [(w, depth + eave, low), (-w, depth + eave, low), (-w, depth / 2, ridge), (w, depth / 2, ridge)]
    u, v = width / ROOF_TILE_M, float(np.hypot(depth / 2, slope * depth / 2)) / ROOF_TILE_M
    uvs = [(0, v), (u, v), (u, 0), (0, 0)]
    ends = [
        [(x, 0, height), (x, depth, height), (x, depth / 2, ridge), (x, depth / 2, ridge)][:: 1 if x > 0 else -1]
        for x in (-width / 2, width / 2)
    ]
    return merge([quads([front, rear], [uvs, uvs]), quads(ends, (0.5, 0.5))])


def _chimney(x: float, depth: float, height: float) -> Mesh:
    top = height + 0.5 * depth
    return merge(
        [
            box((x, depth / 2 + 0.6, top - 0.6), (0.6, 0.9, 2.4), swatch(STONE)),
            *(
                tube(
                    (x, depth / 2 + 0.6 + y, top + 0.6),
                    (x, depth / 2 + 0.6 + y, top + 1.0),
                    0.11,
                    swatch(PAINTED),
                    sides=6,
                )
                for y in (-0.25, 0.25)
            ),
        ]
    )


def _balconies(rng: Rng, style: FacadeStyle) -> list[Mesh]:
    """Slabs with railings in front of some columns of windows."""
    parts: list[Mesh] = []
    bays = [b for b in range(style.bays) if rng.random() < 0.6]
    solid = bool(rng.random() < 0.4)
    for bay in bays:
        x, size = (bay + 0.5) * style.bay_m - style.width_m / 2, 0.85 * style.bay_m
        for floor in range(1, style.floors):
            z = floor * style.storey_m + 0.2
            parts.append(box((x, -0.5, z), (size, 1.0, 0.14), swatch(STONE)))
            if solid:
                parts.append(
                    box((x, -0.97, z + 0.5), (size, 0.05, 0.95), swatch(GLOW if rng.random() < 0.3 else STONE))
                )
                continue
            parts.append(box((x, -0.97, z + 1.0), (size, 0.05, 0.05), swatch(DARK)))
            parts += [
                box((x + dx, -0.97, z + 0.5), (0.03, 0.03, 1.0), swatch(DARK))
                for dx in np.linspace(-size / 2, size / 2, 7)
            ]
    return parts


def _shop_front(rng: Rng, style: FacadeStyle) -> list[Mesh]:
    """An awning or a sign that sticks out over the pavement."""
    w, z = style.width_m / 2, style.storey_m
    parts = [box((0, -0.06, z - 0.15), (2 * w, 0.2, 0.12), swatch(PAINTED))]
    if rng.random() < 0.4:
        color = int(rng.choice([PAINTED, GLOW, STONE]))
        sheet = [
            (-0.9 * w, -1.3, z - 1.1),
            (0.9 * w, -1.3, z - 1.1),
            (0.9 * w, -0.02, z - 0.55),
            (-0.9 * w, -0.02, z - 0.55),
        ]
        parts += [
            quads([sheet, sheet[::-1]], swatch(color)),
            box((0, -1.3, z - 1.2), (1.8 * w, 0.03, 0.22), swatch(color)),
        ]
    if rng.random() < 0.5:
        x = float(rng.uniform(-0.8, 0.8)) * w
        parts += [box((x, -0.55, z + 0.5), (0.1, 0.75, 0.6), swatch(int(rng.choice([PAINTED, GLOW, DARK]))))]
    return parts
