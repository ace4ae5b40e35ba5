# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The scene under construction: textures, materials, meshes and placed geoms of one MuJoCo model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mt_city.labels import UNLABELLED
from mt_city.shapes import Mesh

SWATCHES = 16
"""Colours in a palette; a mesh part picks one with `swatch`."""
DETAIL_M = 38.0
"""Beyond this distance shapes are drawn in less detail, where they have two forms."""
_SWATCH_PX, _PALETTE_ROWS = 4, 32


def swatch(index: int, v: float = 0.5) -> tuple[float, float]:
    """uv of colour `index` of a palette, at height `v` of its gradient."""
    return (index + 0.5) / SWATCHES, v


def palette_image(colors: ArrayLike, gradients: dict[int, ArrayLike] | None = None) -> NDArray[np.uint8]:
    """A palette texture. colors (K, 3) 0..255; a gradient replaces one colour by (top, ..., bottom) colours."""
    given = np.asarray(colors, float)
    image = np.zeros((_PALETTE_ROWS, SWATCHES, 3))
    image[:, : len(given)] = given
    rows = np.linspace(0, 1, _PALETTE_ROWS)
    for index, stops in (gradients or {}).items():
        table = np.asarray(stops, float)
        for channel in range(3):
            image[:, index, channel] = np.interp(rows, np.linspace(0, 1, len(table)), table[:, channel])
    return np.repeat(np.clip(image, 0, 255).astype(np.uint8), _SWATCH_PX, axis=1)


@dataclass(frozen=True)
class Built:
    """A compiled scene. Per geom: trainId (G,) uint8, and the distances between which it is drawn (G,) metres."""

    model: Any
    train_ids: NDArray[np.uint8]
    near_m: NDArray[np.float32]
    far_m: NDArray[np.float32]


class SceneBuilder:
    """Collects what is placed, remembers the trainId of each geom, and compiles.

    Objects that stand still hang on the world body; objects that move hang on a mocap body from `moving_body`.
    """

    def __init__(self, mujoco: Any) -> None:
        self._mj = mujoco
        self.spec = mujoco.MjSpec()
        self._count = 0
        self._far: dict[str, str] = {}
        self._placed: list[tuple[Any, int, tuple[float, float]]] = []

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    def material(
        self, image: NDArray[np.uint8], specular: float = 0.0, shininess: float = 0.3, emission: float = 0.0
    ) -> str:
        """A surface that shows `image` (H, W, 3); it repeats outside uv 0..1."""
        texture = self.spec.add_texture(name=self._name("texture"), type=self._mj.mjtTexture.mjTEXTURE_2D)
        texture.height, texture.width, texture.nchannel = *image.shape[:2], 3
        texture.data = np.ascontiguousarray(image).tobytes()
        name = self._name("material")
        material = self.spec.add_material(name=name, specular=specular, shininess=shininess, emission=emission)
        material.textures[self._mj.mjtTextureRole.mjTEXROLE_RGB] = texture.name
        return name

    def mesh(self, mesh: Mesh, far: Mesh | None = None) -> str:
        """Registers a shape; it can then be placed any number of times. `far` replaces it at a distance."""
        name = self._add(mesh)
        if far:
            self._far[name] = self._add(far)
        return name

    def _add(self, mesh: Mesh) -> str:
        name = self._name("mesh")
        made = self.spec.add_mesh(name=name, inertia=self._mj.mjtMeshInertia.mjMESH_INERTIA_SHELL)
        made.uservert = mesh.vertices.astype(np.float32).ravel()
        made.usernormal = mesh.normals.astype(np.float32).ravel()
        made.usertexcoord = mesh.uvs.astype(np.float32).ravel()
        made.userface = made.userfacenormal = made.userfacetexcoord = mesh.faces.ravel()
        return name

    def moving_body(self, name: str) -> Any:
        """A body whose pose is set for every frame."""
        return self.spec.worldbody.add_body(name=name, mocap=True)

    def put(
        self,
        shape: str | Mesh,
        material: str,
        train_id: int,
        pos: ArrayLike = (0, 0, 0),
        yaw: float = 0.0,
        body: Any = None,
        opacity: float = 1.0,
        seen_m: tuple[float, float] = (0.0, 400.0),
        shadow: bool = True,
    ) -> Any:
        """Places a shape that is drawn between the distances `seen_m`.

        Returns the geom, whose `id` is valid once the model is compiled; of a shape with a second form for
        the distance, the near one.
        """
        name = shape if isinstance(shape, str) else self.mesh(shape)
        if name in self._far:
            self.put(self._far[name], material, train_id, pos, yaw, body, opacity, (DETAIL_M, seen_m[1]), shadow)
            seen_m = (seen_m[0], DETAIL_M)
        geom = (body or self.spec.worldbody).add_geom(
            type=self._mj.mjtGeom.mjGEOM_MESH,
            meshname=name,
            material=material,
            pos=np.asarray(pos, float),
            quat=quaternion(yaw),
            rgba=(1, 1, 1, opacity),
            castshadow=shadow,
            contype=0,
            conaffinity=0,
        )
        self._placed.append((geom, train_id, seen_m))
        return geom

    def compile(self) -> Built:
        """The MuJoCo model, and what is known of each of its geoms."""
        model = self.spec.compile()
        train_ids = np.full(model.ngeom, UNLABELLED, np.uint8)
        seen = np.zeros((2, model.ngeom), np.float32)
        for geom, train_id, seen_m in self._placed:
            train_ids[geom.id] = train_id
            seen[:, geom.id] = seen_m
        return Built(model, train_ids, seen[0], seen[1])


def quaternion(yaw: float, pitch_down: float = 0.0, roll: float = 0.0) -> NDArray[np.float64]:
    """(w, x, y, z): right side down by `roll` about x, then nose down by `pitch_down` about y, then turned left by
    `yaw` about z, radians."""
    cy, sy = np.cos(yaw / 2), np.sin(yaw / 2)
    cp, sp = np.cos(pitch_down / 2), np.sin(pitch_down / 2)
    cr, sr = np.cos(roll / 2), np.sin(roll / 2)
    w, x, y, z = cy * cp, -sy * sp, cy * sp, sy * cp
    return np.array([w * cr - x * sr, w * sr + x * cr, y * cr + z * sr, z * cr - y * sr])
