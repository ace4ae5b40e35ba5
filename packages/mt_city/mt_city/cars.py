# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Cars and vans: a body lofted through cross-sections, with glass, wheels and lights.

Every vehicle points along +x, stands on z = 0 and is centred on x = y = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mt_city.paint import CHROME, GLASS, HEADLIGHT, PAINT, PLATE, RIM, TAILLIGHT, TRIM, TYRE
from mt_city.scene import SWATCHES, swatch
from mt_city.shapes import Floats, Mesh, box, disc, merge, quads, smoothed, tube


@dataclass(frozen=True)
class CarShape:
    """Lengths in metres. Fractions of the length, from the rear: where boot, cabin and bonnet change."""

    length: float
    width: float
    height: float
    belt: float
    bonnet: float
    boot: float
    rear_glass: tuple[float, float]
    wind_screen: tuple[float, float]
    wheel: float
    roof_inset: float


CAR_SHAPES = {
    "hatchback": CarShape(3.9, 1.70, 1.48, 0.92, 0.86, 0.95, (0.01, 0.13), (0.52, 0.74), 0.30, 0.80),
    "sedan": CarShape(4.6, 1.80, 1.44, 0.92, 0.84, 0.98, (0.14, 0.30), (0.53, 0.71), 0.32, 0.76),
    "estate": CarShape(4.6, 1.80, 1.48, 0.92, 0.84, 0.95, (0.01, 0.09), (0.54, 0.72), 0.32, 0.80),
    "suv": CarShape(4.5, 1.88, 1.72, 1.06, 1.02, 1.08, (0.01, 0.10), (0.54, 0.70), 0.36, 0.82),
    "minivan": CarShape(4.5, 1.82, 1.72, 1.02, 0.98, 1.05, (0.01, 0.07), (0.60, 0.84), 0.32, 0.84),
    "van": CarShape(5.4, 2.00, 2.35, 1.25, 1.18, 1.25, (0.005, 0.02), (0.70, 0.86), 0.34, 0.90),
    "coupe": CarShape(4.3, 1.80, 1.32, 0.88, 0.80, 0.92, (0.08, 0.34), (0.48, 0.68), 0.33, 0.72),
}


def car(shape: CarShape, panel_van: bool = False, fine: bool = True) -> Mesh:
    """A whole car; `panel_van` has no windows behind the driver; not `fine` is for the distance."""
    body = smoothed(_body(shape, panel_van))
    length, width = shape.length, shape.width
    axles = (0.31 * length, -0.30 * length)
    parts = [body, *_front(shape), *_rear(shape)]
    parts += [wheel(x, side * (width / 2 - 0.10), shape.wheel, fine=fine) for x in axles for side in (-1, 1)]
    if fine:
        parts += [_arch(x, side * width / 2, shape.wheel) for x in axles for side in (-1, 1)]
        parts += _mirrors(shape) + _seams(shape)
    return merge(parts)


def _stations(shape: CarShape) -> tuple[Floats, list[str]]:
    """Rows of (x fraction, top height, width factor) along the car, and what lies between each two of them."""
    r0, r1 = shape.rear_glass
    w0, w1 = shape.wind_screen
    top, belt = shape.height, shape.belt
    mid = 0.5 * (r1 + w0) + 0.03
    rows = [(0.0, 0.80 * shape.boot, 0.93), (0.004, shape.boot, 0.95)]
    kinds = ["shut"]
    if r0 > 0.03:
        rows += [(0.06, shape.boot, 0.97), (r0, shape.boot + 0.01, 0.99)]
        kinds += ["shut", "shut"]
    rows += [
        (r1, top - 0.05, 1.0),
        (r1 + 0.07, top - 0.01, 1.0),
        (mid - 0.012, top, 1.0),
        (mid + 0.012, top, 1.0),
        (w0, top - 0.03, 1.0),
        (w1, shape.bonnet + 0.03, 1.0),
        (0.90, shape.bonnet - 0.08, 0.97),
        (0.97, shape.bonnet - 0.17, 0.92),
        (0.995, 0.62 * shape.bonnet, 0.86),
    ]
    kinds += ["rear glass", "pillar", "cabin", "pillar", "cabin", "wind screen", "shut", "shut", "shut"]
    table = np.array(rows)
    table[:, 1] = np.maximum(table[:, 1], 0.55 * belt)
    return table, kinds


def _section(shape: CarShape, top: float, factor: float) -> Floats:
    """(11, 2) (y, z) points of one cross-section, from the right sill over the roof to the left sill."""
    half = factor * shape.width / 2
    belt = min(shape.belt, top - 0.015)
    rail = top - 0.06 * (top - belt) - 0.01
    lean = np.interp(top - shape.belt, [0, shape.height - shape.belt], [0.97, shape.roof_inset])
    right = [(0.90 * half, 0.19), (0.99 * half, 0.30), (half, 0.62 * belt), (0.965 * half, belt), (lean * half, rail)]
    return np.array([(-y, z) for y, z in right] + [(0.0, top)] + [(y, z) for y, z in reversed(right)])


_BANDS = ("side", "side", "side", "window", "roof", "roof", "window", "side", "side", "side")


def _body(shape: CarShape, panel_van: bool) -> Mesh:
    table, kinds = _stations(shape)
    x = (table[:, 0] - 0.5) * shape.length
    rings = np.stack(
        [np.column_stack([np.full(11, x[i]), _section(shape, top, factor)]) for i, (_, top, factor) in enumerate(table)]
    )
    a, b = rings[:-1, :-1], rings[:-1, 1:]
    c, d = rings[1:, 1:], rings[1:, :-1]
    corners = np.stack([a, d, c, b], 2)
    rows = [[_material(kind, band, panel_van and i < 7) for band in _BANDS] for i, kind in enumerate(kinds)]
    u = (np.array(rows) + 0.5) / SWATCHES
    v = np.clip(1 - (corners[..., 2] - 0.15) / (shape.height - 0.15), 0.02, 0.98)
    glass = np.array(rows) == GLASS
    span = np.clip((shape.height - corners[..., 2]) / (shape.height - shape.belt), 0.02, 0.98)
    v = np.where(glass[..., None], span, v)
    uvs = np.stack([np.broadcast_to(u[..., None], v.shape), v], -1)
    caps = [_cap(rings[0], -1, shape), _cap(rings[-1], 1, shape)]
    floor = np.stack([rings[:-1, 0], rings[:-1, -1], rings[1:, -1], rings[1:, 0]], 1)
    return merge([quads(corners.reshape(-1, 4, 3), uvs.reshape(-1, 4, 2)), *caps, quads(floor, swatch(TRIM))])


def _material(kind: str, band: str, closed: bool) -> int:
    if closed and band == "window":
        return PAINT
    if band == "roof":
        return GLASS if kind in ("wind screen", "rear glass") and not closed else PAINT
    if band == "window":
        return {"cabin": GLASS, "wind screen": TRIM, "pillar": TRIM}.get(kind, PAINT)
    return PAINT


def _cap(ring: Floats, way: int, shape: CarShape) -> Mesh:
    """Closes the front (+1) or the rear (-1)."""
    rows = [
        quads([np.stack([ring[i], ring[10 - i], ring[9 - i], ring[i + 1]])[::way]], swatch(PAINT, 0.45 + 0.1 * (4 - i)))
        for i in range(5)
    ]
    return merge(rows)


def wheel(x: float, y: float, radius: float, width: float = 0.2, fine: bool = True) -> Mesh:
    """A tyre with a rim; the outside is the side away from y = 0."""
    side = float(np.sign(y))
    tyre = tube((x, y - width / 2, radius), (x, y + width / 2, radius), radius, swatch(TYRE), sides=14 if fine else 8)
    face = y + side * (width / 2 + 0.004)
    rim = disc((x, face, radius), (0, side, 0), 0.68 * radius, swatch(RIM), sides=14 if fine else 6)
    if not fine:
        return merge([tyre, rim])
    spokes = [
        box((x, face, radius), (0.05, 0.012, 1.25 * radius), swatch(TRIM)),
        box((x, face, radius), (1.25 * radius, 0.012, 0.05), swatch(TRIM)),
    ]
    return merge([tyre, rim, *spokes, disc((x, face + side * 0.008, radius), (0, side, 0), 0.2 * radius, swatch(RIM))])


def _arch(x: float, y: float, radius: float) -> Mesh:
    """The dark opening round a wheel."""
    side = float(np.sign(y))
    return disc((x, y + side * 0.004, radius + 0.02), (0, side, 0), 1.22 * radius, swatch(TRIM), sides=16)


def _front(shape: CarShape) -> list[Mesh]:
    x, half = 0.492 * shape.length, shape.width / 2
    light = 0.66 * shape.bonnet
    parts = [box((x - 0.09, side * 0.68 * half, light), (0.16, 0.30, 0.14), swatch(HEADLIGHT)) for side in (-1, 1)]
    parts.append(box((x - 0.02, 0, 0.58 * shape.bonnet), (0.06, 0.85 * half, 0.16), swatch(TRIM)))
    parts.append(box((x - 0.02, 0, 0.30), (0.08, 1.5 * half, 0.14), swatch(TRIM)))
    parts.append(box((x + 0.02, 0, 0.44), (0.02, 0.50, 0.11), swatch(PLATE)))
    return parts


def _rear(shape: CarShape) -> list[Mesh]:
    x, half = -0.5 * shape.length, shape.width / 2
    light = 0.80 * shape.boot
    tall = 0.34 if shape.height > 1.6 else 0.17
    parts = [box((x + 0.05, side * 0.80 * half, light), (0.12, 0.24, tall), swatch(TAILLIGHT)) for side in (-1, 1)]
    parts.append(box((x - 0.002, 0, 0.62), (0.02, 0.50, 0.11), swatch(PLATE)))
    parts.append(box((x + 0.01, 0, 0.34), (0.06, 1.6 * half, 0.12), swatch(TRIM)))
    if shape.rear_glass[0] < 0.03:  # a steep tail: its window is in the rear wall
        parts.append(box((x + 0.03, 0, shape.belt + 0.12), (0.06, 1.5 * half, 0.20), swatch(GLASS, 0.4)))
    return parts


def _mirrors(shape: CarShape) -> list[Mesh]:
    x = (shape.wind_screen[1] - 0.55) * shape.length
    return [
        box((x, side * (shape.width / 2 + 0.08), shape.belt + 0.08), (0.10, 0.20, 0.14), swatch(PAINT, 0.5))
        for side in (-1, 1)
    ]


def _seams(shape: CarShape) -> list[Mesh]:
    """Door gaps and handles: hair-thin boxes on the sides."""
    low, high = 0.42, shape.belt - 0.02
    rear, front = shape.rear_glass[1] + 0.02, shape.wind_screen[1] - 0.06
    gaps = [(f - 0.5) * shape.length for f in (rear, 0.5 * (rear + front) + 0.02, front)]
    parts = []
    for side in (-1, 1):
        y = side * (shape.width / 2 - 0.012)
        parts += [box((x, y, (low + high) / 2), (0.010, 0.02, high - low), swatch(TRIM)) for x in gaps]
        parts += [box((x + 0.14, y, shape.belt - 0.1), (0.16, 0.03, 0.03), swatch(CHROME)) for x in gaps[:2]]
        parts.append(box((0, y, 0.30), (0.5 * shape.length, 0.03, 0.10), swatch(TRIM)))
    return parts
