# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Metric depth from one camera: the road below it is a plane, and how high the camera is above it is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mt_perception.errors import Error
from mt_perception.geometry import rays, scale_camera
from mt_perception.labels import LabelSet
from mt_perception.prediction import Prediction
from mt_perception.scale.estimate import Measurement, Scale, apply_scale, deviation, robust_mean, tukey, update_scale
from mt_perception.types import Camera, DataError, DepthMap

MAX_TILT_DEG = 20.0
"""By more than this no road is inclined against the direction that the camera's mount calls down."""

ROAD = "road"
"""The class that counts as ground. Pavement and grass lie higher or lower, and are more often something else."""

_GRID_PX = 320  # pixels in a row that are looked at, about
_POINTS = 3000  # of them that are taken, at most: more say the same, and BLAS would wake its threads for them
_MIN_SHARE = 0.02  # of the image must be road
_MIN_DROP = 0.05  # of a ray on its way of 1 forward: what is further than 20 camera heights tells more noise than scale
_MIN_STRETCH = 2.0  # the road's far end is so many times as far as its near end, or the plane's tilt is a guess
_MIN_INLIERS = 0.5
_HYPOTHESES = 100
_VOTERS = 500
_AGREES = 0.1  # of the depth: what is closer to a hypothesis speaks for it
_ROUNDS = 8
_LEAST_VOLUME = 1e-6  # of three rays: below it they lie on one line, and span no plane
_STEEP = "the network's road is too steep for the way the camera is mounted"

Vector = NDArray[np.float64]


class GroundError(Error, ValueError):
    """Why an image tells nothing of the ground. The sentence holds no number: the same cause is the same text."""


@dataclass(frozen=True)
class Mount:
    """How the camera is fixed: metres above the ground, and the direction `down` as seen by the camera.

    `down` is a unit vector: x to the right, y down, z forward.
    """

    height_m: float
    down: tuple[float, float, float] = (0.0, 1.0, 0.0)

    def __post_init__(self) -> None:
        if not 0 < self.height_m < np.inf:
            raise DataError(f"the camera's height above the ground is {self.height_m:g} m; it must be above 0")

    @classmethod
    def from_pose(cls, height_m: float, x: float, y: float, z: float, w: float) -> Mount:
        """That of a camera whose rotation, into a frame with z upwards, is the unit quaternion (x, y, z, w)."""
        return cls(height_m, (2 * (w * y - x * z), -2 * (y * z + w * x), 2 * (x * x + y * y) - 1))


@dataclass(frozen=True)
class Ground(Measurement):
    """What one image's road says about the network's depth. `tilt_deg`: of its plane against the mount."""

    tilt_deg: float


def estimate_scale(depth_m: DepthMap, road: NDArray[np.bool_], camera: Camera, mount: Mount) -> Ground:
    """The factor that brings the plane of the road in the network's depth (H, W) to the height that is known.

    `road` (H, W) tells where the road is, `camera` is that of these pixels. Raises `GroundError` where there is too
    little road, or no plausible plane.
    """
    ray, inverse_depth = _road(depth_m, road, camera, mount)
    across = _plane(ray, inverse_depth, np.asarray(mount.down))
    normal = across / np.linalg.norm(across)
    tilt_deg = float(np.degrees(np.arccos(np.clip(normal @ mount.down, -1, 1))))
    if tilt_deg > MAX_TILT_DEG:
        raise GroundError(_STEEP)
    drop = ray @ normal
    below = drop > 0
    if np.quantile(drop, 0.95) < _MIN_STRETCH * np.quantile(drop, 0.05):
        raise GroundError("too short a stretch of road is in sight")
    ratios = np.log(mount.height_m * inverse_depth[below] / drop[below])
    found = robust_mean(ratios, np.ones(len(ratios)))
    if found.inlier_share < _MIN_INLIERS:
        raise GroundError("the network's road is no plane")
    return Ground(found.factor, found.spread, found.inlier_share, found.pixels, tilt_deg)


def _road(depth_m: DepthMap, road: NDArray[np.bool_], camera: Camera, mount: Mount) -> tuple[Vector, Vector]:
    """Rays (N, 3), 1 forward, and inverse depth (N,) of the road that is near enough."""
    step = max(1, depth_m.shape[1] // _GRID_PX)
    columns, rows = (each.ravel()[::step].astype(np.float64) for each in rays(camera))
    right, down, forward = mount.down
    drop = right * columns + (down * rows + forward)[:, None]
    grid_m = depth_m[::step, ::step]
    usable = road[::step, ::step] & np.isfinite(grid_m) & (grid_m > 0) & (drop > _MIN_DROP)
    if int(usable.sum()) < max(3, _MIN_SHARE * usable.size):
        raise GroundError("too little road is in sight")
    row, column = (each[:: -(-usable.sum() // _POINTS)] for each in np.nonzero(usable))
    ray = np.stack([columns[column], rows[row], np.ones(len(row))], axis=1)
    return ray, 1 / grid_m[row, column].astype(np.float64)


def _plane(ray: Vector, inverse_depth: Vector, down: Vector) -> Vector:
    """The plane that most points lie on, as its normal over its distance (3,): ray @ plane = inverse depth.

    The best of some planes through three random points (RANSAC), always the same ones, then iteratively reweighted
    least squares: linear, as in inverse depth the plane is. Errors count relative to depth, as those of networks grow.
    """
    chosen = np.random.default_rng(0).integers(0, len(ray), (_HYPOTHESES, 3))
    chosen = chosen[np.abs(np.linalg.det(ray[chosen])) > _LEAST_VOLUME]
    planes = np.linalg.solve(ray[chosen], inverse_depth[chosen][..., None])[..., 0]
    planes = planes[planes @ down > np.cos(np.radians(MAX_TILT_DEG)) * np.linalg.norm(planes, axis=1)]
    if not len(planes):
        raise GroundError(_STEEP)
    every = max(1, len(ray) // _VOTERS)
    votes = np.abs(ray[::every] @ planes.T / inverse_depth[::every, None] - 1) < _AGREES
    plane = planes[votes.sum(axis=0).argmax()]
    for _ in range(_ROUNDS):
        expected = np.maximum(ray @ plane, 1e-3 * np.abs(plane).max())
        residual = inverse_depth / expected - 1
        weighted = ray * (tukey(residual, deviation(residual)) / expected**2)[:, None]
        plane = np.linalg.lstsq(weighted.T @ ray, weighted.T @ inverse_depth, rcond=None)[0]
    return plane


class GroundDepth:
    """Brings predictions of one camera, in the order of their stamps, to the scale of the ground.

    While the ground cannot be measured depth has the last scale, or the network's own if there is none.
    """

    def __init__(self, labels: LabelSet) -> None:
        self._ids = [label.train_id for label in labels if label.name == ROAD]
        self.scale: Scale | None = None
        """The newest scale; None before the first image."""
        self.problem = ""
        """Why the last image told nothing; empty when it did."""

    def __call__(self, prediction: Prediction, mount: Mount) -> Prediction:
        """The prediction, which holds `mask` and `depth_m`, with its depth corrected. The array is not changed."""
        try:
            found, self.problem = self._measure(prediction, mount), ""
        except GroundError as error:
            found, self.problem = None, str(error)
        self.scale = update_scale(self.scale, found, prediction.frame.stamp_ns)
        return prediction.with_depth(apply_scale(prediction.depth_m, self.scale))

    def _measure(self, prediction: Prediction, mount: Mount) -> Ground:
        if not self._ids:
            raise GroundError(f"the model does not know the class {ROAD!r}")
        if prediction.frame.camera is None:
            raise GroundError("there is no valid camera_info")
        camera = scale_camera(prediction.frame.camera, prediction.size)
        return estimate_scale(prediction.depth_m, prediction.mask == self._ids[0], camera, mount)
