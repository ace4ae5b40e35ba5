# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Semantic labels and metric depth from one camera, with one network, in one ROS 2 node.

As a library: `Perceiver.open()` gives what makes a `Prediction` of an image. What a user can mend is an
`Error`. Each name is imported when it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any
from warnings import warn

__all__ = [
    "Camera",
    "Error",
    "Frame",
    "LabelMapping",
    "LabelSet",
    "Perceiver",
    "Prediction",
    "Settings",
    "evaluate",
    "read_camera",
]

if TYPE_CHECKING:
    __version__: str
    from mt_perception.errors import Error
    from mt_perception.evaluation.evaluate import evaluate
    from mt_perception.labels import LabelSet
    from mt_perception.messages.calibration import read_camera
    from mt_perception.metrics.label_mapping import LabelMapping
    from mt_perception.pipeline import Perceiver
    from mt_perception.prediction import Prediction
    from mt_perception.settings import Settings
    from mt_perception.types import Camera, Frame

_HOMES = {
    "Camera": "types",
    "Error": "errors",
    "Frame": "types",
    "LabelMapping": "metrics.label_mapping",
    "LabelSet": "labels",
    "Perceiver": "pipeline",
    "Prediction": "prediction",
    "Settings": "settings",
    "evaluate": "evaluation.evaluate",
    "read_camera": "messages.calibration",
}
_FORMER = {"CameraModel": "Camera", "MtPerceptionError": "Error"}
"""Former names, which hold for one release more."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name in _FORMER:
        warn(f"mt_perception.{name} is now mt_perception.{_FORMER[name]}", DeprecationWarning, stacklevel=2)
        name = _FORMER[name]
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])


def _version() -> str:
    """That of the installation; it stands in setup.py and package.xml, where catkin_prepare_release raises it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(__name__)
    except PackageNotFoundError:  # on the path by PYTHONPATH alone
        return "not installed"
