# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A street along a route: ground, side streets, and what lines it, lot by lot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mt_city import furniture
from mt_city.assets import AssetLibrary, HousePart, PlantPart
from mt_city.ground import (
    KERB_M,
    SIDES,
    Section,
    SideStreet,
    free_stretches,
    lay_ground,
    rails,
    random_junctions,
    random_section,
)
from mt_city.labels import BUILDING, FENCE, ROAD, VEGETATION, WALL
from mt_city.route import LEAD_M, Route
from mt_city.scene import SceneBuilder
from mt_city.textures import Rng

_CHARACTERS = {"terrace": 0.34, "tower": 0.16, "villa": 0.27, "park": 0.23}


@dataclass(frozen=True)
class Street:
    """A street under construction. `characters` (right, left) name what lines it; `rails`: trams come."""

    rng: Rng
    scene: SceneBuilder
    route: Route
    section: Section
    junctions: list[SideStreet]
    assets: AssetLibrary
    characters: tuple[str, str]
    rails: bool

    def put(
        self,
        shape: str,
        material: str,
        train_id: int,
        s: float,
        d: float,
        z: float = KERB_M,
        turn: float = 0.0,
        seen_m: tuple[float, float] = (0.0, 400.0),
    ) -> None:
        """Places a shape at (s, d, z), turned left by `turn` from the direction of travel."""
        pos, yaw = self.route.at(s, d, z), float(self.route.heading(s)) + turn
        self.scene.put(shape, material, train_id, pos, yaw, seen_m=seen_m)

    def inwards(self, side: int) -> float:
        """The turn that makes -y of a shape face the road from this side."""
        return 0.0 if side > 0 else np.pi


def build_street(rng: Rng, scene: SceneBuilder, route: Route, assets: AssetLibrary) -> Street:
    """Lays out a whole street: ground, houses, gardens, parks."""
    characters = tuple(str(c) for c in rng.choice(list(_CHARACTERS), 2, p=list(_CHARACTERS.values())))
    junctions = random_junctions(rng, route.length_m)
    street = Street(
        rng,
        scene,
        route,
        random_section(rng),
        junctions,
        assets,
        (characters[0], characters[1]),
        rails=bool(rng.random() < 0.12),
    )
    paved = tuple(c in ("terrace", "tower") for c in street.characters)
    lay_ground(rng, scene, route, street.section, junctions, (paved[0], paved[1]))
    if street.rails:
        scene.put(rails(route, street.section), assets.metal, ROAD, shadow=False)
    for side in SIDES:
        _line_with_lots(street, side)
    for junction in junctions:
        _house_the_side_street(street, junction)
    _close_the_end(street)
    return street


def _line_with_lots(street: Street, side: int) -> None:
    """Buildings and gardens one after the other, with a gap at each side street."""
    rng, character = street.rng, street.characters[side > 0]
    for start, end in free_stretches(street.junctions, side, -LEAD_M + 20, street.route.length_m + 70):
        s = start + (2.5 if start > 0 else 0)
        setback = rng.uniform(0, 0.4) if character == "terrace" else rng.uniform(0.5, 5)
        while s < end - 4:
            kind = character if rng.random() < 0.82 else str(rng.choice(list(_CHARACTERS)))
            s += (
                _park(street, side, s, min(18.0, end - s))
                if kind == "park"
                else _lot(street, side, s, end, kind, float(setback))
            )


def _lot(street: Street, side: int, s: float, end: float, kind: str, setback: float) -> float:
    """One house with what stands before it; returns the length used."""
    rng = street.rng
    options = [h for h in street.assets.houses[kind] if h.width_m <= end - s - 2]
    if not options:
        return _park(street, side, s, end - s)
    house = options[rng.integers(len(options))]
    gap = float(rng.uniform(2.5, 7)) if kind == "villa" else float(rng.choice([0.0, rng.uniform(0.5, 4)], p=[0.8, 0.2]))
    back = float(rng.uniform(3, 7)) if kind == "villa" else setback
    middle = s + gap / 2 + house.width_m / 2
    place_house(street, house, side, middle, street.section.lots(side) + back)
    if back > 1.5:
        _boundary(street, side, s, s + house.width_m + gap)
        for _ in range(rng.integers(1, 4)):
            d = street.section.lots(side) + rng.uniform(0.8, back - 0.5)
            pool = street.assets.bushes if rng.random() < 0.75 or back < 4 else street.assets.trees
            plant(street, pool[rng.integers(len(pool))], s + rng.uniform(0, house.width_m + gap), side * d)
    return house.width_m + gap + 0.02


def place_house(street: Street, house: HousePart, side: int, s: float, distance: float) -> None:
    """A building whose front is `distance` from the centre line."""
    for shape, material in house.parts:
        street.put(shape, material, BUILDING, s, side * distance, KERB_M - 0.05, street.inwards(side))


def plant(street: Street, part: PlantPart, s: float, d: float, turn: float | None = None) -> None:
    """A tree or bush, in less detail from afar."""
    angle = street.rng.uniform(0, 2 * np.pi) if turn is None else turn
    for shape, material, seen in ((part.leaves, part.leaf, (0, 400)), (part.wood, part.bark, (0, 180))):
        if shape:
            street.put(shape, material, VEGETATION, s, d, KERB_M - 0.03, angle, seen)


def _boundary(street: Street, side: int, s0: float, s1: float) -> None:
    """Hedge, fence or wall along the front of a plot, with an entrance."""
    rng, d = street.rng, side * (street.section.lots(side) + 0.25)
    kind = str(rng.choice(["hedge", "fence", "wall", "both", "none"], p=[0.27, 0.3, 0.23, 0.1, 0.1]))
    length, middle = s1 - s0 - 1.2, (s0 + s1) / 2
    if length < 1.5 or kind == "none":
        return
    if kind == "hedge":
        for s in np.arange(s0 + 3, s1 - 2, 6.0):
            plant(street, street.assets.hedge, float(s), d, street.inwards(side))
    if kind in ("wall", "both"):
        low = 0.5 if kind == "both" else float(rng.uniform(0.7, 2.1))
        shape = street.scene.mesh(furniture.wall(length, low, 2.5))
        street.put(shape, street.assets.walls[rng.integers(2)], WALL, middle, d, KERB_M, street.inwards(side))
    if kind in ("fence", "both"):
        shape = street.scene.mesh(furniture.railing(length, float(rng.uniform(1.0, 1.9)), int(rng.integers(4))))
        street.put(shape, street.assets.metal, FENCE, middle, d, KERB_M + 0.5 * (kind == "both"), street.inwards(side))


def _park(street: Street, side: int, s: float, length: float) -> float:
    """Trees and bushes behind a boundary."""
    rng, lots = street.rng, street.section.lots(side)
    _boundary(street, side, s, s + length)
    for _ in range(max(1, int(length / 2.6))):
        pool = street.assets.trees if rng.random() < 0.6 else street.assets.bushes
        plant(
            street,
            pool[rng.integers(len(pool))],
            s + rng.uniform(0, length),
            side * (lots + 1.5 + 20 * rng.random() ** 1.5),
        )
    return length


def _house_the_side_street(street: Street, junction: SideStreet) -> None:
    """Houses along a side street that are seen through the gap, and something at its end."""
    rng = street.rng
    for side in junction.sides:
        d = street.section.lots(side) + 62.0
        pool = street.assets.houses["terrace"]
        place_house(street, pool[rng.integers(len(pool))], side, junction.s, d)
        for _ in range(3):
            offset = float(rng.choice([-1, 1])) * (junction.width_m / 2 + 2.5)
            plant(street, street.assets.trees[rng.integers(6)], junction.s + offset, side * (d - rng.uniform(8, 45)))


def _close_the_end(street: Street) -> None:
    """Houses and trees across the far end, so that the street does not run into nothing."""
    rng, s, d = street.rng, street.route.length_m + 95, -60.0
    pool = street.assets.houses["terrace"] + street.assets.houses["tower"]
    while d < 60:
        house = pool[rng.integers(len(pool))]
        for shape, material in house.parts:
            street.put(shape, material, BUILDING, s, d + house.width_m / 2, 0.0, -np.pi / 2)
        d += house.width_m
    for d in rng.uniform(-40, 40, 8):
        plant(street, street.assets.trees[rng.integers(6)], s - rng.uniform(3, 10), float(d))
