# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Image files as arrays. Whoever reads one says in which order its channels shall be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.types import DataError


class ImageFileError(DataError):
    """A file that is not there, or no image."""


def read_image(path: Path, channels: Literal["rgb", "bgr"]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 in this order of `channels`; grey and other images are made so. Raises `ImageFileError`."""
    bgr = decoded(path, cv2.IMREAD_COLOR)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB) if channels == "rgb" else bgr  # type: ignore[return-value]


def decoded(path: Path, flags: int = cv2.IMREAD_UNCHANGED) -> NDArray[Any]:
    """What OpenCV makes of a file; channels as they are stored lie in its order, BGR. Raises `ImageFileError`."""
    array = cv2.imread(str(path), flags)
    if array is None:
        raise ImageFileError(f"{path} cannot be read: it is missing, or no image")
    return array
