# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Draws a compiled scene from two cameras: colours, distances and labels."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_city.gl import open_context
from mt_city.labels import SKY
from mt_city.scene import Built
from mt_city.shapes import Floats

NEAR_M, FAR_M = 0.2, 600.0
_HIDDEN_GROUP = 5
_SHADOW_REACH_M = 75.0


class Renderer:
    """One OpenGL context for one scene; `wedge` is the tangent of half the horizontal view. One thread only."""

    def __init__(self, mujoco: Any, built: Built, width_px: int, height_px: int, wedge: float) -> None:
        self._mj, self._wedge, self._built, self._model = mujoco, wedge, built, built.model
        self._shape = (height_px, width_px)
        self._rect = mujoco.MjrRect(0, 0, width_px, height_px)
        self._gl = open_context(mujoco, width_px, height_px)
        self._context = mujoco.MjrContext(self._model, mujoco.mjtFontScale.mjFONTSCALE_50)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._casts = self._model.geom_castshadow.copy()
        self._free = weakref.finalize(self, _free, self._gl, self._context)
        self._scene = mujoco.MjvScene(self._model, self._model.ngeom + 10)
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 1
        self._option.geomgroup[_HIDDEN_GROUP] = 0

    def close(self) -> None:
        """Frees the context; a second call does nothing."""
        self._free()

    def show(self, data: Any, position: Floats, forward: Floats, shown: NDArray[np.bool_], margin_m: float) -> None:
        """Chooses what is drawn next: geoms (G,) that are `shown`, within their range of distance, and in view.

        `margin_m` is how far outside the view something is kept, for the sake of its shadow.
        """
        offset = data.geom_xpos - position
        distance = np.linalg.norm(offset, axis=1)
        reach = self._model.geom_rbound + margin_m
        ahead = offset @ forward
        aside = np.abs(offset @ (-forward[1], forward[0], 0.0))
        # Distance from the sides of the viewing wedge, whose half angle has tangent `_wedge`.
        beside = (aside - self._wedge * ahead) / np.hypot(1.0, self._wedge)
        built = self._built
        in_range = (distance >= built.near_m) & (distance - self._model.geom_rbound < built.far_m)
        visible = shown & in_range & (ahead > -reach) & (beside < reach)
        self._model.geom_group[:] = np.where(visible, 0, _HIDDEN_GROUP)
        self._model.geom_castshadow[:] = self._casts & (distance - self._model.geom_rbound < _SHADOW_REACH_M)

    def color(self, data: Any, camera: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """(H, W, 3) RGB and (H, W) depth in metres, FAR_M in the sky, as a camera sees them."""
        self._gl.make_current()
        self._aim(data, camera)
        self._flags(segment=False)
        return self._draw()

    def truth(self, data: Any, camera: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """(H, W) trainIds and (H, W) depth in metres, +Inf in the sky; no antialiasing."""
        self._gl.make_current()
        self._aim(data, camera)
        self._flags(segment=True)
        ids, depth = self._draw()
        number = ids[..., 0].astype(np.int32) | ids[..., 1].astype(np.int32) << 8 | ids[..., 2].astype(np.int32) << 16
        table = np.full(self._scene.ngeom + 1, SKY, np.uint8)
        for geom in self._scene.geoms[: self._scene.ngeom]:
            table[geom.segid + 1] = self._built.train_ids[geom.objid]
        labels = table[number]
        return labels, np.where(number == 0, np.float32(np.inf), depth)

    def _aim(self, data: Any, camera: int) -> None:
        view = self._mj.MjvCamera()
        view.type, view.fixedcamid = self._mj.mjtCamera.mjCAMERA_FIXED, camera
        everything = self._mj.mjtCatBit.mjCAT_ALL
        self._mj.mjv_updateScene(self._model, data, self._option, None, view, everything, self._scene)

    def _flags(self, segment: bool) -> None:
        flag, flags = self._mj.mjtRndFlag, self._scene.flags
        flags[flag.mjRND_SEGMENT] = flags[flag.mjRND_IDCOLOR] = segment
        flags[flag.mjRND_SHADOW] = flags[flag.mjRND_SKYBOX] = not segment
        flags[flag.mjRND_FOG] = flags[flag.mjRND_HAZE] = flags[flag.mjRND_REFLECTION] = False

    def _draw(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Colours and depth, first row on top. The buffer holds 1 at NEAR_M and 0 at FAR_M, linear in 1 / Z."""
        rgb, buffer = np.empty((*self._shape, 3), np.uint8), np.empty(self._shape, np.float32)
        self._mj.mjr_render(self._rect, self._scene, self._context)
        self._mj.mjr_readPixels(rgb, buffer, self._rect, self._context)
        depth = (NEAR_M * FAR_M) / (buffer[::-1] * np.float32(FAR_M - NEAR_M) + np.float32(NEAR_M))
        return np.ascontiguousarray(rgb[::-1]), depth


def _free(gl: Any, context: Any) -> None:
    """Runs once, at the latest when Python ends: the OpenGL bindings complain if they outlive it."""
    gl.make_current()
    context.free()
    gl.free()
