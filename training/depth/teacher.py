# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Any stereo network in ONNX as a teacher of depth, CREStereo among them. OpenVINO runs it and reads ONNX itself.

A YAML file tells what the network eats and what comes out; paths are relative to it. That of a CREStereo in two stages:

    model: crestereo_init_iter10_480x640.onnx
    width: 640
    height: 480
    channels: bgr                   # or rgb, mono
    inputs:                         # view: left, right, or both (channels of the left one first)
      - {name: init_left, view: left, shrink: 2}       # at half the size
      - {name: init_right, view: right, shrink: 2}
      - {name: next_left, view: left}
      - {name: next_right, view: right}
    mean: 0                         # one number or one per channel, of pixel values from 0 to 255
    deviation: 1
    output: next_output             # by default the only one
    plane: 0                        # which channel of it is horizontal
    scale: 1                        # disparity in px of the network's width = scale * output; negative for a flow
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt_perception.foreign.image_input import CHANNELS, numbers
from mt_perception.geometry import resize
from mt_perception.utils.plain_values import ValueMismatch, build
from mt_perception_training.depth.clean import Disparity, resize_disparity
from mt_perception_training.teachers.network import Network, TeacherError, read_description

VIEWS = ("left", "right", "both")


@dataclass(frozen=True)
class Input:
    """One input of the network: which image, and how many times smaller than the network's size."""

    name: str
    view: str
    shrink: int = 1

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise TeacherError(f"the view of an input is {self.view!r}; allowed: {', '.join(VIEWS)}")


@dataclass(frozen=True)
class TeacherSpec:
    """The content of the YAML file; see the top of this page."""

    model: str
    width: int
    height: int
    inputs: tuple[Input, ...]
    channels: str = "rgb"
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    output: str = ""
    plane: int = 0
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.channels not in CHANNELS:
            raise TeacherError(f"channels is {self.channels!r}; allowed: {', '.join(CHANNELS)}")
        for key, values in (("mean", self.mean), ("deviation", self.deviation)):
            if len(values) not in (1, CHANNELS[self.channels]):
                raise TeacherError(f"{key} has {len(values)} numbers; give one, or one per channel")
        sizes = self.width, self.height, *(each.shrink for each in self.inputs)
        if min(sizes) < 1 or self.plane < 0 or 0 in (*self.deviation, self.scale):
            raise TeacherError("sizes and shrink must be at least 1, plane at least 0, scale and deviation not 0")


def load_spec(path: Path) -> TeacherSpec:
    """Read the YAML file, and take its `model` from where it lies. Raises `TeacherError` with the key that is wrong."""
    values = read_description(path)
    for key in {"mean", "deviation"} & set(values):
        values[key] = values[key] if isinstance(values[key], list) else [values[key]]  # one number is enough
    try:
        spec: TeacherSpec = build(TeacherSpec, values, str(path))
    except ValueMismatch as error:
        raise TeacherError(f"{error}; see `teacher.py` for an example") from None
    return replace(spec, model=str(path.parent / spec.model))


class Teacher:
    """The network, for pairs of images."""

    def __init__(self, spec: TeacherSpec, threads: int = 0) -> None:
        self._spec = spec
        self._network = Network(Path(spec.model), [each.name for each in spec.inputs], spec.output, threads)

    def __call__(self, left: NDArray[np.uint8], right: NDArray[np.uint8]) -> Disparity:
        """Two (H, W, 3) uint8 RGB images -> (H, W) float32 disparity of the left one, in px of its width.

        NaN where the network gives no positive number. The images are stretched to the network's size.
        """
        spec = self._spec
        result = self._network({each.name: self._tensor(each, left, right) for each in spec.inputs})
        planes = result.reshape(-1, *result.shape[-2:])
        if result.ndim not in (2, 3, 4) or spec.plane >= len(planes):
            expected = f"(..., height, width) with plane {spec.plane}"
            raise TeacherError(f"the network {spec.model} gives {result.shape}; expected {expected}")
        # its output may be smaller than its input, but counts in pixels of the input
        output_px = planes[spec.plane].astype(np.float32) * np.float32(spec.scale * result.shape[-1] / spec.width)
        disparity_px = resize_disparity(output_px, (left.shape[0], left.shape[1]))
        return np.where(disparity_px > 0, disparity_px, np.float32(np.nan))

    def _shape(self, which: Input) -> list[int]:
        planes = CHANNELS[self._spec.channels] * (2 if which.view == "both" else 1)
        return [1, planes, self._spec.height // which.shrink, self._spec.width // which.shrink]

    def _tensor(self, which: Input, left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(1, C, h, w) float32."""
        views = {"left": (left,), "right": (right,), "both": (left, right)}[which.view]
        return np.concatenate([self._planes(each, self._shape(which)[2:]) for each in views])[None]

    def _planes(self, image: NDArray[np.uint8], size: list[int]) -> NDArray[np.float32]:
        spec = self._spec
        planes = numbers(resize(image, (size[0], size[1])), spec.channels, spec.mean, spec.deviation)
        return np.ascontiguousarray(planes.transpose(2, 0, 1))


@lru_cache(maxsize=1)
def open_teacher(path: str, threads: int) -> Teacher:
    """The teacher of a YAML file, compiled once per process."""
    return Teacher(load_spec(Path(path)), threads)
