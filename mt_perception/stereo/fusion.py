# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One depth from two: the pair's where it is confident, the network's elsewhere, and no seam between them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import resize_nearest
from mt_perception.stereo.matching import Match
from mt_perception.types import DepthMap

_REACH = 0.04  # of the width: how far the pair corrects the network beside what it has measured
_PRIOR = 0.02  # weight of no correction: what is far from any measurement keeps the network's depth
_LARGEST_LOG = 0.7  # the network is corrected by a factor of 2 at most
_SOFT_PX = 2.0
_CERTAIN = 0.9  # at one half, twice as much sky beside trees would get their depth, and nothing else be won


def fuse(depth_m: DepthMap, match: Match) -> DepthMap:
    """The network's depth (H, W) of the left image, in the right scale already, with the pair's worked in.

    The network is first brought to the pair's depth by a factor that changes slowly over the image; then the two are
    blended in inverse depth by the pair's confidence, which falls off softly. Where the network says sky, beyond
    range or nothing, there is no average: the pair's depth stands where it is nearly certain.
    """
    network_m, stereo_m = resize_nearest(depth_m, match.size), match.depth_m
    known = (match.confidence > 0) & np.isfinite(stereo_m)  # at infinity there is no depth
    trust = np.where(known, match.confidence, np.float32(0))
    factor = _local_factor(network_m, stereo_m, trust)
    near_m = np.where(known, stereo_m, network_m * factor)
    weight = np.where(known, cv2.GaussianBlur(trust, (0, 0), _SOFT_PX), np.float32(0))
    return _blended(
        depth_m * _enlarged(factor, depth_m), resize_nearest(near_m, depth_m.shape), _enlarged(weight, depth_m)
    )


def _local_factor(network_m: DepthMap, stereo_m: DepthMap, trust: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) smooth factor: stereo / network, averaged over the surroundings with the weight `trust`."""
    comparable = (trust > 0) & np.isfinite(network_m) & (network_m > 0)
    ratio = np.divide(stereo_m, network_m, out=np.ones_like(network_m), where=comparable)
    correction = np.clip(np.log(ratio), -_LARGEST_LOG, _LARGEST_LOG)
    weight = np.where(comparable, trust, np.float32(0))
    sigma = _REACH * network_m.shape[1]
    return np.exp(_smooth(weight * correction, sigma) / (_smooth(weight, sigma) + np.float32(_PRIOR)))


def _smooth(values: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Gaussian blur with a large sigma, computed on a quarter of the size: what it leaves has no finer detail."""
    height, width = values.shape
    small = cv2.resize(values, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma_px / 4), (width, height))  # type: ignore[return-value]


def _enlarged(values: NDArray[np.float32], like: DepthMap) -> NDArray[np.float32]:
    return cv2.resize(values, like.shape[::-1], interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _blended(network_m: DepthMap, stereo_m: DepthMap, weight: NDArray[np.float32]) -> DepthMap:
    """1 / ((1 - weight) / network + weight / stereo), all (H, W)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mixed = network_m * stereo_m / (weight * network_m + (1 - weight) * stereo_m)
    winner = np.where((weight >= _CERTAIN) & np.isfinite(stereo_m), stereo_m, network_m)
    return np.where(np.isfinite(mixed), mixed, winner)
