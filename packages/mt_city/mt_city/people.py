# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""People on foot, bicycles, motorcycles and those who ride them. +x forward, on z = 0, metres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mt_city.scene import palette_image, swatch
from mt_city.shapes import Floats, Mesh, blob, box, merge, tube, xyz
from mt_city.textures import Image, Rng

SKIN, HAIR, TOP, LEGS, SHOES, BAG, FRAME, RUBBER, METAL, SADDLE, LAMP = range(11)
"""What each swatch of a person's or cycle's palette is."""

GAIT_PHASES = 8
"""Meshes of one walking cycle."""

_SKINS = np.array([(224, 178, 150), (198, 150, 120), (150, 104, 78), (96, 66, 50)], float)
_HAIRS = np.array([(40, 32, 28), (84, 58, 38), (150, 120, 76), (130, 126, 122), (24, 22, 22)], float)
_CLOTHES = np.array(
    [
        (30, 32, 38),
        (52, 58, 80),
        (88, 92, 98),
        (150, 40, 40),
        (40, 70, 120),
        (200, 196, 188),
        (70, 80, 60),
        (110, 84, 64),
        (190, 150, 60),
        (60, 110, 100),
        (120, 60, 100),
        (214, 110, 50),
        (230, 228, 222),
        (24, 24, 26),
        (98, 120, 150),
    ],
    float,
)


def clothes_palette(rng: Rng) -> Image:
    """Skin, hair and clothes of one person, colours of one cycle."""
    top, frame = _CLOTHES[rng.integers(len(_CLOTHES), size=2)]
    legs = _CLOTHES[rng.choice([0, 1, 2, 6, 7, 13, 13, 1])]
    skin, hair = _SKINS[rng.integers(len(_SKINS))], _HAIRS[rng.integers(len(_HAIRS))]
    bag = _CLOTHES[rng.integers(len(_CLOTHES))]
    return palette_image(
        [skin, hair, top, legs, (34, 30, 30), bag, frame, (24, 24, 24), (150, 152, 155), (30, 28, 28), (230, 225, 200)],
        {TOP: [top * 1.1, top, top * 0.8], LEGS: [legs * 1.1, legs * 0.85]},
    )


def _limb(points: ArrayLike, radii: ArrayLike, color: int, sides: int = 6) -> list[Mesh]:
    """Bars from point to point, with a ball at each joint between them."""
    p, r = np.asarray(points, float), np.asarray(radii, float)
    bars = [tube(p[i], p[i + 1], r[i], swatch(color), r[i + 1], sides, caps=False) for i in range(len(p) - 1)]
    return bars + [blob(p[i], r[i], swatch(color), 3, sides) for i in range(1, len(p) - 1)]


def _bent(root: ArrayLike, lengths: tuple[float, float], first: float, second: float) -> Floats:
    """(3, 3) root, middle and end joint of a limb that hangs down; angles forward from straight down, radians."""
    start = np.asarray(root, float)
    middle = start + lengths[0] * np.array([np.sin(first), 0, -np.cos(first)])
    end = middle + lengths[1] * np.array([np.sin(second), 0, -np.cos(second)])
    return np.stack([start, middle, end])


def _torso(hip: ArrayLike, neck: ArrayLike, width: float, depth: float) -> list[Mesh]:
    """Trunk and head along the line from hip to neck."""
    low, high = np.asarray(hip, float), np.asarray(neck, float)
    trunk = [
        blob(low + f * (high - low), (depth * d, width * w, 0.17), swatch(TOP, 0.9 - 0.8 * f), 4, 8)
        for f, w, d in ((0.05, 0.9, 1.0), (0.4, 0.92, 0.95), (0.75, 1.05, 1.0), (0.93, 0.8, 0.7))
    ]
    trunk.append(tube(low, low + 0.9 * (high - low), 0.125, swatch(TOP, 0.7), 0.145, 8, caps=False))
    head = high + np.array([0.03, 0, 0.2])
    trunk.append(tube(high - xyz(0, 0, 0.02), head, 0.055, swatch(SKIN), caps=False))
    trunk.append(blob(head, (0.098, 0.078, 0.125), swatch(SKIN), 5, 7))
    trunk.append(blob(head + xyz(-0.022, 0, 0.03), (0.1, 0.086, 0.118), swatch(HAIR), 5, 7))
    return trunk


def walker(phase: int | None, skirt: bool = False, bag: bool = False, height: float = 1.75) -> Mesh:
    """Someone on foot; `phase` 0..GAIT_PHASES-1 of the gait, None stands still."""
    swing = 0.0 if phase is None else float(np.sin(2 * np.pi * phase / GAIT_PHASES))
    lift = 0.0 if phase is None else float(np.cos(2 * np.pi * phase / GAIT_PHASES))
    hip = 0.90 - 0.03 * abs(swing)
    parts: list[Mesh] = []
    for side in (-1, 1):
        thigh = 0.42 * swing * side
        knee = thigh - 0.12 - (0.65 * max(lift * side, 0.0) if phase is not None else -0.1)
        leg = _bent((0, 0.09 * side, hip), (0.44, 0.42), thigh, knee)
        parts += _limb(leg, (0.088, 0.062, 0.045), LEGS)
        parts.append(box(leg[2] + xyz(0.06, 0, -0.02), (0.25, 0.09, 0.09), swatch(SHOES)))
        arm = _bent((0, 0.205 * side, 1.40), (0.29, 0.27), -0.45 * swing * side, -0.45 * swing * side + 0.3)
        parts += _limb(arm, (0.056, 0.047, 0.036), TOP)
        parts.append(blob(arm[2] + xyz(0.01, 0, -0.05), (0.035, 0.025, 0.06), swatch(SKIN), 3, 6))
    parts += _torso((0, 0, hip + 0.04), (0, 0, 1.47), 0.175, 0.125)
    if skirt:
        parts.append(tube((0, 0, hip + 0.08), (0, 0, 0.48), 0.15, swatch(LEGS), 0.25, 9))
        parts.append(blob((-0.07, 0, 1.56), (0.07, 0.09, 0.16), swatch(HAIR), 4, 7))
    if bag:
        parts.append(box((-0.19, 0, 1.22), (0.16, 0.30, 0.42), swatch(BAG)))
    return merge(parts).moved(scale=height / 1.78)


def _wheel(x: float, radius: float, thickness: float, spokes: int = 8) -> list[Mesh]:
    angle = 2 * np.pi * np.arange(17) / 16
    rim = np.column_stack([x + radius * np.sin(angle), np.zeros(17), radius + 0.012 + radius * np.cos(angle)])
    parts = [tube(rim[i], rim[i + 1], thickness, swatch(RUBBER), sides=5, caps=False) for i in range(16)]
    centre = np.array([x, 0, radius + 0.012])
    return parts + [
        tube(centre, rim[i * 16 // spokes], 0.006, swatch(METAL), sides=3, caps=False) for i in range(spokes)
    ]


def bicycle() -> Mesh:
    """A city bicycle, 1.75 m long."""
    rear, front, crank = np.array([-0.52, 0, 0.35]), np.array([0.55, 0, 0.35]), np.array([-0.08, 0, 0.30])
    seat, head = np.array([-0.22, 0, 0.86]), np.array([0.36, 0, 0.88])
    bars = [
        (rear, crank),
        (rear, seat),
        (crank, seat),
        (crank, head - xyz(-0.04, 0, 0.12)),
        (seat - xyz(0, 0, 0.05), head),
        (head, front),
    ]
    parts = [tube(a, b, 0.02, swatch(FRAME), sides=5, caps=False) for a, b in bars]
    parts += _wheel(-0.52, 0.335, 0.022) + _wheel(0.55, 0.335, 0.022)
    grip = np.array([0.30, 0, 1.04])
    parts.append(tube(head, grip, 0.016, swatch(METAL), sides=5))
    parts.append(tube(grip - xyz(0.06, 0.27, 0), grip + xyz(-0.06, 0.27, 0), 0.016, swatch(RUBBER), sides=5))
    parts.append(blob((-0.24, 0, 0.94), (0.13, 0.08, 0.04), swatch(SADDLE), 4, 6))
    parts.append(box((-0.55, 0, 0.74), (0.36, 0.13, 0.02), swatch(METAL)))
    parts.append(box((0.45, 0, 0.86), (0.06, 0.07, 0.07), swatch(LAMP)))
    return merge(parts)


def motorcycle() -> Mesh:
    """A motorcycle, 2.1 m long."""
    parts = _wheel(-0.68, 0.27, 0.055, 10) + _wheel(0.70, 0.27, 0.05, 10)
    parts.append(blob((0.12, 0, 0.80), (0.30, 0.16, 0.15), swatch(FRAME), 6, 8))
    parts.append(blob((-0.38, 0, 0.82), (0.42, 0.14, 0.07), swatch(SADDLE), 5, 8))
    parts.append(blob((0.05, 0, 0.46), (0.30, 0.19, 0.22), swatch(METAL), 5, 8))
    parts.append(blob((-0.75, 0, 0.78), (0.22, 0.11, 0.06), swatch(FRAME), 4, 6))
    parts += [tube((0.46, y, 1.0), (0.70, y, 0.28), 0.028, swatch(METAL), sides=5) for y in (-0.08, 0.08)]
    parts += [tube((-0.68, y, 0.30), (0.0, y, 0.36), 0.035, swatch(METAL), sides=5) for y in (-0.12, 0.12)]
    parts.append(tube((0.38, -0.36, 1.06), (0.38, 0.36, 1.06), 0.018, swatch(RUBBER), sides=5))
    parts.append(blob((0.56, 0, 0.92), (0.09, 0.11, 0.10), swatch(LAMP), 5, 8))
    parts.append(blob((0.70, 0, 0.58), (0.26, 0.06, 0.05), swatch(FRAME), 4, 6))
    return merge(parts)


def rider(phase: int, helmet: bool = False, motor: bool = False) -> Mesh:
    """Someone on a bicycle, `phase` 0..GAIT_PHASES-1 of the pedals, or on a motorcycle."""
    turn = 2 * np.pi * phase / GAIT_PHASES
    hip = np.array([-0.35, 0, 0.93]) if motor else np.array([-0.22, 0, 0.98])
    neck = hip + ((0.28, 0, 0.50) if motor else (0.24, 0, 0.50))
    hands = np.array([0.36, 0, 1.08]) if motor else np.array([0.26, 0, 1.06])
    parts: list[Mesh] = []
    for side in (-1, 1):
        pedal = np.array([-0.08 + 0.16 * np.cos(turn) * side, 0.12 * side, 0.32 - 0.16 * np.sin(turn) * side])
        foot = np.array([-0.1, 0.2 * side, 0.36]) if motor else pedal
        start = hip + xyz(0, 0.09 * side, 0)
        parts += _limb(
            [start, _knee(start, foot + xyz(0, 0, 0.06)), foot + xyz(0, 0, 0.06)], (0.085, 0.062, 0.045), LEGS
        )
        parts.append(box(foot + xyz(0.05, 0, 0), (0.25, 0.09, 0.09), swatch(SHOES)))
        shoulder, hand = neck + xyz(0, 0.19 * side, -0.06), hands + xyz(0, 0.26 * side, 0)
        elbow = 0.5 * (shoulder + hand) + (-0.03, 0.05 * side, -0.08)
        parts += _limb([shoulder, elbow, hand], (0.056, 0.047, 0.036), TOP)
    parts += _torso(hip, neck, 0.175, 0.13)
    if helmet or motor:
        parts.append(blob(neck + xyz(0.02, 0, 0.24), (0.14, 0.115, 0.13 if motor else 0.09), swatch(BAG), 6, 8))
    return merge(parts)


def _knee(hip: Floats, foot: Floats, thigh: float = 0.46, shin: float = 0.47) -> Floats:
    """Where the knee of a sitting person is: both bones keep their length, the knee points forward."""
    line = foot - hip
    reach = min(float(np.linalg.norm(line)), 0.99 * (thigh + shin))
    along = (thigh**2 - shin**2 + reach**2) / (2 * reach)
    out = np.sqrt(max(thigh**2 - along**2, 0.0))
    forward = np.array([-line[2], 0, line[0]]) / max(float(np.hypot(line[0], line[2])), 1e-6)
    return hip + along * line / np.linalg.norm(line) + out * forward * np.sign(forward[0] or 1)
