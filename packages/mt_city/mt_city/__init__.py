# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A made-up city: streets that differ with every seed, seen from a moving stereo camera, with exact truth.

    with City(seed=3) as city:
        frame = city.render(t_s=2.5)

MuJoCo is imported when a `City` is made, not before.
"""

from mt_city.city import City
from mt_city.errors import CityError
from mt_city.files import CityFolder, write_frame
from mt_city.generate import CameraRanges, Drive, generate
from mt_city.options import Camera, CityFrame, CityOptions, Mounting

__all__ = [
    "Camera",
    "CameraRanges",
    "City",
    "CityError",
    "CityFolder",
    "CityFrame",
    "CityOptions",
    "Drive",
    "Mounting",
    "generate",
    "write_frame",
]
