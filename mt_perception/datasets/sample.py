# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One image of a data set with what is known about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mt_perception.errors import Error
from mt_perception.labels import CITYSCAPES, UNLABELLED, LabelSet
from mt_perception.types import Camera
from mt_perception.utils.image_files import decoded


class DatasetError(Error, ValueError):
    """A folder that is not the data set it should be, or files in it that are missing or broken."""

    page = "training"


@dataclass(frozen=True)
class Sample:
    """An image, and its labels, its depth, or both.

    image: (H, W, 3) uint8 RGB.
    labels: (H, W) uint8, trainIds of `labels_of` the reader, 255 = unlabelled; None without labels.
    depth_m: (H, W) float32 metres along the optical axis; NaN unknown, +Inf sky; None without depth.
    metric: False where depth is known up to one unknown factor alone (a teacher's, of an uncalibrated camera).
    camera: of this image. Depth is worth nothing without its focal length.
    right: (H, W, 3) uint8 RGB of the right camera; None without one, and where a reader was not requested it.
    """

    name: str
    image: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None = None
    depth_m: NDArray[np.float32] | None = None
    camera: Camera | None = None
    right: NDArray[np.uint8] | None = None
    metric: bool = True

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            got = f"{self.image.dtype} {self.image.shape}"
            raise DatasetError(f"{self.name}: expected a uint8 image of shape (H, W, 3), got {got}")
        for name, array in (("labels", self.labels), ("depth", self.depth_m), ("right image", self.right)):
            if array is not None and array.shape[:2] != self.size:
                got = str(array.shape[:2])
                raise DatasetError(f"{self.name}: the image is {self.size}, its {name} {got} (height, width)")
        if self.depth_m is not None and self.camera is None:
            raise DatasetError(f"{self.name}: depth without a camera; its focal length is needed")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.image.shape[0], self.image.shape[1]

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """(H, W): where a label says something."""
        return np.zeros(self.size, bool) if self.labels is None else self.labels != UNLABELLED

    @property
    def measured(self) -> NDArray[np.bool_]:
        """(H, W): where there is a finite depth."""
        return np.zeros(self.size, bool) if self.depth_m is None else np.isfinite(self.depth_m)

    @property
    def nbytes(self) -> int:
        """Memory of its arrays."""
        return sum(each.nbytes for each in (self.image, self.labels, self.depth_m, self.right) if each is not None)


class Reader(Protocol):
    """A data set on disk: a sequence of samples, and the files that each is made of."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...

    def files(self, index: int) -> Sequence[Path]:
        """What one sample is made of, its image first; all must exist, and its images must have one size."""


@runtime_checkable
class Labelled(Protocol):
    """A reader that says in what classes its labels are. All others' are in those of Cityscapes."""

    @property
    def labels(self) -> LabelSet:
        """The classes of all `Sample.labels`."""


@runtime_checkable
class Grouped(Protocol):
    """A reader that knows which samples belong together, so that some can be held out of training as a whole."""

    def group(self, index: int) -> str:
        """The drive, street or city that one sample is of."""


@runtime_checkable
class Taught(Protocol):
    """A reader whose samples hold pseudo-labels beside what is true."""

    def untaught(self) -> Reader:
        """The same samples with the truth alone: what may be scored against."""


def labels_of(reader: Reader) -> LabelSet:
    """The classes of its labels, also where it has none."""
    return reader.labels if isinstance(reader, Labelled) else CITYSCAPES


def read_ids(path: Path) -> NDArray[np.uint8]:
    """(H, W) uint8 label image."""
    ids = decoded(path)
    if ids.ndim != 2 or ids.dtype != np.uint8:
        raise DatasetError(f"{path} should be an 8-bit image of one channel, it is {ids.dtype} {ids.shape}")
    return ids


def read_uint16(path: Path) -> NDArray[np.uint16]:
    """(H, W) uint16 image, as disparity and depth are stored."""
    values = decoded(path)
    if values.ndim != 2 or values.dtype != np.uint16:
        raise DatasetError(f"{path} should be a 16-bit image of one channel, it is {values.dtype} {values.shape}")
    return values
