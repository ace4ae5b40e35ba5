# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Numerical parity of two backends: the check that an engine has to pass before a robot relies on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.backends import Backend

_REQUESTED = ("mask", "depth_m")


@dataclass(frozen=True)
class Parity:
    """`mask`: share of pixels with the same class. `depth`: mean relative error of metres; a pixel that only one of the
    two calls infinitely far counts as an error of 1.
    """

    mask: float
    depth: float

    # with the default model fp16 agrees with fp32 in 0.999 and 0.002, bf16 in 0.992 and 0.006, and two ways to round
    # to bf16 may differ by more; a layer that is wrong shows in far more pixels
    _MASK_AT_LEAST = 0.98
    _DEPTH_AT_MOST = 0.02

    @property
    def is_good(self) -> bool:
        """Whether the difference is one of rounding. Not with a NaN."""
        return self.mask >= self._MASK_AT_LEAST and self.depth <= self._DEPTH_AT_MOST

    def __str__(self) -> str:
        return (
            f"{self.mask:.2%} of the labels are the same (at least {self._MASK_AT_LEAST:.0%}), "
            f"depth differs by {self.depth:.2%} (at most {self._DEPTH_AT_MOST:.0%})"
        )


def check_parity(candidate: Backend, reference: Backend, size: tuple[int, int], images: int = 3) -> Parity:
    """How far `candidate` agrees with `reference` on made-up images of `size` (height, width)."""
    found = []
    for seed in range(images):
        image = structured_image(size, seed)
        truth = {name: array.copy() for name, array in reference.infer(image, 1.0, _REQUESTED).items()}
        found.append(_parity(candidate.infer(image, 1.0, _REQUESTED), truth))
    return Parity(*np.mean(found, axis=0))


def structured_image(size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 with structure from the whole image down to single pixels, the same for the same arguments."""
    height, width = size
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for cells in (2, 6, 24, 96):
        coarse = rng.normal(0, 35, (cells, 2 * cells, 3)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + total + rng.normal(0, 6, total.shape), 0, 255).astype(np.uint8)


def _parity(result: dict[str, NDArray[np.generic]], truth: dict[str, NDArray[np.generic]]) -> tuple[float, float]:
    mask = float(np.mean(result["mask"] == truth["mask"]))
    ours, theirs = (np.asarray(each["depth_m"], np.float64) for each in (result, truth))
    both_infinite = np.isposinf(ours) & np.isposinf(theirs)
    one_infinite = np.isposinf(ours) ^ np.isposinf(theirs)
    with np.errstate(invalid="ignore"):
        error = np.where(both_infinite, 0.0, np.where(one_infinite, 1.0, np.abs(ours - theirs) / theirs))
    return mask, float(error.mean())
