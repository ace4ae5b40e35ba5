# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Buses and trucks, drawn like the cars: +x forward, on z = 0, in the swatches of a vehicle palette."""

from __future__ import annotations

import numpy as np

from mt_city.cars import wheel
from mt_city.paint import CHROME, GLASS, HEADLIGHT, LAMP, PAINT, PLATE, SECOND, TAILLIGHT, TRIM
from mt_city.scene import swatch
from mt_city.shapes import Mesh, box, merge, quads


def _shell(x0: float, x1: float, width: float, z0: float, z1: float, color: int) -> Mesh:
    """A box body whose colour follows the palette's gradient from roof to floor."""
    shell = box(((x0 + x1) / 2, 0, (z0 + z1) / 2), (x1 - x0, width, z1 - z0), swatch(color), taper=0.97)
    shell.uvs[:, 1] = np.clip(1 - (shell.vertices[:, 2] - z0) / (z1 - z0), 0.1, 0.9)
    return shell


def _panes(x0: float, x1: float, y: float, z0: float, z1: float, count: int) -> Mesh:
    """A band of `count` windows with pillars between them, on a side wall at y."""
    edges = np.linspace(x0, x1, count + 1)
    corners = []
    for a, b in zip(edges[:-1] + 0.06, edges[1:] - 0.06, strict=True):
        pane = [(a, y, z0), (b, y, z0), (b, y, z1), (a, y, z1)]
        corners.append(pane if y < 0 else pane[::-1])
    bottom, top = swatch(GLASS, 0.8), swatch(GLASS, 0.1)
    return quads(corners, [bottom, bottom, top, top] if y < 0 else [top, top, bottom, bottom])


def _end(x: float, half: float, z0: float, z1: float, color: int, v: float = 0.3) -> Mesh:
    """A plate on the front (x > 0) or the rear wall."""
    plate = [(x, -half, z0), (x, half, z0), (x, half, z1), (x, -half, z1)]
    return quads([plate if x > 0 else plate[::-1]], swatch(color, v))


def bus(length: float = 11.5, decks: int = 1) -> Mesh:
    """A city bus with one deck or two."""
    width, height = 2.5, 3.05 if decks == 1 else 4.3
    x, half = length / 2, width / 2
    parts = [
        _shell(-x, x, width, 0.32, height, PAINT),
        box((0, 0, 0.5), (length + 0.02, width + 0.02, 0.36), swatch(SECOND)),
    ]
    for deck in range(decks):
        z0 = 1.25 + 1.75 * deck
        parts += [
            _panes(-x + 0.3, x - 0.2, side * (half + 0.006), z0, z0 + (1.15 if deck == 0 else 0.9), 8)
            for side in (-1, 1)
        ]
        parts.append(_end(x + 0.01, half - 0.12, z0 - (0.2 if deck == 0 else 0), z0 + 1.15, GLASS))
    parts.append(_end(-x - 0.01, half - 0.3, 1.5, 2.4, GLASS))
    parts.append(_end(x + 0.012, half - 0.35, min(height - 0.45, 2.62), min(height - 0.15, 2.92), LAMP))
    parts += [box((x - 0.02, side * (half - 0.3), 0.72), (0.08, 0.32, 0.18), swatch(HEADLIGHT)) for side in (-1, 1)]
    parts += [box((-x + 0.02, side * (half - 0.2), 0.95), (0.08, 0.2, 0.4), swatch(TAILLIGHT)) for side in (-1, 1)]
    parts += [
        box((0.42 * length - 4.8 * i, -half - 0.004, 1.35), (1.1, 0.02, 2.0), swatch(GLASS, 0.5)) for i in range(2)
    ]
    parts += [box((x - 0.1, side * (half + 0.16), 2.2), (0.12, 0.22, 0.4), swatch(TRIM)) for side in (-1, 1)]
    parts += [
        box((x - 0.01, 0, 0.45), (0.06, 0.5, 0.12), swatch(PLATE)),
        box((-x, 0, 0.7), (0.06, 0.5, 0.12), swatch(PLATE)),
    ]
    parts += [wheel(at * length, side * (half - 0.12), 0.48, 0.28) for at in (0.27, -0.28) for side in (-1, 1)]
    return merge(parts)


def truck(length: float = 7.5, closed: bool = True) -> Mesh:
    """A cab with a box body, or with an open loading bed."""
    x, half, cab = length / 2, 1.2, 1.9
    parts = [_shell(x - cab, x, 2.3, 0.55, 2.65, PAINT), box((-0.3, 0, 0.75), (length - 0.8, 0.9, 0.25), swatch(TRIM))]
    if closed:
        parts.append(_shell(-x, x - cab - 0.15, 2.45, 0.95, 3.45, SECOND))
        parts.append(_end(-x - 0.01, 0.02, 1.0, 3.35, TRIM))
    else:
        parts.append(box(((-x + x - cab - 0.15) / 2, 0, 1.25), (length - cab - 0.15, 2.4, 0.6), swatch(SECOND)))
        parts.append(box((-0.2 * length, 0.2, 1.7), (0.4 * length, 1.5, 0.5), swatch(CHROME)))
    parts.append(_end(x + 0.01, 1.0, 1.55, 2.4, GLASS))
    parts.append(_end(x + 0.01, 0.8, 0.85, 1.25, TRIM))
    parts += [_panes(x - 1.2, x - 0.15, side * 1.155, 1.6, 2.3, 1) for side in (-1, 1)]
    parts += [box((x - 0.02, side * 0.9, 0.8), (0.08, 0.3, 0.2), swatch(HEADLIGHT)) for side in (-1, 1)]
    parts += [box((-x + 0.02, side * 0.95, 0.85), (0.08, 0.3, 0.16), swatch(TAILLIGHT)) for side in (-1, 1)]
    parts += [box((x - 0.15, side * (half + 0.15), 1.95), (0.1, 0.2, 0.4), swatch(TRIM)) for side in (-1, 1)]
    parts.append(box((-x - 0.01, 0, 0.72), (0.06, 0.5, 0.12), swatch(PLATE)))
    parts += [wheel(at, side * (half - 0.16), 0.45, 0.28) for at in (x - 0.95, -0.28 * length) for side in (-1, 1)]
    return merge(parts)


def tram(sections: int = 3, section_m: float = 7.5) -> Mesh:
    """A low-floor tram of several sections with dark joints between them."""
    length, half, height = sections * section_m, 1.2, 3.3
    parts = []
    for i in range(sections):
        middle = (i + 0.5) * section_m - length / 2
        a, b = middle - section_m / 2 + 0.2, middle + section_m / 2 - 0.2
        parts += [
            _shell(a, b, 2 * half, 0.25, height, PAINT),
            box((middle, 0, 0.42), (b - a, 2 * half + 0.03, 0.34), swatch(SECOND)),
        ]
        parts += [_panes(a + 0.2, b - 0.2, side * (half + 0.008), 1.2, 2.5, 4) for side in (-1, 1)]
        parts.append(box((middle, 0, height + 0.15), (0.6 * section_m, 1.6, 0.3), swatch(CHROME)))
    parts += [box((i * section_m - length / 2, 0, 1.75), (0.5, 2.1, 2.8), swatch(TRIM)) for i in range(1, sections)]
    for x in (-length / 2 + 0.19, length / 2 - 0.19):
        parts += [_end(x, half - 0.1, 1.2, 2.7, GLASS), _end(1.001 * x, 0.7, 2.8, 3.1, LAMP)]
        color = HEADLIGHT if x > 0 else TAILLIGHT
        parts += [box((x, side * 0.8, 0.8), (0.06, 0.3, 0.15), swatch(color)) for side in (-1, 1)]
    return merge(parts)
