# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a network in ONNX eats and what comes out of it, as a YAML file tells; for `mt-perception import` and teachers.

    file: network.onnx              # relative to the YAML file; `import` is told it and may find it left out
    input:
      name: image
      layout: NCHW                  # or NHWC
      channels: rgb                 # or bgr, mono
      range: [0.0, 1.0]             # what pixel values of 0 and 255 become (the default)
      mean: [0.485, 0.456, 0.406]   # then taken off, and divided by `std`: one number, or one per channel
      std: [0.229, 0.224, 0.225]
      width: 640                    # at which the network sees well; needed to import one that takes any size
      height: 384
      multiple: 32                  # sizes that are free are multiples of this for a teacher (the default)
      camera: {width: 640, height: 192, fx_px: 371.8, fy_px: 369.4, cx_px: 314.1, cy_px: 88.5}  # its depth holds for
    labels: field.yaml              # or cityscapes (the default), camvid, idd_lite, or what such a file holds
    segmentation:
      name: scores                  # may be left out if there is only one output
      meaning: logits               # or probabilities; or labels: a map of places in train_ids
      train_ids: [0, 1, 2]          # what each channel, or number of the map, stands for, 255 for no class; by default
    depth:                          # the classes of `labels` in their order
      name: depth
      meaning: metres               # along the optical axis; see `DEPTH_MEANINGS` for the others
      factor: 1.0                   # metres = factor * (value + offset), of inverse depth factor / (value + offset)
      offset: 0.0
      valid_m: [1.0, 90.0]          # outside of it the network knows nothing (default: 0 to 250)
    terms: who may do what with it

`segmentation` or `depth` may be missing. Where a network gives but one of them, `task: labels` or `task: depth` with
`output` in place of it is an older way to say so, and the metres of depth are a meaning that begins with that word.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from mt_perception.datasets.own import parse_labels
from mt_perception.datasets.sample import DatasetError
from mt_perception.datasets.sources import open_labels
from mt_perception.errors import Error, said
from mt_perception.foreign.image_input import ImageInput, check_one_of
from mt_perception.labels import CITYSCAPES, UNLABELLED, LabelSet
from mt_perception.utils.plain_values import ValueMismatch, build

SEGMENTATION_MEANINGS = ("logits", "probabilities", "labels")
DEPTH_MEANINGS = {
    "metres": "depth, in metres once it is multiplied by factor",
    "inverse": "1 / depth, in 1/m once it is divided by factor",
    "disparity": "disparity in px; factor is then focal length in px times baseline in m, and has to be told",
    "relative": "depth, or its inverse, of which no factor is known",
}
_TASKS = {"labels": "segmentation", "depth": "depth"}


class DescriptionError(Error, ValueError):
    """A description that cannot be used, or one that does not fit its network."""

    page = "networks#a-network-from-elsewhere"


@dataclass(frozen=True, kw_only=True)
class DepthOutput:
    """What the numbers of one plane say of the depth along the optical axis."""

    meaning: str
    name: str = ""
    factor: float | None = None
    offset: float = 0.0
    valid_m: tuple[float, float] = (0.0, 250.0)

    def __post_init__(self) -> None:
        check_one_of("meaning", self.kind, tuple(DEPTH_MEANINGS))
        if self.kind == "disparity" and self.factor is None:
            raise ValueMismatch("disparity needs `factor`, the focal length in px times the baseline in m")
        if self.factor is not None and not 0 < self.factor < np.inf:
            raise ValueMismatch(f"factor is {self.factor:g}; it must be above 0")
        if not np.isfinite(self.offset):
            raise ValueMismatch(f"offset is {self.offset:g}; it must be finite")
        if not 0 <= self.valid_m[0] < self.valid_m[1] <= 255:
            raise ValueMismatch(f"valid_m is {list(self.valid_m)}; give two growing distances, 0 to 255 m")

    @property
    def kind(self) -> str:
        """One of `DEPTH_MEANINGS`."""
        return "metres" if self.meaning.startswith("depth") else self.meaning

    @property
    def is_metric(self) -> bool:
        """Whether metres can be made of it."""
        return self.kind != "relative"

    @property
    def is_inverse(self) -> bool:
        """Whether what is near has large numbers."""
        return self.kind in ("inverse", "disparity")

    def metres(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Numbers of the network -> metres, of the same shape; see `known`."""
        shifted, factor = values + np.float32(self.offset), np.float32(self.factor or 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return factor / shifted if self.is_inverse else factor * shifted

    def known(self, depth_m: NDArray[np.float32]) -> NDArray[np.float32]:
        """Metres of which the network knows something; NaN elsewhere."""
        near, far = self.valid_m
        return np.where((depth_m >= near) & (depth_m <= far), depth_m, np.float32(np.nan))


@dataclass(frozen=True, kw_only=True)
class SegmentationOutput:
    """A channel for each of `train_ids`, or a map of places in them."""

    meaning: str
    name: str = ""
    train_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_one_of("meaning", self.meaning, SEGMENTATION_MEANINGS)


@dataclass(frozen=True, kw_only=True)
class Description:
    """The content of a YAML file; see the top of this page."""

    file: str = ""
    input: ImageInput
    labels: LabelSet = CITYSCAPES
    segmentation: SegmentationOutput | None = None
    depth: DepthOutput | None = None
    terms: str = ""

    def __post_init__(self) -> None:
        if not self.segmentation and not self.depth:
            raise ValueMismatch("it names no output; give segmentation, depth, or both")
        known = self.labels.train_ids
        if unknown := [each for each in self.train_ids if each not in (*known, UNLABELLED)]:
            allowed = f"{', '.join(map(str, known))}, and 255 for a channel that is no class"
            raise ValueMismatch(f"train_ids has {unknown[0]}; allowed: {allowed}")

    @property
    def segmentation_meaning(self) -> str:
        """One of `SEGMENTATION_MEANINGS`; empty without it."""
        return self.segmentation.meaning if self.segmentation else ""

    @property
    def train_ids(self) -> tuple[int, ...]:
        """What the channels of the segmentation stand for; none without it."""
        return (self.segmentation.train_ids or self.labels.train_ids) if self.segmentation else ()


def load_description(path: Path) -> Description:
    """Read a YAML file. Raises `DescriptionError` with the key that is wrong."""
    values = read_values(path)
    try:
        if "task" in values:
            check_one_of("task", task := values.pop("task"), sorted(_TASKS))
            values = {_TASKS[task] if key == "output" else key: each for key, each in values.items()}
        if isinstance(told := values.get("labels"), str):
            values = {**values, "labels": open_labels(told, path.parent)}
        elif isinstance(told, dict):
            values = {**values, "labels": parse_labels(told, "labels", path.stem)}
        description: Description = build(Description, values, str(path))
    except (ValueMismatch, DatasetError) as error:
        text = str(error)
        raise DescriptionError(text if text.startswith(str(path)) else f"{path}: {text}") from None
    return description


def read_values(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file. Raises `DescriptionError` for what is no such file."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise DescriptionError(f"the description {path} cannot be read ({said(error)}); give a YAML file") from None
    except yaml.YAMLError as error:
        raise DescriptionError(f"{path} is no valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise DescriptionError(f"{path} does not describe a network: it holds no keys and values")
    return values
