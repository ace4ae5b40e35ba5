# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Everything that moves, and the camera car: where each is at a time of the lap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mt_city.furniture import blot
from mt_city.ground import KERB_M, SIDES
from mt_city.labels import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, RIDER, ROAD, TRAIN, TRUCK
from mt_city.people import GAIT_PHASES
from mt_city.route import Route
from mt_city.scene import quaternion
from mt_city.shapes import Floats
from mt_city.street import Street

_START_M, _END_M = -40.0, 60.0
"""How far beyond the street (before 0, after its length) traffic appears and vanishes."""


Phases = tuple[tuple[Any, ...], ...]
"""For each phase of the gait, the geoms that are shown in it."""


@dataclass(frozen=True)
class Ego:
    """The camera car: it drives from `start_m` for `lap_s` seconds, then starts again."""

    start_m: float
    speed_mps: float
    d: float
    lap_s: float

    def s(self, t_s: float) -> float:
        """Distance along the route at a time of the lap."""
        return self.start_m + self.speed_mps * t_s


@dataclass(frozen=True)
class Actor:
    """Someone or something under way.

    s = s0 + speed * t, wrapped to the street; d moves from d0 by `cross_mps` between the times `cross_s`.
    """

    body: Any
    phases: Phases
    s0: float
    speed_mps: float
    d0: float
    z: float = 0.0
    cross_mps: float = 0.0
    cross_s: tuple[float, float] = (0.0, 0.0)
    stride_m: float = 1.45

    def pose(self, route: Route, t_s: float) -> tuple[Floats, Floats, int]:
        """Position (3,), quaternion (4,), phase."""
        span = route.length_m + _END_M - _START_M
        s = _START_M + (self.s0 + self.speed_mps * t_s - _START_M) % span
        walked = float(np.clip(t_s, *self.cross_s) - self.cross_s[0])
        d = self.d0 + self.cross_mps * walked
        z = 0.0 if self.cross_mps and 0 < walked < self.cross_s[1] - self.cross_s[0] else self.z
        yaw = float(route.heading(s)) + (
            np.pi / 2 * np.sign(self.cross_mps) if self.cross_mps else np.pi * (self.speed_mps < 0)
        )
        gone = abs(self.speed_mps) * t_s + abs(self.cross_mps) * walked
        phase = int(gone / self.stride_m * GAIT_PHASES) % len(self.phases)
        return route.at(s, d, z), quaternion(yaw), phase


def random_ego(rng: np.random.Generator, street: Street) -> Ego:
    """A drive along most of the street in the right lane."""
    speed, start = float(rng.uniform(3, 12)), 10.0
    lane = street.section.lane(int(rng.integers(street.section.lanes))) + float(rng.normal(0, 0.15))
    return Ego(start, speed, lane, (street.route.length_m - 70 - start) / speed)


def build_traffic(street: Street, ego: Ego) -> list[Actor]:
    """Cars, buses, cyclists and walkers. None of them meets the camera car."""
    makers = [
        _leaders(street, ego),
        _oncoming(street),
        _cyclists(street),
        _walkers(street),
        _crossing_pedestrians(street, ego),
    ]
    return [actor for made in makers for actor in made]


def _vehicle(street: Street, kind: str) -> tuple[Any, Phases]:
    """A motor vehicle of one kind on a body of its own, with the dark patch under it."""
    rng, assets, scene = street.rng, street.assets, street.scene
    body = scene.moving_body(f"actor{len(scene.spec.bodies)}")
    paint, length, width = assets.paints[rng.integers(len(assets.paints))], 4.4, 1.9
    if kind == "bus":
        shape, length = assets.buses[rng.integers(2)]
        width, paint, train_id = 2.6, assets.bus_paints[rng.integers(4)], BUS
    elif kind == "tram":
        shape, length = assets.tram
        width, paint, train_id = 2.5, assets.bus_paints[0], TRAIN
    elif kind == "truck":
        shape, length = assets.trucks[rng.integers(3)]
        width, train_id = 2.4, TRUCK
    elif kind == "motorcycle":
        scene.put(assets.biker, assets.clothes[rng.integers(len(assets.clothes))], RIDER, body=body)
        shape, paint, train_id = assets.motorcycle, assets.clothes[rng.integers(len(assets.clothes))], MOTORCYCLE
        length, width = 1.8, 0.5
    else:
        pool = assets.vans if kind == "van" else assets.cars
        shape, train_id = pool[rng.integers(len(pool))], CAR
    scene.put(shape, paint, train_id, body=body)
    scene.put(blot((length, width)), assets.metal, ROAD, pos=(0, 0, 0.012), body=body, opacity=0.45, shadow=False)
    return body, ((),)


_KINDS = ("car", "van", "truck", "bus", "motorcycle")


def _leaders(street: Street, ego: Ego) -> list[Actor]:
    """Vehicles in front of the camera car at its own speed, and in the other lane of the same direction."""
    rng, section = street.rng, street.section
    actors, s = [], ego.start_m
    for _ in range(rng.integers(0, 4)):
        s += rng.uniform(13, 45)
        body, phases = _vehicle(street, str(rng.choice(_KINDS, p=(0.68, 0.1, 0.07, 0.08, 0.07))))
        actors.append(Actor(body, phases, s, ego.speed_mps, ego.d + float(rng.normal(0, 0.1))))
    others = [section.lane(i) for i in range(section.lanes) if abs(section.lane(i) - ego.d) > 1.5]
    for d in others:
        speed = ego.speed_mps * rng.uniform(0.8, 1.3)
        for s in np.arange(-35, street.route.length_m, rng.uniform(18, 45)):
            body, phases = _vehicle(street, str(rng.choice(_KINDS, p=(0.7, 0.1, 0.06, 0.07, 0.07))))
            actors.append(Actor(body, phases, float(s + rng.uniform(-4, 4)), float(speed), float(d)))
    return actors


def _oncoming(street: Street) -> list[Actor]:
    """Vehicles in the lanes of the other direction; trams have a lane to themselves."""
    rng, section = street.rng, street.section
    actors = []
    for index in range(1 if street.rails else 0, section.lanes):
        speed, step = -rng.uniform(4, 12), rng.uniform(16, 60)
        for s in np.arange(_START_M, street.route.length_m + 40, step):
            body, phases = _vehicle(street, str(rng.choice(_KINDS, p=(0.68, 0.1, 0.07, 0.08, 0.07))))
            actors.append(
                Actor(
                    body,
                    phases,
                    float(s + rng.uniform(-4, 4)),
                    speed,
                    section.lane(index, own=False) + rng.normal(0, 0.1),
                )
            )
    return actors + (_trams(street) if street.rails else [])


def _trams(street: Street) -> list[Actor]:
    """A tram or two that come the other way between the cars."""
    rng = street.rng
    actors = []
    for s in (rng.uniform(60, 120), rng.uniform(220, 300)):
        body, phases = _vehicle(street, "tram")
        actors.append(Actor(body, phases, float(s), -float(rng.uniform(1, 4)), street.section.lane(0, own=False)))
    return actors


def _cyclists(street: Street) -> list[Actor]:
    """Cyclists at the edge of the road, both ways."""
    rng, section, assets, scene = street.rng, street.section, street.assets, street.scene
    actors = []
    for own in (True, False):
        edge = section.lanes * section.lane_m - 0.15
        side = section.hand if own else -section.hand
        for s in rng.uniform(15, street.route.length_m, rng.integers(2, 6)):
            body = scene.moving_body(f"actor{len(scene.spec.bodies)}")
            clothes = assets.clothes[rng.integers(len(assets.clothes))]
            scene.put(assets.bicycle, clothes, BICYCLE, body=body, seen_m=(0, 140))
            scene.put(
                blot((1.6, 0.4)),
                assets.metal,
                ROAD,
                pos=(0, 0, 0.012),
                body=body,
                opacity=0.3,
                shadow=False,
                seen_m=(0, 60),
            )
            shapes = assets.riders[rng.integers(2)]
            phases = tuple((scene.put(shape, clothes, RIDER, body=body, seen_m=(0, 140)),) for shape in shapes)
            speed = float(rng.uniform(3.5, 6)) * (1 if own else -1)
            actors.append(Actor(body, phases, float(s), speed, side * edge, stride_m=4.0))
    return actors


def _walker(street: Street) -> tuple[Any, Phases]:
    rng, assets, scene = street.rng, street.assets, street.scene
    body = scene.moving_body(f"actor{len(scene.spec.bodies)}")
    clothes = assets.clothes[rng.integers(len(assets.clothes))]
    shapes = assets.walkers[int(rng.choice(4, p=(0.45, 0.27, 0.2, 0.08)))]
    return body, tuple((scene.put(shape, clothes, PERSON, body=body, seen_m=(0, 140)),) for shape in shapes)


def _walkers(street: Street) -> list[Actor]:
    """People on the pavements, alone or two abreast."""
    rng, section = street.rng, street.section
    actors = []
    for side in SIDES:
        for s in rng.uniform(-20, street.route.length_m + 40, rng.integers(12, 28)):
            speed = float(rng.uniform(1.0, 1.6) * rng.choice([-1, 1]))
            d = rng.uniform(section.walk(side) + 0.5, section.lots(side) - 0.5)
            for i in range(1 + (rng.random() < 0.3)):
                body, phases = _walker(street)
                actors.append(
                    Actor(body, phases, float(s + 0.2 * i), speed, float(side * (d - 0.35 + 0.7 * i)), KERB_M)
                )
    return actors


def _crossing_pedestrians(street: Street, ego: Ego) -> list[Actor]:
    """People who cross at the zebras, done well before the camera car arrives."""
    rng, section = street.rng, street.section
    actors = []
    for junction in street.junctions:
        if not junction.crossing:
            continue
        s = junction.ends[0] - 2.9
        arrival = (s - ego.start_m) / ego.speed_mps
        for _ in range(rng.integers(1, 4)):
            side = int(rng.choice(SIDES))
            pace, width = rng.uniform(1.2, 1.7), section.kerb(-1) + section.kerb(1) + 1.6
            done = arrival - rng.uniform(1.0, 4.0) - 5.0 / ego.speed_mps
            body, phases = _walker(street)
            actors.append(
                Actor(
                    body,
                    phases,
                    s + float(rng.uniform(-1, 1)),
                    0.0,
                    side * (section.kerb(side) + 0.8),
                    KERB_M,
                    float(-side * pace),
                    (float(done - width / pace), float(done)),
                )
            )
    return actors
