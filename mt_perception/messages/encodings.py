# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The encodings of `sensor_msgs/image_encodings.hpp` that cameras use, as 8-bit images. OpenCV converts them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.types import DataError

_MOSAICS = {  # OpenCV calls them by the second row from its second pixel on; those of before 4.5.5 know no other names
    "bayer_rggb": cv2.COLOR_BayerBG2BGR,
    "bayer_bggr": cv2.COLOR_BayerRG2BGR,
    "bayer_gbrg": cv2.COLOR_BayerGR2BGR,
    "bayer_grbg": cv2.COLOR_BayerGB2BGR,
}
_TO_BGR = {
    **{f"{name}{bits}": code for name, code in _MOSAICS.items() for bits in (8, 16)},
    **dict.fromkeys(("yuv422", "uyvy"), cv2.COLOR_YUV2BGR_UYVY),
    **dict.fromkeys(("yuv422_yuy2", "yuyv"), cv2.COLOR_YUV2BGR_YUY2),
}
_PIXEL_FORMATS = {
    **dict.fromkeys(("mono8", "8UC1", "mono16", "16UC1"), "mono"),
    **dict.fromkeys(("bgr8", "8UC3", "bgr16", "16UC3"), "bgr"),
    **dict.fromkeys(("bgra8", "8UC4", "bgra16", "16UC4"), "bgra"),
    **dict.fromkeys(("rgb8", "rgb16"), "rgb"),
    **dict.fromkeys(("rgba8", "rgba16"), "rgba"),
    **dict.fromkeys(_TO_BGR, "bgr"),
}
_CHANNELS = {"mono": 1, "bgr": 3, "rgb": 3, "bgra": 4, "rgba": 4}

ENCODINGS: dict[str, tuple[str, int]] = {
    **{name: ("u2" if "16" in name else "u1", _CHANNELS[pixels]) for name, pixels in _PIXEL_FORMATS.items()},
    **{name: ("u2" if "16" in name else "u1", 1 if name.startswith("bayer") else 2) for name in _TO_BGR},
    "32FC1": ("f4", 1),
}
"""Encodings of one plane: NumPy type of one channel, and number of channels."""

PLANAR = {"nv12": cv2.COLOR_YUV2BGR_NV12, "nv21": cv2.COLOR_YUV2BGR_NV21, "nv24": cv2.COLOR_YUV2BGR_NV12}
"""Encodings of two planes, brightness and then pairs of colour values, and what converts them."""

_BIT_DEPTHS = (8, 10, 12, 14, 16)


def eight_bit(array: NDArray[Any], encoding: str, bit_depth: int = 0) -> tuple[NDArray[np.uint8], str]:
    """(H, W) or (H, W, C) pixels of a one-plane encoding -> uint8 pixels and their `types.PixelFormat`.

    Bayer mosaics and YUV become BGR; `bit_depth` as in `eight_of_sixteen`. Raises `DataError` for what is no camera's.
    """
    check_camera(encoding)
    pixels = eight_of_sixteen(array, bit_depth) if array.dtype == np.uint16 else array
    if encoding in _TO_BGR:
        if ENCODINGS[encoding][1] == 2:
            _check_pairs(encoding, array.shape)
        pixels = cv2.cvtColor(pixels, _TO_BGR[encoding])
    return pixels, _PIXEL_FORMATS[encoding]


def check_camera(encoding: str) -> None:
    """Raise `DataError` for an encoding of one plane that no camera's image has."""
    if encoding not in _PIXEL_FORMATS:
        raise DataError(f"image encoding is {encoding!r}, which is no camera image")


def eight_of_sixteen(array: NDArray[np.uint16], bit_depth: int = 0) -> NDArray[np.uint8]:
    """16-bit values of a camera that uses `bit_depth` bits -> their upper 8 bits.

    0: the least of 8, 10, 12, 14 or 16 bits that hold the image's largest value. It is found in each image anew, so
    that an image looks the same live and in whatever part of a recording.
    """
    largest = int(array.max())
    bits = bit_depth or next(each for each in _BIT_DEPTHS if largest < 1 << each)
    return np.minimum(array >> (bits - 8), 255).astype(np.uint8)


def bgr_from_planes(data: NDArray[np.uint8], encoding: str, width: int, height: int, step: int) -> NDArray[np.uint8]:
    """(N,) bytes of a `PLANAR` image -> (H, W, 3) BGR. `step`: bytes from one row of brightness to the next."""
    luma, chroma = planes(data, encoding, width, height, step)
    _check_pairs(encoding, luma.shape)
    pairs: Any = chroma
    if encoding == "nv24":  # OpenCV knows two planes only with a quarter of the colour
        pairs = cv2.resize(pairs, (width // 2, luma.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return cv2.cvtColorTwoPlane(luma, pairs, PLANAR[encoding])  # type: ignore[return-value]


def planes(
    data: NDArray[np.uint8], encoding: str, width: int, height: int, step: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(H, W) brightness and (h, w, 2) pairs of colour values in the bytes of a `PLANAR` image, in place.

    Some drivers count the rows of both planes in `height`; the length of the data tells. Raises `DataError` for bytes
    that are too few.
    """
    per_row = 3 if encoding == "nv24" else 1.5  # bytes of both planes, for each byte of brightness
    if data.size < int(step * height * per_row):
        height = int(height / per_row)
    needed = int(step * height * per_row)
    if height < 1 or not 1 <= width <= step or data.size < needed:
        raise DataError(
            f"{encoding} image data has {data.size} bytes; {width}x{height} pixels in rows of {step} take {needed}"
        )
    luma: NDArray[np.uint8] = np.ndarray((height, width), np.uint8, data.data, strides=(step, 1))
    shape, stride = ((height, width, 2), 2 * step) if encoding == "nv24" else ((height // 2, width // 2, 2), step)
    chroma: NDArray[np.uint8] = np.ndarray(shape, np.uint8, data.data, offset=step * height, strides=(stride, 2, 1))
    return luma, chroma


def compressed_encoding(image_format: str, array: NDArray[Any]) -> str:
    """The encoding of a decoded `CompressedImage`. Of its format only a mosaic matters, which JPEG keeps as grey.

    compressed_image_transport writes `bayer_rggb8; jpeg compressed `, and `bgr8` behind it where it made colours of it.
    """
    name = image_format.partition(";")[0].strip()
    if array.ndim == 2 and name.startswith("bayer") and name in ENCODINGS:
        return name
    return {2: "mono8"}.get(array.ndim, "bgra8" if array.shape[-1] == 4 else "bgr8")


def _check_pairs(encoding: str, shape: tuple[int, ...]) -> None:
    """Raise `DataError` for a size that leaves a pixel without a partner: OpenCV does so only since 4.7."""
    height, width = shape[:2]
    if width % 2 or (encoding in PLANAR and height % 2):
        raise DataError(f"a {encoding} image cannot have {width}x{height} pixels: colour is shared by pairs of them")
