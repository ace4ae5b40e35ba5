# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Any network for labels or depth in ONNX as a teacher, by a YAML file that tells what it eats and what comes out.

For depth, which holds for the camera that the network was trained with:

    file: rt_monodepth_s_kitti.onnx # relative to the YAML file
    task: depth
    input:
      name: image
      layout: NCHW                  # or NHWC
      channels: rgb                 # or bgr, mono
      range: [0.0, 1.0]             # what pixel values of 0 and 255 become (the default)
      mean: [0.0, 0.0, 0.0]         # then taken off, and divided by `std`: one number, or one per channel
      std: [1.0, 1.0, 1.0]
      multiple: 32                  # sizes that are free are multiples of this (the default)
      camera: {width: 640, height: 192, fx_px: 371.8, fy_px: 369.4, cx_px: 314.1, cy_px: 88.5}
    output:
      name: depth_m                 # may be left out if there is only one
      meaning: depth along the optical axis, metres
      valid_m: [1.0, 90.0]          # outside of it the network knows nothing
    terms: who may do what with it

For labels `input` has no camera, but perhaps `width` and `height` (the size at which the network sees well; what is
left out follows from the image), and the output has `train_ids`: the trainId of each channel, 255 for none. They are
those of Cityscapes, or of `labels`: camvid, idd_lite or a FILE.yaml beside this one, as in a recipe.

    task: labels
    labels: field.yaml              # may be left out
    input: {name: image, width: 896, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}
    output: {name: scores, meaning: logits, train_ids: [0, 1, 2]}       # or meaning: probabilities
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception.datasets.sample import DatasetError
from mt_perception.datasets.sources import open_labels
from mt_perception.labels import CITYSCAPES, UNLABELLED, LabelSet
from mt_perception.model.bundle import sha256
from mt_perception.utils.plain_values import ValueMismatch, build
from mt_perception_training.teachers.network import CHANNELS, Network, TeacherError, numbers, read_description


def _check_one_of(key: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise TeacherError(f"{key} is {value!r}; allowed: {', '.join(allowed)}")


@dataclass(frozen=True, kw_only=True)
class ImageInput:
    """How the network wants an image; see the top of this page."""

    name: str
    layout: str = "NCHW"
    channels: str = "rgb"
    range: tuple[float, float] = (0.0, 1.0)
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    multiple: int = 32

    def __post_init__(self) -> None:
        for key, allowed in (("layout", ("NCHW", "NHWC")), ("channels", tuple(CHANNELS))):
            _check_one_of(key, getattr(self, key), allowed)
        for key in ("mean", "std"):
            if len(getattr(self, key)) not in (1, CHANNELS[self.channels]):
                raise TeacherError(f"{key} has {len(getattr(self, key))} numbers; give one, or one per channel")
        if self.range[0] >= self.range[1] or min(self.std) <= 0 or self.multiple < 1:
            raise TeacherError("range must grow, std must be above 0, multiple at least 1")

    def tensor(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(H, W, 3) uint8 RGB -> (1, C, H, W) or (1, H, W, C) float32."""
        step = 255 / (self.range[1] - self.range[0])
        mean, std = [(each - self.range[0]) * step for each in self.mean], [each * step for each in self.std]
        planes = numbers(image, self.channels, mean, std)
        return np.ascontiguousarray(planes if self.layout == "NHWC" else planes.transpose(2, 0, 1))[None]

    def planes(self, output: NDArray[np.float32]) -> NDArray[np.float32]:
        """What came out -> (C, h, w)."""
        content = output[0] if output.ndim == 4 else output
        if content.ndim == 2:
            content = content[None]
        return np.moveaxis(content, -1, 0) if self.layout == "NHWC" and output.ndim == 4 else content

    def free_size(self, network: Network) -> tuple[int, int]:
        """(height, width) that the network's input is bound to, 0 where it is free."""
        if network.rank(self.name) != 4:
            raise TeacherError(f"the input {self.name!r} of {network.file} has {network.rank(self.name)} axes, not 4")
        first = self.layout.index("H")
        height, width = (0 if network.free(self.name, each) else network.length(self.name, each)
                         for each in (first, first + 1))  # fmt: skip
        return height, width

    def rounded(self, length_px: float) -> int:
        """The nearest size that a free axis may have."""
        return max(1, round(length_px / self.multiple)) * self.multiple


@dataclass(frozen=True)
class TeacherCamera:
    """The camera that a depth network was trained with, in pixels of its input. A free width may be another one."""

    width: int
    height: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    height_above_road_m: float = 0.0

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1 or min(self.fx_px, self.fy_px) <= 0:
            raise TeacherError("size and focal lengths must be above 0")


@dataclass(frozen=True, kw_only=True)
class DepthInput(ImageInput):
    """An image as taken by one camera."""

    camera: TeacherCamera


@dataclass(frozen=True, kw_only=True)
class LabelInput(ImageInput):
    """An image of any camera; `width` and `height` are 0 where they follow from the image."""

    width: int = 0
    height: int = 0


@dataclass(frozen=True, kw_only=True)
class DepthOutput:
    """Metres along the optical axis."""

    meaning: str
    name: str = ""
    valid_m: tuple[float, float] = (0.0, 250.0)

    def __post_init__(self) -> None:
        if not self.meaning.startswith("depth"):
            raise TeacherError(f"meaning is {self.meaning!r}; only depth in metres can be taught: it must begin so")
        if not 0 <= self.valid_m[0] < self.valid_m[1] <= 255:
            raise TeacherError(f"valid_m is {list(self.valid_m)}; give two growing distances, 0 to 255 m")


@dataclass(frozen=True, kw_only=True)
class LabelOutput:
    """One channel for each of `train_ids`."""

    meaning: str
    train_ids: tuple[int, ...]
    name: str = ""

    def __post_init__(self) -> None:
        _check_one_of("meaning", self.meaning, ("logits", "probabilities"))


@dataclass(frozen=True, kw_only=True)
class DepthNetwork:
    """The content of a YAML file with `task: depth`."""

    file: str
    input: DepthInput
    output: DepthOutput
    task: str = "depth"
    terms: str = ""


@dataclass(frozen=True, kw_only=True)
class LabelNetwork:
    """The content of a YAML file with `task: labels`."""

    file: str
    input: LabelInput
    output: LabelOutput
    task: str = "labels"
    labels: LabelSet = CITYSCAPES
    terms: str = ""

    def __post_init__(self) -> None:
        known = self.labels.train_ids
        if unknown := [each for each in self.output.train_ids if each not in (*known, UNLABELLED)]:
            allowed = f"{', '.join(map(str, known))}, and 255 for a channel that is no class"
            raise TeacherError(f"train_ids has {unknown[0]}; allowed: {allowed}")


_TASKS: dict[Any, type[DepthNetwork | LabelNetwork]] = {"depth": DepthNetwork, "labels": LabelNetwork}


def load_description(path: Path) -> DepthNetwork | LabelNetwork:
    """Read a teacher's YAML file. Raises `TeacherError` with the key that is wrong."""
    values = read_description(path)
    task = values.get("task")
    _check_one_of(f"{path}: task", task, tuple(_TASKS))
    try:
        if isinstance(told := values.get("labels"), str):
            values = {**values, "labels": open_labels(told, path.parent)}
        description: DepthNetwork | LabelNetwork = build(_TASKS[task], values, str(path))
    except (ValueMismatch, DatasetError) as error:
        raise TeacherError(str(error)) from None
    if not (path.parent / description.file).is_file():
        raise TeacherError(f"{path}: the file {path.parent / description.file} does not exist")
    return description


def identity(description: DepthNetwork | LabelNetwork, folder: Path) -> dict[str, Any]:
    """What tells this teacher from every other one: its network's hash and how it is used."""
    file = folder / description.file
    weights = [each for each in (file, file.with_suffix(".bin")) if each.is_file()]
    facts = asdict(description)
    if facts.get("labels") == asdict(CITYSCAPES):
        del facts["labels"]  # as folders say that were made when there were no others
    return facts | {"sha256": [sha256(each) for each in weights]}
