# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Traffic signs: painted faces, and the plates that show them. A sign faces -x, its centre at the origin."""

from __future__ import annotations

import cv2
import numpy as np

from mt_city.shapes import Mesh, merge, xyz
from mt_city.textures import Image, Rng

_CELLS = 4
_CELL_PX = 96
SIGN_OUTLINES = (
    ("round",) * 5 + ("triangle",) * 2 + ("yield", "stop", "diamond", "square", "square", "square") + ("board",) * 3
)
"""Outline of each of the 16 sign faces."""


def sign_atlas(rng: Rng) -> Image:
    """16 sign faces in a 4 x 4 grid, in the order of `SIGN_OUTLINES`."""
    size = _CELL_PX
    atlas = np.zeros((_CELLS * size, _CELLS * size, 3), np.uint8)
    for index in range(_CELLS * _CELLS):
        row, column = divmod(index, _CELLS)
        _paint_face(rng, atlas[row * size : (row + 1) * size, column * size : (column + 1) * size], index)
    return atlas


def _paint_face(rng: Rng, cell: Image, index: int) -> None:
    face = np.zeros(cell.shape, np.uint8)
    red, blue, white, black, yellow = (190, 24, 30), (22, 72, 160), (240, 240, 238), (20, 20, 20), (240, 190, 30)
    m = _CELL_PX // 2
    if index == 0:  # no entry
        face[:] = red
        cv2.rectangle(face, (14, m - 9), (_CELL_PX - 14, m + 9), white, -1)
    elif index in (1, 2):  # speed limit
        face[:] = red
        cv2.circle(face, (m, m), 35, white, -1)
        text = ("30", "50", "20", "60")[int(rng.integers(4))]
        cv2.putText(face, text, (m - 27, m + 15), cv2.FONT_HERSHEY_DUPLEX, 1.3, black, 3, cv2.LINE_AA)
    elif index in (3, 4):  # an order: white arrow on blue
        face[:] = blue
        cv2.arrowedLine(
            face, (m, 78), (m if index == 3 else 72, 22 if index == 3 else m), white, 8, cv2.LINE_AA, 0, 0.45
        )
    elif index in (5, 6, 7):  # warning triangles, give way
        face[:] = red
        tip = [(m, 24), (20, 82), (76, 82)] if index != 7 else [(m, 72), (20, 14), (76, 14)]
        cv2.fillConvexPoly(face, np.array(tip), white)
        if index != 7:
            cv2.line(face, (m, 46), (m, 66), black, 7)
    elif index == 8:
        face[:] = red
        cv2.putText(face, "STOP", (13, m + 11), cv2.FONT_HERSHEY_DUPLEX, 0.9, white, 2, cv2.LINE_AA)
    elif index == 9:
        face[:] = white
        cv2.fillConvexPoly(face, np.array([(m, 14), (82, m), (m, 82), (14, m)]), yellow)
    elif index in (10, 11, 12):
        face[:] = (blue, blue, white)[index - 10]
        ink = white if index < 12 else black
        cv2.putText(
            face, ("P", "i", "->")[index - 10], (m - 22, m + 20), cv2.FONT_HERSHEY_DUPLEX, 1.8, ink, 5, cv2.LINE_AA
        )
    else:
        face[:] = (blue, (20, 96, 60), white)[index - 13]
        ink = white if index < 15 else black
        for y in (34, 70):
            word = "".join(rng.choice(list("ABDEHKLMNORSTU"), 5))
            cv2.putText(face, word, (6, y), cv2.FONT_HERSHEY_DUPLEX, 0.75, ink, 2, cv2.LINE_AA)
    cell[:] = face


_ROUND = [(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 20, endpoint=False)]
_OUTLINES = {
    "round": _ROUND,
    "triangle": [(0, 0.95), (-1, -0.8), (1, -0.8)],
    "yield": [(0, -0.95), (1, 0.8), (-1, 0.8)],
    "stop": [(np.cos(a), np.sin(a)) for a in np.pi / 8 + np.linspace(0, 2 * np.pi, 8, endpoint=False)],
    "diamond": [(0, 1), (-1, 0), (0, -1), (1, 0)],
    "square": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    "board": [(-1.5, -0.75), (1.5, -0.75), (1.5, 0.75), (-1.5, 0.75)],
}


def sign(index: int, radius: float = 0.34) -> Mesh:
    """A sign face with its back, centred on the origin, facing -x; uv into `sign_atlas`."""
    outline = np.array(_OUTLINES[SIGN_OUTLINES[index]], float)
    row, column = divmod(index, _CELLS)
    flat = outline / np.array([1.6, 0.8] if SIGN_OUTLINES[index] == "board" else [1.05, 1.05])
    uvs = (np.array([column, row]) + 0.5 + 0.48 * flat * (1, -1)) / _CELLS
    # Seen along +x, left is +y: the image's right is -y.
    points = np.column_stack([np.full(len(outline), -0.03), -radius * outline[:, 0], radius * outline[:, 1]])
    back = points + xyz(0.02, 0, 0)
    i = np.arange(1, len(outline) - 1)
    fan = np.stack([np.zeros_like(i), i, i + 1], 1)
    if np.cross(points[fan[0, 1]] - points[0], points[fan[0, 2]] - points[0])[0] > 0:
        fan = fan[:, ::-1]
    face = Mesh(points, np.tile((-1.0, 0, 0), (len(points), 1)), uvs, fan.astype(np.int32))
    # The back shows one dark spot of the atlas' first cell corner: real sign backs are plain grey.
    plain = Mesh(back, np.tile((1.0, 0, 0), (len(back), 1)), np.full_like(uvs, 0.999), fan[:, ::-1].astype(np.int32))
    return merge([face, plain])
