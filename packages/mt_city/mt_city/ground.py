# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The street's cross-section, and what lies flat in it: road, markings, kerbs, pavements, verges, side streets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mt_city.furniture import DARK
from mt_city.labels import ROAD, SIDEWALK, TERRAIN
from mt_city.route import LEAD_M, Route
from mt_city.scene import SceneBuilder, swatch
from mt_city.shapes import Mesh, merge
from mt_city.textures import Rng, asphalt, grass, paving, worn_paint

KERB_M = 0.12
SIDES = (-1, 1)
"""Right (-1) and left (+1) of the street, the sign of d."""
_PAINT_Z = 0.006
_FAR_M = 80.0


@dataclass(frozen=True)
class Section:
    """Widths in metres across the street; pairs are (right, left). `hand` is the side one drives on."""

    hand: int
    lanes: int
    lane_m: float
    parking_m: tuple[float, float]
    verge_m: tuple[float, float]
    walk_m: tuple[float, float]

    def kerb(self, side: int) -> float:
        """Distance of the kerb from the centre line."""
        return self.lanes * self.lane_m + self.parking_m[side > 0]

    def walk(self, side: int) -> float:
        """Distance at which the pavement begins."""
        return self.kerb(side) + self.verge_m[side > 0]

    def lots(self, side: int) -> float:
        """Distance at which private ground begins."""
        return self.walk(side) + self.walk_m[side > 0]

    def lane(self, index: int, own: bool = True) -> float:
        """Offset d of the middle of a lane, counted from the centre line."""
        return (self.hand if own else -self.hand) * (index + 0.5) * self.lane_m


@dataclass(frozen=True)
class SideStreet:
    """A junction: its middle and width along s, the sides it leads to, whether it has lights and a crossing."""

    s: float
    width_m: float
    sides: tuple[int, ...]
    lights: bool
    crossing: bool

    @property
    def ends(self) -> tuple[float, float]:
        return self.s - self.width_m / 2, self.s + self.width_m / 2


def random_section(rng: Rng) -> Section:
    """A street drawn at random, from a lane in the old town to an avenue."""
    lanes = int(rng.choice([1, 2], p=[0.72, 0.28]))
    parking = tuple(float(rng.choice([0.0, 2.1], p=[0.48, 0.52])) for _ in SIDES)
    verge = tuple(float(rng.choice([0.0, rng.uniform(1.2, 3.0)], p=[0.6, 0.4])) for _ in SIDES)
    walk = tuple(float(rng.uniform(1.9, 5.0)) for _ in SIDES)
    return Section(
        int(rng.choice(SIDES)),
        lanes,
        float(rng.uniform(2.9, 3.6)),
        (parking[0], parking[1]),
        (verge[0], verge[1]),
        (walk[0], walk[1]),
    )


def random_junctions(rng: Rng, length_m: float) -> list[SideStreet]:
    """Side streets at least 50 m apart."""
    junctions = []
    s = rng.uniform(30, 90)
    while s < length_m - 30:
        sides = [(-1,), (1,), (-1, 1)][rng.integers(3)]
        junctions.append(
            SideStreet(float(s), float(rng.uniform(6, 10)), sides, bool(rng.random() < 0.55), bool(rng.random() < 0.7))
        )
        s += rng.uniform(50, 120)
    return junctions


def free_stretches(junctions: list[SideStreet], side: int, start: float, end: float) -> list[tuple[float, float]]:
    """Stretches of s that no side street on this side interrupts."""
    edges = [start, *(e for j in junctions if side in j.sides for e in j.ends), end]
    return list(zip(edges[::2], edges[1::2], strict=True))


def lay_ground(
    rng: Rng, scene: SceneBuilder, route: Route, section: Section, junctions: list[SideStreet], paved: tuple[bool, bool]
) -> None:
    """Places everything flat. `paved` (right, left): private ground is paved instead of grass."""
    tar, lawn = scene.material(asphalt(rng), specular=0.05), scene.material(grass(rng))
    slabs, stone = scene.material(paving(rng)), scene.material(paving(rng))
    start, end = -LEAD_M + 5, route.length_m + 100
    right, left = -section.kerb(-1), section.kerb(1)
    scene.put(route.ribbon(start, end, (right, 0), (left, 0), 16), tar, ROAD, shadow=False)
    scene.put(route.ribbon(start, end + 15, (-250, -0.05), (250, -0.05), 4), lawn, TERRAIN, shadow=False)
    for side in SIDES:
        for s0, s1 in free_stretches(junctions, side, start, end):
            strips = _strips(section, side, slabs, stone, lawn, paved[side > 0])
            for inner, outer, material, train_id, tile in strips:
                edges = (inner, outer) if side > 0 else ((-outer[0], outer[1]), (-inner[0], inner[1]))
                scene.put(route.ribbon(s0, s1, edges[0], edges[1], tile), material, train_id, shadow=False)
                scene.put(route.step(s0, *edges), stone, train_id, shadow=False)
    _side_streets(scene, route, section, junctions, tar, slabs)
    scene.put(_markings(rng, route, section, junctions), scene.material(worn_paint(rng)), ROAD, shadow=False)


Edge = tuple[float, float]


def _strips(
    section: Section, side: int, slabs: str, stone: str, lawn: str, paved: bool
) -> list[tuple[Edge, Edge, str, int, float]]:
    """(inner edge, outer edge, material, trainId, tile) from the kerb outwards; an edge is (distance, z)."""
    kerb, walk, lots, up = section.kerb(side), section.walk(side), section.lots(side), KERB_M
    strips: list[tuple[Edge, Edge, str, int, float]] = [
        ((kerb, 0), (kerb + 0.02, up), stone, SIDEWALK, 2.0),
        ((kerb + 0.02, up), (kerb + 0.18, up), stone, SIDEWALK, 2.0),
        ((walk + 0.18 * (walk == kerb), up), (lots, up), slabs, SIDEWALK, 2.0),
        ((lots, up - 0.01), (lots + _FAR_M, up - 0.01), slabs if paved else lawn, SIDEWALK if paved else TERRAIN, 4.0),
    ]
    if walk > kerb:
        strips.append(((kerb + 0.18, up - 0.01), (walk, up - 0.01), lawn, TERRAIN, 4.0))
    return strips


def _side_streets(
    scene: SceneBuilder, route: Route, section: Section, junctions: list[SideStreet], tar: str, slabs: str
) -> None:
    for junction in junctions:
        s0, s1 = junction.ends
        for side in junction.sides:
            near, far, foot = section.kerb(side), section.kerb(side) + _FAR_M, section.lots(side)
            for a, b, start, z, material, train_id in (
                (s0, s1, near, 0.0, tar, ROAD),
                (s0 - 2, s0, foot, KERB_M, slabs, SIDEWALK),
                (s1, s1 + 2, foot, KERB_M, slabs, SIDEWALK),
            ):
                edges = ((start, z), (far, z)) if side > 0 else ((-far, z), (-start, z))
                scene.put(route.ribbon(a, b, *edges, 16 if train_id == ROAD else 2), material, train_id, shadow=False)


def _markings(rng: Rng, route: Route, section: Section, junctions: list[SideStreet]) -> Mesh:
    """All road paint as one mesh: lines, crossings, stop lines, arrows."""
    start, end = -LEAD_M + 5, route.length_m + 100
    parts = [_stripe(route, start, start + 1, 0, 0.1)]
    dash, gap = ((3.0, 6.0), (4.0, 4.0), (2.0, 4.0), (end - start, 1.0))[rng.integers(4)]
    blocked = [(j.s - j.width_m / 2 - 7, j.s + j.width_m / 2 + 2) for j in junctions]
    lines = [0.0] + [side * i * section.lane_m for side in SIDES for i in range(1, section.lanes)]
    for d in lines:
        for s in np.arange(start, end, dash + gap):
            parts += [_stripe(route, a, b, d, 0.12) for a, b in _cut(s, s + dash, blocked)]
    if rng.random() < 0.6:
        for side in SIDES:
            offsets = (
                [section.lanes * section.lane_m - 0.15]
                if section.parking_m[side > 0]
                else [section.kerb(side) - 0.3, section.kerb(side) - 0.5]
            )
            for a, b in _cut(start, end, blocked):
                parts += [_stripe(route, a, b, side * d, 0.09) for d in offsets]
    for junction in junctions:
        parts += _junction_paint(route, section, junction)
    if rng.random() < 0.5:
        places = [s for s in rng.uniform(10, route.length_m, 4) if not any(a - 4 < s < b + 2 for a, b in blocked)]
        parts += [_arrow(route, s, section.lane(section.lanes - 1)) for s in places]
    return merge(parts)


def _cut(a: float, b: float, blocked: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """What remains of a..b without the blocked stretches."""
    pieces = []
    for low, high in sorted(blocked):
        if low > a:
            pieces.append((a, min(b, low)))
        a = max(a, high)
    return [(x, y) for x, y in [*pieces, (a, b)] if y - x > 0.2]


def _stripe(route: Route, s0: float, s1: float, d: float, width: float) -> Mesh:
    return route.ribbon(s0, s1, (d - width / 2, _PAINT_Z), (d + width / 2, _PAINT_Z), 1.0)


def _junction_paint(route: Route, section: Section, junction: SideStreet) -> list[Mesh]:
    """A zebra before the junction, and a stop line before that."""
    s = junction.ends[0] - 4.5
    parts = []
    if junction.crossing:
        for d in np.arange(-section.kerb(-1) + 0.5, section.kerb(1) - 0.3, 1.0):
            parts.append(_stripe(route, s, s + 3.2, float(d), 0.5))
    if junction.lights:
        middle = section.hand * section.lanes * section.lane_m / 2
        parts.append(_stripe(route, s - 1.6, s - 1.2, middle, section.lanes * section.lane_m - 0.3))
    return parts


def _arrow(route: Route, s: float, d: float) -> Mesh:
    """A shaft and, as a stack of narrowing stripes, a head."""
    head = [_stripe(route, s + 1.6 + 0.12 * i, s + 1.6 + 0.12 * (i + 1), d, 0.7 - 0.1 * i) for i in range(7)]
    return merge([_stripe(route, s, s + 1.6, d, 0.16), *head])


def rails(route: Route, section: Section) -> Mesh:
    """Tram rails in the innermost lanes, in the swatches of the furniture palette."""
    start, end = -LEAD_M + 5, route.length_m + 90
    offsets = [section.lane(0, own) + side * 0.72 for own in (True, False) for side in SIDES]
    mesh = merge([_stripe(route, start, end, d, 0.09) for d in offsets])
    mesh.uvs[:] = swatch(DARK)
    return mesh
