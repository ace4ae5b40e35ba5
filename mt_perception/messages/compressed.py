# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`sensor_msgs/CompressedImage` as plain arrays; what the bytes announce is checked before they are decoded."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as HeaderReader

from mt_perception.settings import SETTINGS
from mt_perception.types import DataError

_COMPRESSED = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM")
_REDUCED = {
    ("RGB", 2): cv2.IMREAD_REDUCED_COLOR_2,
    ("RGB", 4): cv2.IMREAD_REDUCED_COLOR_4,
    ("RGB", 8): cv2.IMREAD_REDUCED_COLOR_8,
    ("L", 2): cv2.IMREAD_REDUCED_GRAYSCALE_2,
    ("L", 4): cv2.IMREAD_REDUCED_GRAYSCALE_4,
    ("L", 8): cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
"""How a JPEG is decoded at a fraction of its size, by its mode and the divisor: most of it is then never computed."""

Sufficient = Callable[[tuple[int, int]], tuple[int, int]]
"""The size (height, width) of an image -> the least at which it serves as well."""

MOST_MEGAPIXELS = max(SETTINGS["max_image_megapixels"].bounds or ())
# it warns of large images by itself; here they are refused
warnings.filterwarnings("ignore", category=HeaderReader.DecompressionBombWarning)


def array_from_compressed(message: Any, max_megapixels: float = MOST_MEGAPIXELS) -> NDArray[Any]:
    """`sensor_msgs/CompressedImage` (JPEG, PNG, ...) -> (H, W) or (H, W, 3) array in OpenCV's order (BGR).

    Raises `DataError` for what cannot be decoded, and before decoding for more than `max_megapixels` (10^6 pixels): a
    file of 200 KB may hold 225 of them, and 4 GB.
    """
    return decode(message, max_megapixels, None)[0]


def decode(message: Any, max_megapixels: float, sufficient: Sufficient | None) -> tuple[NDArray[Any], tuple[int, int]]:
    """The array, a JPEG's as small as is `sufficient`, and the size that the image has."""
    told, kind, size = check_header(message, max_megapixels)
    flags = cv2.IMREAD_UNCHANGED
    if sufficient and kind in ("RGB", "L") and not message.format.startswith("bayer"):
        least = sufficient(size)
        fits = [n for n in (2, 4, 8) if all(full // n >= wanted for full, wanted in zip(size, least, strict=True))]
        if fits:
            flags = _REDUCED[kind, fits[-1]] | cv2.IMREAD_IGNORE_ORIENTATION
    array = cv2.imdecode(np.frombuffer(message.data, np.uint8), flags)
    if array is None:
        raise DataError(f"{told} cannot be decoded")
    return array, size


def check_header(message: Any, max_megapixels: float) -> tuple[str, str, tuple[int, int]]:
    """What to call this `CompressedImage`, the mode of a JPEG, and the size (height, width) of any.

    Raises `DataError` for no header, and for one with too many pixels.
    """
    data = np.frombuffer(message.data, np.uint8)
    told = f"a compressed image of {data.size} bytes, format {message.format[:80]!r},"
    try:
        with HeaderReader.open(BytesIO(data.data), formats=_COMPRESSED) as header:
            width, height = header.size
            mode = header.mode if header.format == "JPEG" else ""
    except HeaderReader.DecompressionBombError as error:
        raise DataError(f"{told} has too many pixels: {error}") from error
    except Exception as error:  # whatever a stranger's bytes make a parser raise
        raise DataError(f"{told} cannot be decoded; read are {', '.join(_COMPRESSED)}") from error
    if width * height > max_megapixels * 1e6:
        limit = f"the limit, max_image_megapixels, is {max_megapixels:g}"
        raise DataError(f"{told} has {width}x{height} pixels; {limit}")
    return told, mode, (height, width)
