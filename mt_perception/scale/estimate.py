# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The factor between the network's depth and a measured one: what pixels agree on, then smoothed over time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mt_perception.types import DepthMap

TIME_CONSTANT_S = 2.0
"""Of the smoothing: what is older counts for 37 % of what it did."""

WARM_UP_S = 3 * TIME_CONSTANT_S
"""After this, 5 % are left of what the scale was to begin with."""

LIMIT = 8.0
"""The factor stays between 1 / LIMIT and LIMIT: what would need more is a wrong camera, not a network."""

_INLIER_LOG = 0.25
_ROUNDS = 5
_BACKWARD_S, _FORWARD_S = 0.5, 10.0  # an image this much older or newer than the last comes after a jump in time


@dataclass(frozen=True)
class Measurement:
    """What one image, or pair, says about the network's depth.

    factor: what its metres must be multiplied by. spread: the standard deviation of log(measured / network) between
    pixels, by their median absolute deviation. inlier_share: of the compared pixels, how many agree with the factor
    to within a quarter. pixels: how many were compared.
    """

    factor: float
    spread: float
    inlier_share: float
    pixels: int


@dataclass(frozen=True)
class Scale:
    """The smoothed factor at the time of the last image, and the measurement that was taken into it last.

    stamp_ns: of the last image. measured_ns: of the last one in which it could be measured.
    """

    stamp_ns: int
    log_factor: float = 0.0
    latest: Measurement | None = None
    measured_ns: int = 0

    @property
    def known(self) -> bool:
        """Whether it was ever measured since the last jump in time."""
        return self.latest is not None

    @property
    def factor(self) -> float:
        """What the network's metres are multiplied by; 1 while it is unknown."""
        return math.exp(self.log_factor)

    @property
    def age_s(self) -> float:
        """Seconds of the camera's time since it was last measured; infinite while it is unknown."""
        return (self.stamp_ns - self.measured_ns) / 1e9 if self.known else math.inf

    @property
    def at_limit(self) -> bool:
        """Whether more would be needed than is allowed."""
        return abs(self.log_factor) > math.log(LIMIT) - 0.01


def update_scale(scale: Scale | None, measurement: Measurement | None, stamp_ns: int) -> Scale:
    """The scale after one more image, of `stamp_ns`; `measurement` is None where that image told nothing.

    The first measurement is taken as it is, later ones with the weight 1 - exp(-dt / time constant). An image that
    tells nothing leaves the scale as it was. A jump in time forgets it.
    """
    if scale and not -_BACKWARD_S <= (stamp_ns - scale.stamp_ns) / 1e9 <= _FORWARD_S:
        scale = None
    scale = scale or Scale(stamp_ns)
    if measurement is None:
        return replace(scale, stamp_ns=stamp_ns)
    elapsed_s = max(0.0, (stamp_ns - scale.measured_ns) / 1e9)
    weight = 1 - math.exp(-elapsed_s / TIME_CONSTANT_S) if scale.known else 1.0
    limit = math.log(LIMIT)
    measured = min(max(math.log(measurement.factor), -limit), limit)
    log_factor = scale.log_factor + weight * (measured - scale.log_factor)
    return Scale(stamp_ns, log_factor, measurement, stamp_ns)


def robust_mean(ratios: NDArray[np.floating], trust: NDArray[np.floating]) -> Measurement:
    """What pixels agree on: their log(measured / network) (N,), each with the weight `trust`, N > 0.

    The mean by iteratively reweighted least squares, from the median on, with Tukey's weight.
    """
    center = float(np.median(ratios))
    spread = deviation(ratios - center)
    for _ in range(_ROUNDS):
        center = float(np.average(ratios, weights=trust * tukey(ratios - center, spread)))
    inlier_share = float(np.mean(np.abs(ratios - center) < _INLIER_LOG))
    return Measurement(math.exp(center), spread, inlier_share, len(ratios))


def deviation(residuals: NDArray[np.floating]) -> float:
    """Standard deviation of `residuals` (N,) about 0, by their median absolute value: outliers do not change it."""
    return 1.4826 * float(np.median(np.abs(residuals)))


def tukey(residuals: NDArray[np.floating], spread: float) -> NDArray[np.floating]:
    """Tukey's weight of each residual (N,): falls from 1 to 0, and leaves out what is far off for this `spread`."""
    reach = 4.685 * max(spread, 0.01)  # Tukey's constant: 95 % efficient for a normal distribution
    return np.maximum(0, 1 - (residuals / reach) ** 2) ** 2


def apply_scale(depth_m: DepthMap, scale: Scale | None) -> DepthMap:
    """The network's depth (H, W) in the right scale, as far as that is known."""
    return depth_m * np.float32(scale.factor if scale else 1.0)
