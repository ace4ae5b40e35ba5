# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The file in which a camera's calibration is kept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import yaml

from mt_perception.errors import Error
from mt_perception.messages.read import camera_from_info
from mt_perception.types import Camera


class CalibrationError(Error, ValueError):
    """A file that cannot be read, or describes no camera."""

    page = "tutorials/own_camera"


def read_camera(path: Path) -> Camera:
    """The camera of rectified images from the file that camera_calibration writes (YAML).

    Raises:
        CalibrationError: the file cannot be read, or is no calibration.

    Examples:
        >>> from pathlib import Path
        >>> from mt_perception import read_camera
        >>> read_camera(Path("none.yaml"))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        mt_perception.messages.calibration.CalibrationError: the calibration none.yaml cannot be read ...
    """
    try:
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        matrices = {name: facts[f"{kind}_matrix"]["data"] for name, kind in (("k", "camera"), ("p", "projection"))}
        whole = SimpleNamespace(width=0, height=0, x_offset=0, y_offset=0)
        size = {"width": facts["image_width"], "height": facts["image_height"]}
        camera = camera_from_info(SimpleNamespace(**size, **matrices, roi=whole, binning_x=0, binning_y=0))
    except OSError as error:
        raise CalibrationError(f"the calibration {path} cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise CalibrationError(
            f"{path} is no calibration; it must hold image_width, image_height, camera_matrix and projection_matrix, "
            "as camera_calibration writes them"
        ) from error
    if camera is None:
        raise CalibrationError(f"the calibration {path} has no focal length")
    return camera
