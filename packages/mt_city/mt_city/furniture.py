# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Street furniture: lamps, traffic lights, bollards, fences, walls, bins and benches.

Poles stand on z = 0 at x = y = 0; what hangs on them faces -x, towards traffic that comes along +x.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mt_city.scene import swatch
from mt_city.shapes import Mesh, box, disc, merge, quads, tube, xyz
from mt_city.textures import Rng

METAL, DARK, WOOD, RED_LAMP, AMBER_LAMP, GREEN_LAMP, GLOW, PAINTED, STONE, RED_OFF, AMBER_OFF, GREEN_OFF = range(12)
"""What each swatch of the furniture palette is."""


def furniture_colors(rng: Rng) -> np.ndarray:
    """(12, 3) colours of one street's furniture."""
    metal = [(120, 124, 126), (88, 92, 92), (56, 70, 62), (150, 150, 148)][rng.integers(4)]
    painted = [(30, 32, 34), (34, 60, 48), (200, 200, 196), (110, 112, 114), (120, 40, 36)][rng.integers(5)]
    wood = [(126, 96, 66), (150, 130, 100), (96, 80, 66), (190, 184, 172)][rng.integers(4)]
    return np.array(
        [
            metal,
            (24, 26, 26),
            wood,
            (255, 40, 30),
            (255, 170, 30),
            (40, 240, 120),
            (250, 240, 215),
            painted,
            (158, 152, 144),
            (70, 20, 18),
            (76, 54, 16),
            (14, 60, 36),
        ],
        float,
    )


def lamp_post(height: float, arm: float, style: int) -> Mesh:
    """A street lamp; its arm reaches to +y. style 0: curved arm, 1: post-top lantern, 2: straight arm."""
    parts = [
        tube((0, 0, 0), (0, 0, 1.1), 0.10, swatch(METAL)),
        tube((0, 0, 1), (0, 0, height), 0.075, swatch(METAL), 0.05),
    ]
    if style == 1:
        return merge(
            [
                *parts,
                tube((0, 0, height), (0, 0, height + 0.5), 0.12, swatch(GLOW), 0.22),
                tube((0, 0, height + 0.5), (0, 0, height + 0.65), 0.25, swatch(METAL), 0.05),
            ]
        )
    end = np.array([0, arm, height + (0.5 if style == 0 else 0.1)])
    parts.append(tube((0, 0, height - 0.02), end, 0.05, swatch(METAL), 0.04))
    return merge(
        [
            *parts,
            box(end + xyz(0, 0.25, 0), (0.22, 0.7, 0.12), swatch(METAL)),
            box(end + xyz(0, 0.25, -0.07), (0.16, 0.5, 0.03), swatch(GLOW)),
        ]
    )


def pole(height: float, radius: float = 0.045, arm: float = 0.0) -> Mesh:
    """A bare post; `arm` reaches over the road to +y."""
    post = tube((0, 0, 0), (0, 0, height), radius, swatch(METAL))
    if not arm:
        return post
    return merge([post, tube((0, 0, height - 0.1), (0, arm, height + 0.15), 0.8 * radius, swatch(METAL))])


def bollard() -> Mesh:
    """A knee-high post."""
    return merge(
        [tube((0, 0, 0), (0, 0, 0.95), 0.07, swatch(PAINTED)), tube((0, 0, 0.75), (0, 0, 0.83), 0.075, swatch(GLOW))]
    )


def traffic_light(state: int, facing: int = -1) -> Mesh:
    """A three-lamp head centred on the origin; state 0 red, 1 amber, 2 green."""
    parts = [
        box((0, 0, 0), (0.22, 0.34, 0.98), swatch(DARK)),
        box((-facing * 0.09, 0, 0), (0.02, 0.62, 1.25), swatch(DARK)),
    ]
    on, off = (RED_LAMP, AMBER_LAMP, GREEN_LAMP), (RED_OFF, AMBER_OFF, GREEN_OFF)
    for i in range(3):
        z = 0.3 - 0.3 * i
        color = on[i] if state == i else off[i]
        parts.append(disc((facing * 0.125, 0, z), (facing, 0, 0), 0.105, swatch(color)))
        parts.append(box((facing * 0.2, 0, z + 0.115), (0.18, 0.22, 0.015), swatch(DARK)))
    return merge(parts)


def railing(length: float, height: float, style: int) -> Mesh:
    """A fence along x. style 0: iron bars, 1: wooden boards, 2: rails on posts, 3: pickets."""
    color = WOOD if style in (1, 3) else PAINTED
    posts = [
        box((x, 0, height / 2), (0.08, 0.08, height), swatch(color))
        for x in np.arange(-length / 2, length / 2 + 0.1, 2.0)
    ]
    rails = [box((0, 0, z), (length, 0.04, 0.05), swatch(color)) for z in (0.15 * height, 0.92 * height)]
    if style == 0:
        rails += [
            box((x, 0, height / 2), (0.022, 0.022, height), swatch(color))
            for x in np.arange(-length / 2, length / 2, 0.14)
        ]
    elif style == 1:
        for i, x in enumerate(np.arange(-length / 2 + 0.1, length / 2, 0.2)):
            rails.append(box((x, 0.01 * (i % 2), height / 2), (0.19, 0.025, height), swatch(color)))
    elif style == 2:
        rails.append(box((0, 0, 0.55 * height), (length, 0.04, 0.06), swatch(color)))
    else:
        rails += [
            box((x, -0.03, 0.48 * height), (0.09, 0.02, 0.96 * height), swatch(color))
            for x in np.arange(-length / 2, length / 2, 0.17)
        ]
    return merge(posts + rails)


def wall(length: float, height: float, tile_m: float) -> Mesh:
    """A garden wall along x with a coping, its image repeated every `tile_m`."""
    u, v = length / tile_m, height / tile_m
    body = box((0, 0, height / 2), (length, 0.28, height), [(0, v), (u, v), (u, 0), (0, 0)])
    coping = box((0, 0, height + 0.04), (length + 0.04, 0.36, 0.08), [(0, 0.1), (u, 0.1), (u, 0), (0, 0)])
    return merge([body, coping])


def blot(size: ArrayLike) -> Mesh:
    """The soft dark patch under a vehicle, on z = 0: an octagon that fits into `size` (x, y)."""
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    rim = np.column_stack(
        [np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.5, np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.5]
    )
    points = np.column_stack([0.5 * rim * np.asarray(size, float), np.zeros(12)])
    centre = np.zeros((1, 3))
    fans = [np.stack([centre[0], points[i], points[(i + 1) % 12], points[(i + 1) % 12]]) for i in range(12)]
    return quads(fans, swatch(DARK))


def litter_bin() -> Mesh:
    """A round bin."""
    return merge(
        [
            tube((0, 0, 0.05), (0, 0, 0.9), 0.22, swatch(PAINTED), 0.25, 10),
            disc((0, 0, 0.91), (0, 0, 1), 0.2, swatch(DARK)),
        ]
    )


def bench() -> Mesh:
    """A bench along x that faces -y."""
    slats = [box((0, y, 0.45), (1.6, 0.11, 0.04), swatch(WOOD)) for y in (-0.2, -0.07, 0.06)]
    slats += [box((0, 0.16, z), (1.6, 0.04, 0.1), swatch(WOOD)) for z in (0.62, 0.78)]
    return merge([*slats, *(box((x, 0, 0.22), (0.07, 0.4, 0.45), swatch(DARK)) for x in (-0.65, 0.65))])


def cabinet() -> Mesh:
    """A grey box for cables."""
    return merge(
        [box((0, 0, 0.6), (0.9, 0.4, 1.2), swatch(METAL)), box((0, -0.205, 0.6), (0.02, 0.01, 1.1), swatch(DARK))]
    )
