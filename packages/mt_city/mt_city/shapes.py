# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Triangle meshes from simple shapes, as NumPy arrays: what every part of the city is made of.

Axes of an object: x forward, y left, z up, metres. Texture coordinates: u to the right, v downwards
from the first row of the image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
UV = tuple[float, float]


@dataclass(frozen=True)
class Mesh:
    """vertices (N, 3) m, normals (N, 3), uvs (N, 2), faces (M, 3) vertex numbers."""

    vertices: Floats
    normals: Floats
    uvs: Floats
    faces: NDArray[np.int32]

    def moved(self, offset: ArrayLike = (0, 0, 0), yaw: float = 0.0, scale: ArrayLike = 1.0) -> Mesh:
        """Scaled, then turned about z, then shifted."""
        turn = turn_z(yaw)
        factor = np.broadcast_to(np.asarray(scale, float), 3)
        normals = self.normals / factor
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        faces = self.faces if np.prod(factor) > 0 else self.faces[:, ::-1]
        return Mesh((self.vertices * factor) @ turn.T + np.asarray(offset, float), normals @ turn.T, self.uvs, faces)


def xyz(x: float, y: float, z: float) -> Floats:
    """(3,) one point or shift."""
    return np.array([x, y, z], float)


def turn_z(yaw: float) -> Floats:
    """(3, 3) rotation about z."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def merge(meshes: Iterable[Mesh]) -> Mesh:
    """One mesh out of several."""
    parts = list(meshes)
    starts = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    return Mesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.uvs for part in parts]),
        np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)]).astype(np.int32),
    )


def quads(corners: ArrayLike, uvs: ArrayLike) -> Mesh:
    """Flat-shaded quadrilaterals. corners (K, 4, 3), counter-clockwise seen from outside; uvs (K, 4, 2) or one (2,)."""
    points = np.asarray(corners, float).reshape(-1, 4, 3)
    count = len(points)
    normals = np.cross(points[:, 2] - points[:, 0], points[:, 3] - points[:, 1])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    first = 4 * np.arange(count)[:, None]
    faces = np.concatenate([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])])
    flat_uvs = np.broadcast_to(np.asarray(uvs, float), (count, 4, 2)).reshape(-1, 2)
    return Mesh(points.reshape(-1, 3), np.repeat(normals, 4, axis=0), flat_uvs.copy(), faces.astype(np.int32))


FULL = ((0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0))
"""uvs that show a whole image on a quad whose corners go lower left, lower right, upper right, upper left."""

_CORNERS = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
# front (+x), back, left (+y), right, top, bottom
_SIDES = np.array([(4, 6, 7, 5), (2, 0, 1, 3), (6, 2, 3, 7), (0, 4, 5, 1), (5, 7, 3, 1), (0, 2, 6, 4)])


def box(centre: ArrayLike, size: ArrayLike, uv: ArrayLike, taper: float = 1.0) -> Mesh:
    """A box in one colour (uv (2,)) or with an image on each side (uv (4, 2)); `taper` scales the top."""
    corners = _CORNERS.copy()
    corners[corners[:, 2] > 0, :2] *= taper
    points = corners * np.asarray(size, float) + np.asarray(centre, float)
    return quads(points[_SIDES], uv)


def tube(
    start: ArrayLike,
    end: ArrayLike,
    radius: float,
    uv: UV,
    end_radius: float | None = None,
    sides: int = 7,
    caps: bool = True,
) -> Mesh:
    """A round bar or cone between two points, smooth-shaded."""
    a, b = np.asarray(start, float), np.asarray(end, float)
    axis = (b - a) / max(float(np.linalg.norm(b - a)), 1e-9)
    side = np.cross(axis, (0, 0, 1.0) if abs(axis[2]) < 0.9 else (0, 1.0, 0))
    side /= np.linalg.norm(side)
    up = np.cross(axis, side)
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * up
    last = radius if end_radius is None else end_radius
    vertices = np.concatenate([a + radius * ring, b + last * ring])
    i = np.arange(sides)
    j = (i + 1) % sides
    faces = np.concatenate([np.stack([i, j, j + sides], 1), np.stack([i, j + sides, i + sides], 1)])
    mesh = Mesh(
        vertices, np.concatenate([ring, ring]), np.tile(np.array(uv, float), (2 * sides, 1)), faces.astype(np.int32)
    )
    if not caps:
        return mesh
    return merge([mesh, disc(a, -axis, radius, uv, sides), disc(b, axis, last, uv, sides)])


def disc(centre: ArrayLike, normal: ArrayLike, radius: float, uv: UV, sides: int = 12) -> Mesh:
    """A flat round plate that faces `normal`."""
    axis = np.asarray(normal, float)
    axis = axis / np.linalg.norm(axis)
    side = np.cross(axis, (0, 0, 1.0) if abs(axis[2]) < 0.9 else (0, 1.0, 0))
    side /= np.linalg.norm(side)
    angle = 2 * np.pi * np.arange(sides) / sides
    rim = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * np.cross(axis, side)
    vertices = np.asarray(centre, float) + radius * rim
    i = np.arange(1, sides - 1)
    faces = np.stack([np.zeros_like(i), i, i + 1], 1)
    return Mesh(vertices, np.tile(axis, (sides, 1)), np.tile(np.array(uv, float), (sides, 1)), faces.astype(np.int32))


def blob(centre: ArrayLike, radii: ArrayLike, uv: ArrayLike, rings: int = 5, sectors: int = 8) -> Mesh:
    """An ellipsoid in one colour (uv (2,)), or with an image wound round it (uv (4,): u0, v0, u1, v1)."""
    polar = np.linspace(0, np.pi, rings + 1)
    around = np.linspace(0, 2 * np.pi, sectors + 1)
    p, a = np.meshgrid(polar, around, indexing="ij")
    unit = np.stack([np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)], -1).reshape(-1, 3)
    size = np.broadcast_to(np.asarray(radii, float), 3)
    normals = unit / size
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    where = np.asarray(uv, float)
    if where.size == 4:
        uvs = where[:2] + np.stack([a / (2 * np.pi), p / np.pi], -1).reshape(-1, 2) * (where[2:] - where[:2])
    else:
        uvs = np.tile(where, (len(unit), 1))
    return Mesh(unit * size + np.asarray(centre, float), normals, uvs, _grid_faces(rings, sectors))


def _grid_faces(rows: int, columns: int) -> NDArray[np.int32]:
    """Triangles of a (rows + 1, columns + 1) grid of vertices."""
    i, j = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    a = (i * (columns + 1) + j).ravel()
    b, c = a + columns + 1, a + 1
    d = b + 1
    return np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)]).astype(np.int32)


def smoothed(mesh: Mesh, angle_deg: float = 35.0) -> Mesh:
    """The same mesh with normals averaged over neighbours that bend less than `angle_deg`."""
    _, place = np.unique(np.round(mesh.vertices, 4), axis=0, return_inverse=True)
    place = place.ravel()
    near = (place[:, None] == place[None, :]) & (mesh.normals @ mesh.normals.T > np.cos(np.radians(angle_deg)))
    normals = near.astype(float) @ mesh.normals
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Mesh(mesh.vertices, normals, mesh.uvs, mesh.faces)
