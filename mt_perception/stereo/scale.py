"""The factor between the network's depth and the pair's: measured robustly, then smoothed over time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import resize_nearest
from mt_perception.stereo.matching import MIN_COVERAGE, Match
from mt_perception.types import DepthMap

TIME_CONSTANT_S = 2.0
"""Of the smoothing: what is older counts for 37 % of what it did."""

LIMIT = 8.0
"""The factor stays between 1 / LIMIT and LIMIT: what would need more is a wrong camera, not a network."""

_MIN_DISPARITY_PX = 2.0  # below it a quarter of a pixel, the matcher's error, is over a tenth of the depth
_MIN_INLIERS = 0.3  # of the compared pixels must agree; where left and right show different things 0.17 do
_INLIER_LOG = 0.25
_ROUNDS = 5
_BACKWARD_S, _FORWARD_S = 0.5, 10.0  # a pair that is this much older or newer than the last comes after a jump in time


@dataclass(frozen=True)
class Measurement:
    """What one pair says about the network's depth.

    factor: what its metres must be multiplied by. spread: the standard deviation of log(stereo / network) between
    pixels, by their median absolute deviation. inlier_share: of the compared pixels, how many agree with the factor
    to within a quarter. pixels: how many were compared.
    """

    factor: float
    spread: float
    inlier_share: float
    pixels: int


@dataclass(frozen=True)
class Scale:
    """The smoothed factor at the time of the last pair, and the measurement that was taken into it last.

    stamp_ns: of the last pair. measured_ns: of the last one that could be measured.
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


def followed(scale: Scale | None, measurement: Measurement | None, stamp_ns: int) -> Scale:
    """The scale after one more pair, of `stamp_ns`; `measurement` is None where that pair told nothing.

    The first measurement is taken as it is, later ones with the weight 1 - exp(-dt / time constant). A pair that tells
    nothing leaves the scale as it was. A jump in time forgets it.
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


def measure(depth_m: DepthMap, match: Match) -> Measurement | None:
    """Compare the network's depth (H, W) of the left picture with the pair's; None where too little can be compared.

    The mean of log(stereo / network) by iteratively reweighted least squares, from the median on, with Tukey's weight,
    which leaves out what disagrees; confident and near pixels count more.
    """
    network_m, stereo_m = resize_nearest(depth_m, match.size), match.depth_m
    usable = np.isfinite(network_m) & (network_m > 0) & (match.confidence > 0)
    usable &= match.disparity_px >= _MIN_DISPARITY_PX
    count = int(usable.sum())
    if count < MIN_COVERAGE * usable.size:
        return None
    ratios = np.log(stereo_m[usable] / network_m[usable])
    trust = match.confidence[usable] * np.minimum(match.disparity_px[usable], 16)
    center, spread = _robust_mean(ratios, trust)
    inliers = float(np.mean(np.abs(ratios - center) < _INLIER_LOG))
    return Measurement(math.exp(center), spread, inliers, count) if inliers >= _MIN_INLIERS else None


def _robust_mean(values: NDArray[np.float32], trust: NDArray[np.float32]) -> tuple[float, float]:
    """Mean and standard deviation of what most `values` agree on."""
    center = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - center)))
    reach = 4.685 * max(spread, 0.01)  # Tukey's constant: 95 % efficient for a normal distribution
    for _ in range(_ROUNDS):
        weights = trust * np.maximum(0, 1 - ((values - center) / reach) ** 2) ** 2
        center = float(np.average(values, weights=weights))
    return center, spread
