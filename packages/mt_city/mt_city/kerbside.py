# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What stands between the houses and the road: trees, posts, parked vehicles, people who wait, litter bins."""

from __future__ import annotations

import numpy as np

from mt_city import furniture
from mt_city import signs as sign_faces
from mt_city.ground import KERB_M, SIDES, SideStreet, free_stretches
from mt_city.labels import (
    BICYCLE,
    CAR,
    MOTORCYCLE,
    PERSON,
    POLE,
    TRAFFIC_LIGHT,
    TRAFFIC_SIGN,
    TRUCK,
    UNLABELLED,
)
from mt_city.street import Street, plant

_SMALL = (0.0, 140.0)
"""Distances between which small things are drawn."""


def furnish(street: Street) -> None:
    """Places everything at the kerb that stands still."""
    for side in SIDES:
        _plant_row(street, side)
        _set_posts(street, side)
        _park_vehicles(street, side)
        _park_cycles(street, side)
        _stand_people(street, side)
        _scatter_clutter(street, side)
    for junction in street.junctions:
        _set_lights(street, junction)


def _plant_row(street: Street, side: int) -> None:
    """A row of street trees, or none."""
    rng, section = street.rng, street.section
    if rng.random() < (0.2 if section.verge_m[side > 0] else 0.42):
        return
    tree = street.assets.trees[rng.integers(4)]
    step, d = rng.uniform(8, 18), section.kerb(side) + max(0.7, section.verge_m[side > 0] / 2)
    for s0, s1 in free_stretches(street.junctions, side, -20, street.route.length_m + 60):
        for s in np.arange(s0 + 5, s1 - 3, step):
            if rng.random() < 0.85:
                plant(street, tree, float(s + rng.normal(0, 0.5)), side * d)


def _set_posts(street: Street, side: int) -> None:
    """Lamps, signs, bollards and bare poles along the kerb."""
    rng, assets, d = street.rng, street.assets, side * (street.section.kerb(side) + 0.45)
    outwards = 0.0 if side < 0 else np.pi
    facing = 0.0 if side == street.section.hand else np.pi
    signs = {
        i: street.scene.mesh(sign_faces.sign(i, float(rng.uniform(0.27, 0.4))))
        for i in rng.choice(16, 6, replace=False)
    }
    post, tall = street.scene.mesh(furniture.pole(2.9)), street.scene.mesh(furniture.pole(7.5, 0.11))
    bollard = street.scene.mesh(furniture.bollard())
    step = rng.uniform(22, 38)
    for s0, s1 in free_stretches(street.junctions, side, -20, street.route.length_m + 60):
        for s in np.arange(s0 + 2 + rng.uniform(0, 6), s1 - 2, step):
            street.put(assets.lamp, assets.metal, POLE, float(s), d, turn=outwards)
        for s in rng.uniform(s0 + 1, s1 - 1, int((s1 - s0) / 16)):
            index = int(rng.choice(list(signs)))
            street.put(post, assets.metal, POLE, float(s), d, seen_m=_SMALL)
            way = facing if rng.random() < 0.75 else facing + np.pi
            street.put(
                signs[index], assets.signs, TRAFFIC_SIGN, float(s - 0.06 * np.cos(way)), d, KERB_M + 2.5, way, _SMALL
            )
        for s in rng.uniform(s0 + 1, s1 - 1, int((s1 - s0) / 45)):
            street.put(tall, assets.metal, POLE, float(s), d)
        if rng.random() < 0.35:
            for s in np.arange(s0 + 3, min(s1 - 3, s0 + 30), 2.0):
                street.put(bollard, assets.metal, POLE, float(s), d, seen_m=_SMALL)


def _park_vehicles(street: Street, side: int) -> None:
    """Cars in the parking strip."""
    rng, section = street.rng, street.section
    turn = 0.0 if side == section.hand else np.pi
    if section.parking_m[side > 0]:
        share, d = rng.uniform(0.2, 0.9), side * (section.kerb(side) - 1.05)
        for s0, s1 in free_stretches(street.junctions, side, -30, street.route.length_m + 60):
            for s in np.arange(s0 + 5, s1 - 4, 5.9):
                if rng.random() < share:
                    _park_one(
                        street, float(s + rng.normal(0, 0.3)), d + rng.normal(0, 0.06), turn + rng.normal(0, 0.02)
                    )


def _park_cycles(street: Street, side: int) -> None:
    """Bicycles and motorcycles on the pavement, in small groups."""
    rng, assets, section = street.rng, street.assets, street.section
    for s in rng.uniform(0, street.route.length_m, rng.integers(6, 16)):
        for i in range(rng.integers(1, 4)):
            motor = rng.random() < 0.25
            shape, train_id = (assets.motorcycle, MOTORCYCLE) if motor else (assets.bicycle, BICYCLE)
            clothes = assets.clothes[rng.integers(len(assets.clothes))]
            lean = rng.uniform(0.2, np.pi / 2) if motor else rng.choice([0.1, np.pi / 2])
            where = section.walk(side) + (0.5 if rng.random() < 0.5 else section.walk_m[side > 0] - 0.5)
            street.put(shape, clothes, train_id, float(s + 0.8 * i), side * where, turn=float(lean), seen_m=_SMALL)


def _park_one(street: Street, s: float, d: float, turn: float) -> None:
    rng, assets = street.rng, street.assets
    kind = rng.random()
    paint = assets.paints[rng.integers(len(assets.paints))]
    if kind < 0.04:
        shape, _ = assets.trucks[rng.integers(3)]
        street.put(shape, paint, TRUCK, s, d, 0.0, turn)
    else:
        pool = assets.vans if kind < 0.14 else assets.cars
        street.put(pool[rng.integers(len(pool))], paint, CAR, s, d, 0.0, turn + (np.pi if rng.random() < 0.1 else 0))


def _stand_people(street: Street, side: int) -> None:
    """Small groups that stand on the pavement."""
    rng, assets, section = street.rng, street.assets, street.section
    for s in rng.uniform(10, street.route.length_m + 20, rng.integers(2, 9)):
        d = rng.uniform(section.walk(side) + 0.4, section.lots(side) - 0.4)
        for _ in range(rng.integers(1, 4)):
            shape = assets.standing[rng.integers(len(assets.standing))]
            clothes = assets.clothes[rng.integers(len(assets.clothes))]
            street.put(
                shape,
                clothes,
                PERSON,
                float(s + rng.normal(0, 0.6)),
                float(side * (d + rng.uniform(-0.3, 0.3))),
                turn=float(rng.uniform(0, 6.3)),
                seen_m=_SMALL,
            )


def _set_lights(street: Street, junction: SideStreet) -> None:
    """A traffic light on either side of the road, and sometimes one above it."""
    if not junction.lights:
        return
    rng, assets, scene, s = street.rng, street.assets, street.scene, junction.ends[0] - 6.0
    head = scene.mesh(furniture.traffic_light(int(rng.choice([0, 1, 2], p=[0.25, 0.1, 0.65]))))
    post, reach = scene.mesh(furniture.pole(3.4, 0.06)), float(rng.uniform(2.5, 4.5))
    for side in SIDES:
        d = side * (street.section.kerb(side) + 0.4)
        street.put(post, assets.metal, POLE, s, d)
        street.put(head, assets.metal, TRAFFIC_LIGHT, s - 0.2, d, KERB_M + 2.75)
        street.put(head, assets.metal, TRAFFIC_LIGHT, s + 0.2, d, KERB_M + 2.75, np.pi)
    if rng.random() < 0.5:
        side, far = street.section.hand, junction.ends[1] + 1
        mast = scene.mesh(furniture.pole(5.8, 0.1, reach))
        street.put(
            mast, assets.metal, POLE, far, side * (street.section.kerb(side) + 0.5), turn=0.0 if side < 0 else np.pi
        )
        street.put(head, assets.metal, TRAFFIC_LIGHT, far - 0.2, side * (street.section.kerb(side) + 0.6 - reach), 5.6)


def _scatter_clutter(street: Street, side: int) -> None:
    """Bins, benches and cabinets, which belong to no class."""
    rng, section, scene = street.rng, street.section, street.scene
    shapes = [scene.mesh(mesh) for mesh in (furniture.litter_bin(), furniture.bench(), furniture.cabinet())]
    for s in rng.uniform(0, street.route.length_m + 20, rng.integers(4, 14)):
        kind = int(rng.integers(3))
        d = section.walk(side) + 0.5 if rng.random() < 0.4 else section.lots(side) - 0.45
        street.put(
            shapes[kind], street.assets.metal, UNLABELLED, float(s), side * d, turn=street.inwards(side), seen_m=_SMALL
        )
