# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One smooth image in every encoding of a camera, computed without OpenCV's conversions."""

from __future__ import annotations

import cv2
import numpy as np
from helpers import make_image

SIZE = (60, 100)
BGR = cv2.GaussianBlur(make_image(*SIZE), (0, 0), 3)  # smooth: Bayer and YUV keep less colour than there are pixels
GREY = cv2.cvtColor(BGR, cv2.COLOR_BGR2GRAY)
PATTERNS = ("rggb", "bggr", "gbrg", "grbg")


def wide(pixels: np.ndarray, bits: int = 16) -> np.ndarray:
    """The same values on a camera with so many bits, in 16."""
    return pixels.astype(np.uint16) << (bits - 8) | pixels >> (16 - bits)


def bayer(pattern: str) -> np.ndarray:
    """(H, W) mosaic of `BGR`; the pattern names the colours of the first two rows' first two pixels."""
    mosaic = np.empty(SIZE, np.uint8)
    for index, color in enumerate(pattern):
        row, column = divmod(index, 2)
        mosaic[row::2, column::2] = BGR[row::2, column::2, "bgr".index(color)]
    return mosaic


def luma_and_chroma() -> tuple[np.ndarray, np.ndarray]:
    """(H, W) Y and (H, W, 2) U and V of `BGR` after ITU-R BT.601."""
    blue, green, red = np.moveaxis(BGR / 255, 2, 0)
    luma = 16 + 65.481 * red + 128.553 * green + 24.966 * blue
    u = 128 - 37.797 * red - 74.203 * green + 112 * blue
    v = 128 + 112 * red - 93.786 * green - 18.214 * blue
    return np.rint(luma).astype(np.uint8), np.rint(np.dstack([u, v])).astype(np.uint8)


def yuv422(order: str) -> np.ndarray:
    """(H, W, 2) of `BGR`: each pixel has its own brightness, two side by side share a colour."""
    luma, chroma = luma_and_chroma()
    shared = chroma[:, ::2].reshape(SIZE)
    return np.dstack([shared, luma] if order == "uyvy" else [luma, shared])


def planes(encoding: str) -> np.ndarray:
    """(N, W) rows of brightness and then of colours, for each pixel (nv24) or four (nv12; nv21 with V first)."""
    luma, chroma = luma_and_chroma()
    shared = chroma if encoding == "nv24" else chroma[::2, ::2]
    shared = shared[..., ::-1] if encoding == "nv21" else shared
    return np.vstack([luma, shared.reshape(-1, SIZE[1])])


CONVERTED: dict[str, np.ndarray] = {
    **{f"bayer_{each}8": bayer(each) for each in PATTERNS},
    **{f"bayer_{each}16": wide(bayer(each)) for each in PATTERNS},
    "yuv422": yuv422("uyvy"),
    "uyvy": yuv422("uyvy"),
    "yuv422_yuy2": yuv422("yuyv"),
    "yuyv": yuv422("yuyv"),
    **{each: planes(each) for each in ("nv12", "nv21", "nv24")},
}
"""What is no plain image, by encoding: all show `BGR`."""


def off_by(image: np.ndarray, expected: np.ndarray) -> float:
    """The mean difference, without the margins, where mosaics lack neighbours."""
    return float(np.abs(image.astype(int) - expected)[4:-4, 4:-4].mean())
