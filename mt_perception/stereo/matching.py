# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Depth of a rectified pair by semi-global block matching (Hirschmueller, PAMI 2008; OpenCV's StereoSGBM)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.geometry import depth_from_disparity, resize, scale_camera, to_rgb
from mt_perception.types import Camera, DepthMap, Frame, StereoPair

NEAREST_M = 0.5
"""Nearer than this is not searched for where a small baseline would allow it; each candidate costs time."""

MIN_COVERAGE = 0.05
"""Share of the image that must have been matched. By chance, a blind or covered right camera reaches 0.03."""

_LARGEST_SHARE = 0.2  # of the width: the largest disparity that is searched
_BLOCK_PX = 5
_SPECKLE_PX = 100  # islands of fewer pixels than this are dropped
_WINDOW_PX = 9
_MIN_CONTRAST = 2.0  # standard deviation in grey levels: what is less is noise
_MIN_SLOPE = 0.7  # grey levels per pixel along the row: a sky that only fades upwards fits everywhere


@dataclass(frozen=True)
class Match:
    """What a pair tells about the left image, at the size at which it was matched.

    disparity_px: (h, w) float32 in pixels of this size, 0 at infinity; NaN unknown.
    confidence: (h, w) float32, 0 where nothing is known to 1.
    camera: the left camera at this size, with its baseline.
    searched_px: the largest disparity that was searched.
    """

    disparity_px: NDArray[np.float32]
    confidence: NDArray[np.float32]
    camera: Camera
    searched_px: int

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.camera.height_px, self.camera.width_px

    @property
    def usable(self) -> bool:
        """Whether enough was matched to believe that left and right show the same things."""
        return int(np.count_nonzero(self.confidence)) >= MIN_COVERAGE * self.confidence.size

    @property
    def depth_m(self) -> DepthMap:
        """(h, w) float32 metres along the optical axis; NaN unknown."""
        assert self.camera.baseline_m
        return depth_from_disparity(self.disparity_px, self.camera.fx_px, self.camera.baseline_m)


def match(pair: StereoPair, width_px: int) -> Match:
    """Match the pair, made smaller to `width_px` where it is wider."""
    width = min(width_px, pair.camera.width_px)
    size = max(1, round(pair.camera.height_px * width / pair.camera.width_px)), width
    camera = scale_camera(pair.camera, size)
    offset_px = pair.offset_px * width / pair.camera.width_px
    left, right = grey(pair.left, size), grey(pair.right, size)
    first, count = math.floor(offset_px), _candidates(camera)
    raw_px = search(left, right, first, count)
    disparity_px = raw_px - np.float32(offset_px)
    # of half a pixel the matcher's own error is half: that is no depth
    confidence = _agreement(left, right, raw_px) * np.clip(disparity_px - np.float32(0.5), 0, 1)
    return Match(disparity_px, np.where(np.isnan(raw_px), np.float32(0), confidence), camera, count)


def grey(frame: Frame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The image of a frame in grey, brought to `size` (height, width)."""
    image = resize(frame.image, size)
    if frame.pixel_format == "mono":
        return np.ascontiguousarray(image)
    return cv2.cvtColor(to_rgb(image, frame.pixel_format), cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def _candidates(camera: Camera) -> int:
    """How many disparities are searched: up to that of `NEAREST_M`, in steps of 16 as the matcher wants it."""
    assert camera.baseline_m
    nearest_px = min(camera.fx_px * camera.baseline_m / NEAREST_M, _LARGEST_SHARE * camera.width_px)
    return max(16, math.ceil(nearest_px / 16) * 16)


def search(left: NDArray[np.uint8], right: NDArray[np.uint8], first: int, count: int) -> NDArray[np.float32]:
    """Disparity of the left of two grey images (h, w): `count` whole pixels are searched from `first` on.

    (h, w) float32; NaN where left and right disagree or another disparity is as likely.
    """
    matcher = cv2.StereoSGBM.create(
        minDisparity=first,
        numDisparities=count,
        blockSize=_BLOCK_PX,
        P1=8 * _BLOCK_PX**2,
        P2=32 * _BLOCK_PX**2,
        disp12MaxDiff=1,
        preFilterCap=63,
        uniquenessRatio=10,
        speckleWindowSize=_SPECKLE_PX,
        speckleRange=2,
        mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
    )
    # it leaves out as many columns as it searches; here it gets them as padding
    margin = count + abs(first)
    padded = [cv2.copyMakeBorder(each, 0, 0, margin, margin, cv2.BORDER_REPLICATE) for each in (left, right)]
    fixed_point = matcher.compute(*padded)[:, margin:-margin]
    return np.where(fixed_point >= 16 * first, fixed_point.astype(np.float32) / 16, np.float32(np.nan))


def _agreement(
    left: NDArray[np.uint8], right: NDArray[np.uint8], disparity_px: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(h, w) 0 to 1: how well each pixel's surroundings look like what they were matched with.

    The normalised cross-correlation (ZNCC) of the left image and the right one, warped by the disparity: it does
    not mind a different exposure, and is 0 where either has no texture.
    """
    height, width = left.shape
    columns = np.arange(width, dtype=np.float32) - np.nan_to_num(disparity_px)
    rows = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))
    warped = cv2.remap(right, columns, np.ascontiguousarray(rows), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    a, b = left.astype(np.float32), warped.astype(np.float32)
    mean_a, mean_b, square_a, square_b, product = (_mean(each) for each in (a, b, a * a, b * b, a * b))
    contrast_a, contrast_b = square_a - mean_a**2, square_b - mean_b**2
    floor = np.float32(_MIN_CONTRAST**2)
    slope_a, slope_b = (_mean(np.square(cv2.Sobel(each, -1, 1, 0, ksize=1, scale=0.5))) for each in (a, b))
    textured = np.clip(np.minimum(slope_a, slope_b) / np.float32(_MIN_SLOPE**2) - 1, 0, 1)
    correlation = (product - mean_a * mean_b) / np.sqrt(np.maximum(contrast_a, floor) * np.maximum(contrast_b, floor))
    return np.clip((correlation - 0.5) / 0.4, 0, 1) * textured


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return cv2.boxFilter(values, -1, (_WINDOW_PX, _WINDOW_PX))  # type: ignore[return-value]
