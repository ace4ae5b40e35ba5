# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pseudo-labels: what other networks said of a data set's images, merged in where its own truth is silent.

FOLDER/NAME/labels.yaml             the classes of the labels where they are others than Cityscapes'
FOLDER/NAME/labels/SAMPLE.png       trainIds, 255 where they are unsure
FOLDER/NAME/confidence/SAMPLE.png   how sure they are, 0 to 255
FOLDER/NAME/depth/SAMPLE.png        16 bit, metres = p / 256, 0 = nothing known, 65535 = sky
FOLDER/NAME/camera.json             of images whose data set knows no camera: fx_share and horizon, what was
                                    assumed; or width_px, height_px, fx_px, fy_px, cx_px, cy_px, what was measured
FOLDER/NAME/teacher.json            who said all this, and what was asked; see `teachers.folder`
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mt_perception.datasets.cityscapes import decode_depth
from mt_perception.datasets.own import LABELS_FILE, read_labels
from mt_perception.datasets.pseudo_labels import Refined
from mt_perception.datasets.sample import DatasetError, Reader, Sample, labels_of, read_ids, read_uint16
from mt_perception.labels import CITYSCAPES, UNLABELLED
from mt_perception.types import Camera, DataError
from mt_perception.utils.former_names import DATASETS, former_path

KINDS = ("labels", "confidence", "depth")
CAMERA = "camera.json"


class PseudoLabelled:
    """The data set of `reader` with the pseudo-labels in `folder` (that of this data set). Raises `DatasetError`.

    Where there is no such folder, nobody was asked about this data set: its samples stay as they are.
    """

    def __init__(self, reader: Reader, folder: Path) -> None:
        self._reader, self._folder = reader, folder
        own = folder / LABELS_FILE
        self._refined = Refined(labels_of(reader), read_labels(own) if own.is_file() else CITYSCAPES)
        self.labels = self._refined.labels if (folder / "labels").is_dir() else labels_of(reader)
        if folder.is_dir() and not any(next((folder / kind).rglob("*.png"), None) for kind in ("labels", "depth")):
            raise DatasetError(f"{folder} holds no pseudo-labels (labels/*.png, depth/*.png); make them first")
        self._camera = read_camera_note(folder)

    def __len__(self) -> int:
        return len(self._reader)

    def files(self, index: int) -> Sequence[Path]:
        """Those of the sample itself; an image without pseudo-labels is no mistake."""
        return self._reader.files(index)

    def __getitem__(self, index: int) -> Sample:
        sample = self._reader[index]
        labels, depth = (self._folder / kind / f"{sample.name}.png" for kind in ("labels", "depth"))
        if labels.is_file():
            pseudo = _of_size(read_ids(labels), sample, labels)
            true = np.full(sample.size, UNLABELLED, np.uint8) if sample.labels is None else sample.labels
            sample = replace(sample, labels=self._refined(true, pseudo))
        return self._with_depth(sample, depth) if depth.is_file() else sample

    def _with_depth(self, sample: Sample, path: Path) -> Sample:
        """Measured depth first. Where the camera is unknown, the teacher's holds up to a factor."""
        depth_m = _of_size(decode_depth(read_uint16(path)), sample, path)
        if sample.labels is not None:
            depth_m = np.where(sample.labels == self.labels.sky_id, np.float32(np.inf), depth_m)
        if sample.depth_m is not None:
            depth_m = np.where(np.isnan(sample.depth_m), depth_m, sample.depth_m)
        camera = sample.camera or noted_camera(self._camera, sample.size)
        return replace(sample, depth_m=depth_m, camera=camera, metric=is_metric(sample, self._camera))


def open_pseudo_labelled(readers: Mapping[str, Reader], folder: Path) -> dict[str, Reader]:
    """The data sets by name with what `folder` says of them; it must speak of at least one of them."""
    folders = {name: former_path(folder / name, DATASETS) for name in readers}
    if not any(each.is_dir() for each in folders.values()):
        expected = " or ".join(map(str, folders.values()))
        raise DatasetError(
            f"there are no pseudo-labels: expected {expected}, as mt-perception-train pseudo-label writes"
        )
    return {name: PseudoLabelled(reader, folders[name]) for name, reader in readers.items()}


def read_camera_note(folder: Path) -> dict[str, Any]:
    """The content of `camera.json`; empty where there is none."""
    path = folder / CAMERA
    try:
        values = dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
        noted_camera(values, (1, 1) if is_assumed(values) else (values["height_px"], values["width_px"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{path} describes no camera ({type(error).__name__}: {error}); write it anew") from None
    return values


def is_assumed(note: Mapping[str, Any]) -> bool:
    """Whether a camera note tells what was assumed of a camera, not what was measured."""
    return "fx_px" not in note


def is_metric(sample: Sample, note: Mapping[str, Any]) -> bool:
    """Whether the depth that a teacher gives this sample is in metres: only if its camera is known."""
    return sample.camera is not None or not is_assumed(note)


def noted_camera(note: Mapping[str, Any], size: tuple[int, int]) -> Camera:
    """The camera that a note gives to an image of `size` (height, width)."""
    if is_assumed(note):
        return assumed_camera(size, **note)
    camera = Camera(**note)
    if (camera.height_px, camera.width_px) != size:
        own = f"{camera.width_px}x{camera.height_px}"
        raise DataError(f"the camera is one of {own} px, the image has {size[1]}x{size[0]} px; give it one of its own")
    return camera


def assumed_camera(size: tuple[int, int], fx_share: float = 1.0, horizon: float = 0.5) -> Camera:
    """A camera for images of `size` (height, width): focal length as a share of the width, horizon of the height."""
    camera = Camera.assumed(size)
    return replace(camera, fx_px=fx_share * size[1], fy_px=fx_share * size[1], cy_px=horizon * size[0])


def _of_size(array: Any, sample: Sample, path: Path) -> Any:
    if array.shape != sample.size:
        got, size = array.shape, sample.size
        raise DatasetError(f"{path} has {got[1]}x{got[0]} px, but its image {size[1]}x{size[0]}; make it anew")
    return array
