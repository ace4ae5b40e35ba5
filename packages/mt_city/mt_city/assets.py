# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What one city is put together from: every shape and surface of its street and its traffic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mt_city import cars, furniture, houses, people, plants, signs, trucks_and_buses
from mt_city.facades import facade, random_style
from mt_city.paint import vehicle_palette
from mt_city.scene import SceneBuilder, palette_image
from mt_city.textures import Rng, bark, brick, leaves, plaster, roof_tiles


@dataclass(frozen=True)
class HousePart:
    """A building that can be placed: pairs of (shape, material), and its size in metres."""

    parts: tuple[tuple[str, str], ...]
    width_m: float
    depth_m: float


@dataclass(frozen=True)
class PlantPart:
    """A plant that can be placed; shapes are None where the plant has none."""

    leaves: str | None
    wood: str | None
    leaf: str
    bark: str


@dataclass(frozen=True)
class AssetLibrary:
    """Names of meshes and materials on the scene, by what they are."""

    houses: dict[str, list[HousePart]]
    trees: list[PlantPart]
    bushes: list[PlantPart]
    hedge: PlantPart
    metal: str
    signs: str
    lamp: str
    walls: list[str]
    paints: list[str]
    bus_paints: list[str]
    clothes: list[str]
    cars: list[str]
    vans: list[str]
    trucks: list[tuple[str, float]]
    buses: list[tuple[str, float]]
    tram: tuple[str, float]
    walkers: list[list[str]]
    standing: list[str]
    riders: list[list[str]]
    biker: str
    bicycle: str
    motorcycle: str


_HOUSES = {"terrace": ((2, 4), 0.6, 0.05, 5), "tower": ((4, 8), 0.45, 0.55, 4), "villa": ((1, 2), 0.0, 0.0, 4)}
"""Storeys (lowest, highest), share with a shop, share of offices, how many different ones."""


def build_assets(rng: Rng, scene: SceneBuilder) -> AssetLibrary:
    """Everything a street may need, in this city's colours."""
    metal = scene.material(palette_image(furniture.furniture_colors(rng)), specular=0.2)
    roofs = [scene.material(roof_tiles(rng)) for _ in range(3)]
    houses_by_kind = {
        kind: [_house(rng, scene, floors, shops, offices, roofs, metal) for _ in range(count)]
        for kind, (floors, shops, offices, count) in _HOUSES.items()
    }
    shapes = list(cars.CAR_SHAPES.items())
    clothes = [scene.material(people.clothes_palette(rng)) for _ in range(14)]
    figures = [(False, False, 1.78), (True, False, 1.66), (False, True, 1.72), (False, False, 1.35)]
    trees, bushes, hedge = _plants(rng, scene)
    phases = range(people.GAIT_PHASES)
    return AssetLibrary(
        houses=houses_by_kind,
        trees=trees,
        bushes=bushes,
        hedge=hedge,
        metal=metal,
        signs=scene.material(signs.sign_atlas(rng)),
        lamp=scene.mesh(
            furniture.lamp_post(float(rng.uniform(4.5, 8.5)), float(rng.uniform(0.8, 2.0)), int(rng.integers(3)))
        ),
        walls=_walls(rng, scene),
        paints=[scene.material(vehicle_palette(rng), specular=0.45, shininess=0.7) for _ in range(14)],
        bus_paints=[
            scene.material(vehicle_palette(rng, np.array(c, float)), specular=0.3, shininess=0.6)
            for c in ((190, 24, 28), (226, 228, 226), (228, 186, 40), (40, 84, 150))
        ],
        clothes=clothes,
        cars=[scene.mesh(cars.car(shape), cars.car(shape, fine=False)) for name, shape in shapes if name != "van"],
        vans=[
            scene.mesh(cars.car(cars.CAR_SHAPES["van"], closed), cars.car(cars.CAR_SHAPES["van"], closed, fine=False))
            for closed in (False, True)
        ],
        trucks=[
            (scene.mesh(trucks_and_buses.truck(length, closed)), length)
            for length, closed in ((7.0, True), (8.5, True), (6.2, False))
        ],
        buses=[(scene.mesh(trucks_and_buses.bus(11.5)), 11.5), (scene.mesh(trucks_and_buses.bus(10.5, decks=2)), 10.5)],
        tram=(scene.mesh(trucks_and_buses.tram()), 22.5),
        walkers=[[scene.mesh(people.walker(phase, *figure)) for phase in phases] for figure in figures],
        standing=[scene.mesh(people.walker(None, *figure)) for figure in figures],
        riders=[[scene.mesh(people.rider(phase, helmet)) for phase in phases] for helmet in (False, True)],
        biker=scene.mesh(people.rider(0, helmet=True, motor=True)),
        bicycle=scene.mesh(people.bicycle()),
        motorcycle=scene.mesh(people.motorcycle()),
    )


def _house(
    rng: Rng, scene: SceneBuilder, floors: tuple[int, int], shops: float, offices: float, roofs: list[str], metal: str
) -> HousePart:
    style = random_style(rng, floors, shops, offices)
    made = houses.building(rng, style)
    front = scene.material(facade(rng, style), specular=0.05)
    roof = roofs[rng.integers(len(roofs))]
    parts = ((scene.mesh(made.walls), front), (scene.mesh(made.roof), roof), (scene.mesh(made.extras), metal))
    return HousePart(parts, made.width_m, made.depth_m)


def _walls(rng: Rng, scene: SceneBuilder) -> list[str]:
    """Images of garden walls, 2.5 m wide."""
    stone = np.array([(150, 96, 76), (168, 156, 138), (120, 116, 110)][rng.integers(3)], float)
    return [scene.material(brick(rng, 128, 128, 51, stone)), scene.material(plaster(rng, 128, 128, 0.6 * stone + 80))]


def _plants(rng: Rng, scene: SceneBuilder) -> tuple[list[PlantPart], list[PlantPart], PlantPart]:
    """Trees of one season, bushes, a hedge."""
    season = str(rng.choice(["summer", "autumn", "winter"], p=[0.62, 0.18, 0.2]))
    greens = np.array([(84, 108, 48), (64, 92, 44), (104, 122, 60), (76, 96, 62)], float)
    browns = np.array([(168, 120, 48), (150, 88, 40), (124, 116, 52), (104, 110, 50)], float)
    colors = (browns if season == "autumn" else greens) * rng.uniform(0.8, 1.15)
    materials = [scene.material(leaves(rng, color)) for color in colors]
    wood = scene.material(bark(rng))
    dark = scene.material(leaves(rng, (52, 74, 44)))

    def part(plant: plants.Plant, leaf: str) -> PlantPart:
        crown = scene.mesh(plant.leaves, plant.far_leaves) if plant.leaves else None
        return PlantPart(crown, scene.mesh(plant.wood) if plant.wood else None, leaf, wood)

    crowns = plants.bare_tree if season == "winter" else plants.broadleaf
    trees = [part(crowns(rng, float(rng.uniform(5.5, 11))), materials[i]) for i in range(4)]
    trees += [
        part(plants.broadleaf(rng, float(rng.uniform(4, 7))), materials[0]),
        part(plants.conifer(rng, float(rng.uniform(5, 10))), dark),
    ]
    bushes = [part(plants.bush(rng, float(rng.uniform(0.8, 2.0))), materials[i]) for i in range(3)]
    return trees, bushes, part(plants.hedge(rng, 6.0, float(rng.uniform(1.0, 2.0)), 0.9), materials[1])
