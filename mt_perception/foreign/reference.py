# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a network says, worked out with NumPy from its own outputs: what the graph around it has to agree with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.foreign.description import Description, DescriptionError
from mt_perception.labels import UNLABELLED
from mt_perception.types import Mask


@dataclass(frozen=True)
class Tolerance:
    """How far two runs may be apart: a share of the pixels, and by how much the others at most.

    Some classes are as good as equal, and the last digit decides.
    """

    pixels: float
    confidence: int
    depth: float


EXACT, COARSE = Tolerance(0.005, 2, 1e-3), Tolerance(0.03, 8, 0.02)
"""Of networks in single precision, and of those in half or in int8."""

Planes = Mapping[str, NDArray[Any]]
"""What the network gave, (C, h, w), by `segmentation` and `depth`."""


def finished(description: Description, planes: Planes, size: tuple[int, int]) -> dict[str, NDArray[Any]]:
    """`mask` and `confidence` uint8, `depth_m` float32, each of `size` (height, width), for a depth_scale of 1."""
    mask, confidence = np.full(size, UNLABELLED, np.uint8), np.zeros(size, np.uint8)
    sky = None
    if "segmentation" in planes:
        mask, confidence = _labelled(description, planes["segmentation"], size)
        sky = description.labels.sky_id
    depth_m = np.full(size, np.nan, np.float32)
    if description.depth:
        depth_m = description.depth.known(description.depth.metres(_resized(planes["depth"][0], size)))
        if sky is not None:
            depth_m[mask == sky] = np.inf
    return {"mask": mask, "confidence": confidence, "depth_m": depth_m}


def _labelled(description: Description, planes: NDArray[Any], size: tuple[int, int]) -> tuple[Mask, NDArray[np.uint8]]:
    ids = description.train_ids
    if description.segmentation_meaning == "labels":
        sides = zip(size, planes.shape[1:], strict=True)
        rows, columns = (((np.arange(to) + 0.5) * of / to).astype(int) for to, of in sides)
        places = planes[0][np.ix_(rows, columns)].astype(np.int64)
        known = (places >= 0) & (places < len(ids))
        mask = np.where(known, np.array(ids, np.uint8)[places % len(ids)], np.uint8(UNLABELLED))
        return mask, np.full(size, 255, np.uint8)
    scores = np.stack([_resized(each, size) for each in planes])
    largest = scores.max(axis=0)
    if description.segmentation_meaning == "logits":
        largest = 1 / np.exp(scores - largest).sum(axis=0)
    confidence = np.rint(np.clip(255 * largest, 0, 255)).astype(np.uint8)
    return np.array(ids, np.uint8)[scores.argmax(axis=0)], confidence


def _resized(plane: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float32]:
    """(h, w) -> (H, W), bilinear."""
    return cv2.resize(np.ascontiguousarray(plane, np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def check(results: Mapping[str, NDArray[Any]], expected: Mapping[str, NDArray[Any]], allowed: Tolerance) -> str:
    """How well `results` of the wrapped graph agree with those of `finished`, in a sentence.

    Raises `DescriptionError` where they do not.
    """
    apart = np.abs(results["confidence"].astype(int) - expected["confidence"])
    with np.errstate(invalid="ignore"):
        same = np.isclose(results["depth_m"], expected["depth_m"], rtol=allowed.depth, atol=0, equal_nan=True)
    shares = {
        "labels": float(np.mean(results["mask"] != expected["mask"])),
        "confidences": float(np.mean(apart > allowed.confidence)),
        "metres": float(np.mean(~same)),
    }
    told = ", ".join(f"{100 * share:.2f} % of the {name}" for name, share in shares.items())
    if max(shares.values()) > allowed.pixels:
        raise DescriptionError(f"the graph that was made says something else than the network itself: {told} differ")
    return f"checked against the network itself: {told} differ"
