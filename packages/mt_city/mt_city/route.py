# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The street's centre line, and the map from (distance along it, offset to its left) to the ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mt_city.shapes import Floats, Mesh, quads
from mt_city.textures import Rng

LEAD_M = 60.0
"""How far the centre line reaches behind s = 0."""


class Route:
    """A gently winding line. s: metres along it, d: metres to its left."""

    def __init__(self, rng: Rng, length_m: float) -> None:
        self.length_m = length_m
        s = np.arange(-LEAD_M, length_m + 120.0)
        curvature = np.zeros_like(s)
        for _ in range(rng.integers(0, 4)):
            middle, half = rng.uniform(40, length_m), rng.uniform(30, 60)
            bend = np.cos(np.clip((s - middle) / half, -1, 1) * np.pi / 2) ** 2
            curvature += bend * rng.uniform(-1, 1) / 130.0
        heading = np.cumsum(curvature)
        heading -= np.interp(0.0, s, heading)
        self._s, self._heading = s, heading
        self._x, self._y = np.cumsum(np.cos(heading)), np.cumsum(np.sin(heading))

    def heading(self, s: ArrayLike) -> Floats:
        """Direction of travel at s, radians."""
        return np.interp(np.asarray(s, float), self._s, self._heading)

    def at(self, s: ArrayLike, d: ArrayLike = 0.0, z: ArrayLike = 0.0) -> Floats:
        """(..., 3) point at s, d metres to the left, z metres up."""
        s = np.asarray(s, float)
        h = self.heading(s)
        x = np.interp(s, self._s, self._x) - np.sin(h) * d
        y = np.interp(s, self._s, self._y) + np.cos(h) * d
        return np.stack(np.broadcast_arrays(x, y, np.asarray(z, float)), -1)

    def ribbon(
        self, s0: float, s1: float, right: tuple[float, float], left: tuple[float, float], tile_m: float
    ) -> Mesh:
        """A strip of ground from s0 to s1 between two (d, z) edges, its image repeated every `tile_m`."""
        count = max(2, int((s1 - s0) / 5.0) + 1)
        s = np.linspace(s0, s1, count)
        width = float(np.hypot(left[0] - right[0], left[1] - right[1]))
        vertices = np.concatenate([self.at(s, right[0], right[1]), self.at(s, left[0], left[1])])
        h = self.heading(s)
        rise, run = (left[1] - right[1]) / width, (left[0] - right[0]) / width
        normal = np.stack([np.sin(h) * rise, -np.cos(h) * rise, np.full(count, run)], -1)
        v = np.concatenate([np.zeros(count), np.full(count, width / tile_m)])
        uvs = np.stack([np.tile(s / tile_m, 2), v], -1)
        i = np.arange(count - 1)
        faces = np.concatenate([np.stack([i, i + 1, i + count + 1], 1), np.stack([i, i + count + 1, i + count], 1)])
        return Mesh(vertices, np.concatenate([normal, normal]), uvs, faces.astype(np.int32))

    def step(self, s: float, right: tuple[float, float], left: tuple[float, float]) -> Mesh:
        """The upright end of a raised strip, from z = -0.1 to its edges, seen by someone who comes along the route."""
        corners = [
            self.at(s, right[0], -0.1),
            self.at(s, right[0], right[1]),
            self.at(s, left[0], left[1]),
            self.at(s, left[0], -0.1),
        ]
        return quads([corners], (0.5, 0.5))
