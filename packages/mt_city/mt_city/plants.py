# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Trees, bushes and hedges: trunks, and crowns of many small leaf cards round soft cores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mt_city.shapes import Floats, Mesh, blob, merge, tube
from mt_city.textures import Rng


@dataclass(frozen=True)
class Plant:
    """One tree in two levels of detail; `wood` may be None (a bush), `leaves` too (a tree in winter)."""

    leaves: Mesh | None
    far_leaves: Mesh | None
    wood: Mesh | None


def cards(rng: Rng, centres: Floats, outward: Floats, size: ArrayLike) -> Mesh:
    """A ragged four-cornered leaf cluster at each centre; shaded as if it faced `outward`."""
    count = len(centres)
    a = rng.normal(size=(count, 3))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    b = np.cross(a, rng.normal(size=(count, 3)))
    b /= np.linalg.norm(b, axis=1, keepdims=True)
    reach = (np.broadcast_to(size, count) * rng.uniform(0.6, 1.2, count))[:, None, None]
    ragged = rng.uniform(0.45, 1.0, (count, 4, 1))
    # A card faces outwards: what faces inwards is hidden by the crown, and is not drawn.
    b *= np.sign(np.sum(np.cross(a, b) * outward, axis=1))[:, None]
    corners = centres[:, None] + reach * ragged * np.stack([a, b, -a, -b], 1)
    normals = np.repeat(outward / np.linalg.norm(outward, axis=1, keepdims=True), 4, axis=0)
    spot = rng.uniform(0, 1, (count, 1, 2))
    uvs = spot + np.array([(0, 0), (0.22, 0), (0.22, 0.22), (0, 0.22)])
    first = 4 * np.arange(count)[:, None]
    faces = np.concatenate([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])]).astype(np.int32)
    return Mesh(corners.reshape(-1, 3), normals, uvs.reshape(-1, 2), faces)


def _crown(rng: Rng, clumps: Floats, radii: Floats, per_clump: int, leaf_m: float, detail: int) -> Mesh:
    """Cards on the skin of each clump, and a smaller solid core in it so that one cannot look right through."""
    middle = clumps.mean(0)
    unit = rng.normal(size=(len(clumps), per_clump, 3))
    unit /= np.linalg.norm(unit, axis=2, keepdims=True)
    skin = clumps[:, None] + unit * radii[:, None, None] * rng.uniform(0.75, 1.12, (len(clumps), per_clump, 1))
    outward = unit * 0.6 + (skin - middle) / radii.max() * 0.4 + (0, 0, 0.25)
    parts = [cards(rng, skin.reshape(-1, 3), outward.reshape(-1, 3), leaf_m)]
    for centre, radius in zip(clumps, radii, strict=True):
        parts.append(blob(centre, radius * 0.86, (0.1, 0.1, 3.1, 1.9), detail, detail + 2))
    return merge(parts)


def broadleaf(rng: Rng, height: float) -> Plant:
    """A round or oval street tree."""
    stem = height * rng.uniform(0.28, 0.42)
    spread = height * rng.uniform(0.20, 0.32)
    count = int(rng.integers(9, 16))
    unit = rng.normal(size=(count, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    centre = np.array([0, 0, (stem + height) / 2])
    clumps = centre + unit * rng.uniform(0.35, 0.75, (count, 1)) * (spread, spread, (height - stem) / 2)
    radii = rng.uniform(0.32, 0.55, count) * spread + 0.15
    wood = [tube((0, 0, -0.1), (0, 0, stem * 1.15), 0.03 * height, (0.5, 0.5), 0.02 * height, 8, caps=False)]
    wood += [
        tube((0, 0, stem * 0.85), clump, 0.016 * height, (0.3, 0.6), 0.005 * height, 5, caps=False)
        for clump in clumps[:6]
    ]
    near = _crown(rng, clumps, radii, 80, 0.20 + 0.013 * height, 5)
    far = _crown(rng, clumps, radii * 1.03, 12, 0.36 + 0.025 * height, 3)
    return Plant(near, far, merge(wood))


def conifer(rng: Rng, height: float) -> Plant:
    """A fir or cypress: a cone of drooping tiers."""
    tiers = 9
    z = np.linspace(0.12, 0.95, tiers) * height
    width = rng.uniform(0.12, 0.2) * height
    clumps = np.column_stack([rng.normal(0, 0.05, (tiers, 2)), z])
    radii = width * (1 - z / height) * 1.1 + 0.12
    wood = tube((0, 0, -0.1), (0, 0, 0.9 * height), 0.02 * height, (0.5, 0.5), 0.01, 7, caps=False)
    return Plant(_crown(rng, clumps, radii, 100, 0.22, 5), _crown(rng, clumps, radii * 1.03, 14, 0.45, 3), wood)


def bare_tree(rng: Rng, height: float) -> Plant:
    """A tree in winter: branches that fork into twigs."""
    parts: list[Mesh] = []
    shoots = [(np.array([0, 0, -0.1]), np.array([0, 0, 1.0]), 0.32 * height, 0.022 * height)]
    for level in range(5):
        grown = []
        for start, way, length, radius in shoots:
            end = start + way * length
            parts.append(tube(start, end, radius, (0.5, 0.5), radius * 0.65, 6 if level < 2 else 3, caps=False))
            for _ in range(4 if level == 0 else 3):
                turned = way + rng.normal(0, 0.5, 3) + (0, 0, 0.16)
                root = start + way * length * rng.uniform(0.6, 1.0)
                grown.append(
                    (root, turned / np.linalg.norm(turned), length * rng.uniform(0.5, 0.75), max(radius * 0.5, 0.007))
                )
        shoots = grown
    return Plant(None, None, merge(parts))


def bush(rng: Rng, height: float) -> Plant:
    """A shrub that starts at the ground."""
    count = int(rng.integers(3, 7))
    clumps = np.column_stack([rng.normal(0, 0.35 * height, (count, 2)), rng.uniform(0.3, 0.65, count) * height])
    radii = rng.uniform(0.3, 0.5, count) * height
    return Plant(
        _crown(rng, clumps, radii, 70, 0.10 + 0.04 * height, 5), _crown(rng, clumps, radii * 1.03, 8, 0.3, 3), None
    )


def hedge(rng: Rng, length: float, height: float, depth: float) -> Plant:
    """A clipped hedge along x, its front at y = 0."""
    count = max(2, int(length / 0.7))
    clumps = np.column_stack(
        [np.linspace(-length / 2, length / 2, count), np.full(count, depth / 2), np.full(count, 0.52 * height)]
    )
    cores = [blob(c, (0.62, depth / 2, 0.53 * height), (0, 0, 2.0, 1.2), 5, 7) for c in clumps]
    skin_count = int(60 * length)
    skin = np.column_stack(
        [
            rng.uniform(-length / 2, length / 2, skin_count),
            rng.choice([0.02, depth - 0.02], skin_count),
            rng.uniform(0, height, skin_count),
        ]
    )
    top = rng.random(skin_count) < 0.35
    skin[top, 1], skin[top, 2] = rng.uniform(0, depth, top.sum()), height
    outward = np.column_stack([np.zeros(skin_count), np.sign(skin[:, 1] - depth / 2), np.where(top, 2.0, 0.3)])
    return Plant(merge([*cores, cards(rng, skin, outward, 0.15)]), merge(cores), None)
