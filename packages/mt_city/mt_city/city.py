# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A drive through a made-up city: images of a stereo camera with their exact truth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import numpy as np

from mt_city.assets import build_assets
from mt_city.errors import CityError
from mt_city.gl import load_mujoco
from mt_city.kerbside import furnish
from mt_city.optics import Optics, hazed
from mt_city.options import Camera, CityFrame, CityOptions, Mounting
from mt_city.renderer import FAR_M, NEAR_M, Renderer
from mt_city.route import Route
from mt_city.scene import SceneBuilder, quaternion
from mt_city.shapes import Floats
from mt_city.street import build_street
from mt_city.traffic import build_traffic, random_ego
from mt_city.weather import random_weather, sky_cube

STREET_M = 320.0
_SHADOW_M, _SHADOW_PX = 42.0, 2048
_SHADOW_MARGIN_M = 22.0
_LOOK_FORWARD = (0.5, 0.5, -0.5, -0.5)
"""Turns MuJoCo's camera (looks along -z, up is +y) to look along +x with z up."""


class City:
    """A street with traffic, and a car with a stereo camera that drives along it.

    The same seed, options and time give the same frame, in every process. A drive lasts `lap_s` seconds; then
    it starts again from the beginning. Use it as a context manager, or call `close`: it holds an OpenGL context.
    """

    def __init__(self, seed: int, options: CityOptions | None = None) -> None:
        if not isinstance(seed, (int, np.integer)) or seed < 0:
            raise CityError(f"city seed is {seed!r}; it must be a whole number, 0 or more")
        self.options = options or CityOptions()
        self.camera = self.options.camera()
        mujoco = load_mujoco()
        mounting, layout, sky, optics = (np.random.default_rng((int(seed), part)) for part in range(4))
        self._seed, self._mounting = int(seed), _mounting(mounting, self.options)
        self._weather = random_weather(sky)
        self._optics = Optics(optics, self.options.height_px, self.options.width_px)
        scene = SceneBuilder(mujoco)
        self._route = Route(layout, STREET_M)
        street = build_street(layout, scene, self._route, build_assets(layout, scene))
        furnish(street)
        self._ego = random_ego(layout, street)
        self._actors = build_traffic(street, self._ego)
        self._light(mujoco, scene, sky)
        self._mount_cameras(scene)
        self._configure(mujoco, scene)
        self._start(mujoco, scene)

    @property
    def lap_s(self) -> float:
        """Seconds until the drive starts again."""
        return self._ego.lap_s

    def __enter__(self) -> City:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees the OpenGL context."""
        self._renderer.close()

    def frames(self, count: int, right: bool = True, truth: bool = True) -> Iterator[CityFrame]:
        """`count` frames from the start of the drive, `options.fps` of them a second."""
        for index in range(count):
            yield self.render(index / self.options.fps, right, truth)

    def render(self, t_s: float, right: bool = True, truth: bool = True) -> CityFrame:
        """The frame at `t_s` seconds; without `right` or `truth` it is faster and those fields are None."""
        if not (math.isfinite(t_s) and t_s >= 0):
            raise CityError(f"city time is {t_s} s; it must be 0 or more")
        stamp_ns = round(t_s * 1e9)
        mounting = self._mounting_at(stamp_ns)
        self._pose(t_s % self.lap_s, mounting)
        labels, depth_m = self._renderer.truth(self._data, 0) if truth else (None, None)
        left = self._color(0)
        exposure = self._optics.exposure(left)
        images = [left, self._color(1)] if right else [left]
        if self.options.noise:
            images = [self._optics.photograph(p, exposure, (stamp_ns, eye)) for eye, p in enumerate(images)]
        other = images[1] if right else None
        return CityFrame(images[0], other, labels, depth_m, self.camera, mounting, stamp_ns)

    def _color(self, eye: int) -> np.ndarray:
        image, depth_m = self._renderer.color(self._data, eye)
        return hazed(image, depth_m, self._weather, FAR_M)

    def _light(self, mujoco: Any, scene: SceneBuilder, rng: np.random.Generator) -> None:
        """Sun, the light of the whole sky, and a weak one from behind that gives overcast days some shape."""
        weather, world = self._weather, scene.spec.worldbody
        directional, none = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, np.zeros(3)
        world.add_light(
            name="sun",
            type=directional,
            dir=-weather.to_sun,
            castshadow=weather.shadows,
            diffuse=weather.sun_rgb,
            ambient=none,
            specular=0.5 * weather.sun_rgb,
        )
        world.add_light(
            name="sky",
            type=directional,
            dir=(0.05, 0.02, -1),
            castshadow=False,
            diffuse=0.42 * weather.ambient_rgb,
            ambient=0.68 * weather.ambient_rgb,
            specular=0.2 * weather.ambient_rgb,
        )
        side = rng.uniform(-1, 1)
        world.add_light(
            name="fill",
            type=directional,
            dir=(0.8, side, -0.3),
            castshadow=False,
            diffuse=0.25 * weather.ambient_rgb,
            ambient=none,
            specular=none,
        )
        cube = sky_cube(rng, weather)
        texture = scene.spec.add_texture(name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX)
        texture.height, texture.width, texture.nchannel = *cube.shape[:2], 3
        texture.data = cube.tobytes()

    def _mount_cameras(self, scene: SceneBuilder) -> None:
        """Left and right camera on the car; the body's x axis is the optical axis, y points left."""
        car = scene.moving_body("ego")
        vertical = math.degrees(2 * math.atan(0.5 * self.camera.height_px / self.camera.fy_px))
        for name, y in (("left", 0.0), ("right", -self.options.baseline_m)):
            car.add_camera(name=name, pos=(0, y, 0), quat=_LOOK_FORWARD, fovy=vertical)

    def _configure(self, mujoco: Any, scene: SceneBuilder) -> None:
        spec, options = scene.spec, self.options
        spec.stat.extent, spec.stat.center = 1.0, np.zeros(3)
        visual = spec.visual
        visual.map.znear, visual.map.zfar, visual.map.shadowclip = NEAR_M, FAR_M, _SHADOW_M
        visual.quality.offsamples, visual.quality.shadowsize = 4 if options.antialias else 0, _SHADOW_PX
        visual.global_.offwidth, visual.global_.offheight = options.width_px, options.height_px
        visual.headlight.active = 0

    def _start(self, mujoco: Any, scene: SceneBuilder) -> None:
        built = scene.compile()
        self._mj, self._model = mujoco, built.model
        self._data = mujoco.MjData(built.model)
        self._sun = mujoco.mj_name2id(built.model, mujoco.mjtObj.mjOBJ_LIGHT, "sun")
        self._slots = [int(built.model.body_mocapid[actor.body.id]) for actor in self._actors]
        self._phase_ids = [[[geom.id for geom in phase] for phase in actor.phases] for actor in self._actors]
        self._ego_slot = int(built.model.body_mocapid[mujoco.mj_name2id(built.model, mujoco.mjtObj.mjOBJ_BODY, "ego")])
        wedge = _wedge(self.camera, abs(self._mounting.roll_deg) + self.options.jitter_deg)
        self._renderer = Renderer(mujoco, built, self.options.width_px, self.options.height_px, wedge)

    def _mounting_at(self, stamp_ns: int) -> Mounting:
        """How the camera is held at one moment; the same in every process, whatever was rendered before."""
        nod = np.random.default_rng((self._seed, 4, stamp_ns)).uniform(-1, 1, 2) * self.options.jitter_deg
        usual = self._mounting
        return Mounting(usual.height_m, usual.pitch_deg + float(nod[0]), usual.roll_deg + float(nod[1]))

    def _pose(self, t_s: float, mounting: Mounting) -> None:
        """Moves everything to where it is at a time of the lap."""
        data, shown = self._data, np.ones(self._model.ngeom, bool)
        for actor, slot, phases in zip(self._actors, self._slots, self._phase_ids, strict=True):
            position, turn, phase = actor.pose(self._route, t_s)
            data.mocap_pos[slot], data.mocap_quat[slot] = position, turn
            if len(phases) > 1:
                shown[[g for ids in phases for g in ids]] = False
                shown[phases[phase]] = True
        eye, forward = self._pose_ego(t_s, mounting)
        self._model.light_pos[self._sun] = eye + 0.75 * _SHADOW_M * forward + 100 * self._weather.to_sun
        self._mj.mj_kinematics(self._model, data)
        self._mj.mj_camlight(self._model, data)
        self._renderer.show(data, eye, forward, shown, _SHADOW_MARGIN_M if self._weather.shadows else 1.0)

    def _pose_ego(self, t_s: float, mounting: Mounting) -> tuple[Floats, Floats]:
        """Moves the camera car; returns the left camera's position and level viewing direction."""
        s = self._ego.s(t_s)
        eye, yaw = self._route.at(s, self._ego.d, mounting.height_m), float(self._route.heading(s))
        self._data.mocap_pos[self._ego_slot] = eye
        pitch, roll = math.radians(mounting.pitch_deg), math.radians(mounting.roll_deg)
        self._data.mocap_quat[self._ego_slot] = quaternion(yaw, pitch, roll)
        return eye, np.array([math.cos(yaw), math.sin(yaw), 0.0])


def _mounting(rng: np.random.Generator, options: CityOptions) -> Mounting:
    """That of the options, drawn where they leave it open."""
    height_m, pitch_deg = float(rng.uniform(1.2, 1.7)), float(rng.normal(1.5, 1.5))
    return Mounting(
        options.height_m or height_m, pitch_deg if options.pitch_deg is None else options.pitch_deg, options.roll_deg
    )


def _wedge(camera: Camera, roll_deg: float) -> float:
    """The tangent of half the horizontal view, which a roll of up to `roll_deg` to either side makes wider."""
    roll = math.radians(roll_deg)
    across, down = 0.5 * camera.width_px / camera.fx_px, 0.5 * camera.height_px / camera.fy_px
    return across * math.cos(roll) + down * math.sin(roll)
