# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The rendered city, a package of its own: found, and recorded as a rosbag2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from mt_perception.datasets.recording import Form, record
from mt_perception.datasets.sample import DatasetError, Sample
from mt_perception.types import Camera

if TYPE_CHECKING:
    import mt_city


def require_city() -> None:
    """Raises `DatasetError`, which says what to install, where the package mt-city is not."""
    try:
        import_module("mt_city")
    except ModuleNotFoundError as error:
        if error.name != "mt_city":
            raise
        raise DatasetError(
            "the rendered city is a package of its own, which is not installed: pip install 'mt-perception[sim]' "
            "(in a checkout: pip install ./packages/mt_city)"
        ) from None


def city_camera(camera: mt_city.Camera) -> Camera:
    """The city's camera as one of this package."""
    return Camera(**asdict(camera))


def record_city(out: Path, seed: int, seconds: float, rate_hz: float, size: tuple[int, int], quality: int = 90) -> None:
    """Write `seconds` of a drive, `rate_hz` images of `size` (height, width) per second. Truth is PNG, never JPEG.

    Raises `DatasetError` for what the city refuses, and where it is not installed.
    """
    require_city()
    from mt_city import CityError

    try:
        drive = _drive(seed, round(seconds * rate_hz), rate_hz, size)
        record(out, drive, rate_hz, Form("jpg", quality, small_depth=True))
    except CityError as error:
        raise DatasetError(str(error)) from error


def _drive(seed: int, frames: int, rate_hz: float, size: tuple[int, int]) -> Iterator[Sample]:
    from mt_city import City, CityOptions

    height, width = size
    with City(seed, CityOptions(width_px=width, height_px=height)) as city:
        for index in tqdm(range(frames), unit="frame"):
            frame = city.render(index / rate_hz)
            camera = city_camera(frame.camera)
            yield Sample(f"{index}", frame.left, frame.labels, frame.depth_m, camera, frame.right)
