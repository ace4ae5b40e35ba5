# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Colours of motor vehicles."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mt_city.scene import palette_image
from mt_city.textures import Image, Rng

PAINT, GLASS, TYRE, RIM, HEADLIGHT, TAILLIGHT, PLATE, TRIM, CHROME, SECOND, LAMP = range(11)
"""What each swatch of a vehicle's palette is."""

PAINTS = np.array(
    [
        (28, 28, 30),
        (60, 62, 66),
        (128, 132, 136),
        (178, 182, 186),
        (226, 228, 230),
        (238, 238, 236),
        (20, 36, 78),
        (36, 70, 130),
        (150, 20, 26),
        (96, 18, 24),
        (34, 70, 50),
        (120, 104, 84),
        (196, 150, 40),
        (72, 100, 116),
        (200, 80, 30),
    ],
    float,
)


def vehicle_palette(rng: Rng, paint: np.ndarray | None = None) -> Image:
    """Colours of one vehicle; paint reflects the sky above and darkens towards the road, glass mirrors the horizon."""
    if paint is None:
        pick = rng.integers(6) if rng.random() < 0.6 else rng.integers(len(PAINTS))  # most cars are grey
        paint = PAINTS[pick] * rng.uniform(0.85, 1.1)
    plate = (222, 208, 120) if rng.random() < 0.3 else (226, 228, 226)
    second = PAINTS[rng.integers(len(PAINTS))]
    colors = [
        paint,
        (40, 46, 52),
        (22, 22, 23),
        (150, 152, 156),
        (225, 228, 230),
        (170, 18, 16),
        plate,
        (18, 18, 19),
        (170, 172, 176),
        second,
        (250, 240, 200),
    ]
    sheen = paint * 1.0 + 22
    gradients: dict[int, ArrayLike] = {
        PAINT: [sheen, paint * 1.05 + 8, paint * 0.95, paint * 0.75, paint * 0.5],
        GLASS: [(96, 106, 116), (62, 70, 76), (30, 34, 37), (22, 25, 27)],
        SECOND: [second * 1.05, second, second * 0.8],
    }
    return palette_image(colors, gradients)
