"""Pseudo-labels: what other networks said of a data set's pictures, merged in where its own truth is silent.

FOLDER/NAME/labels/SAMPLE.png   trainIds, 255 where they are unsure
FOLDER/NAME/depth/SAMPLE.png    16 bit, metres = p / 256, 0 = nothing known, 65535 = sky
FOLDER/NAME/camera.json         fx_share, horizon: what was assumed of a camera that nobody calibrated
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mt_perception.datasets.cityscapes import decode_depth
from mt_perception.datasets.groups import merge
from mt_perception.datasets.sample import Reader, Sample, read_ids, read_uint16
from mt_perception.labels import SKY
from mt_perception.types import CameraModel


class PseudoLabelled:
    """The data set of `reader` with the pseudo-labels in `folder` (that of this data set)."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self._reader, self._folder = reader, folder
        self._has_labels, self._has_depth = ((folder / kind).is_dir() for kind in ("labels", "depth"))
        camera = folder / "camera.json"
        self._assumed = json.loads(camera.read_text(encoding="utf-8")) if camera.is_file() else {}

    def __len__(self) -> int:
        return len(self._reader)

    def files(self, index: int) -> Sequence[Path]:
        """Those of the sample itself; a picture without pseudo-labels is no mistake."""
        return self._reader.files(index)

    def __getitem__(self, index: int) -> Sample:
        sample = self._reader[index]
        labels, depth = (self._folder / kind / f"{sample.name}.png" for kind in ("labels", "depth"))
        if self._has_labels and labels.is_file():
            opinion = read_ids(labels)
            sample = replace(sample, labels=opinion if sample.labels is None else merge(sample.labels, opinion))
        return self._with_depth(sample, depth) if self._has_depth and depth.is_file() else sample

    def _with_depth(self, sample: Sample, path: Path) -> Sample:
        """Measured depth first. Where the camera is unknown, the teacher's holds up to a factor."""
        depth_m = decode_depth(read_uint16(path))
        if sample.labels is not None:
            depth_m = np.where(sample.labels == SKY, np.float32(np.inf), depth_m)
        if sample.depth_m is not None:
            depth_m = np.where(np.isnan(sample.depth_m), depth_m, sample.depth_m)
        camera = sample.camera or assumed_camera(sample.size, **self._assumed)
        return replace(sample, depth_m=depth_m, camera=camera, metric=sample.camera is not None)


def assumed_camera(size: tuple[int, int], fx_share: float = 1.0, horizon: float = 0.5) -> CameraModel:
    """A camera for pictures of `size` (height, width): focal length as a share of the width, horizon of the height."""
    camera = CameraModel.assumed(size)
    return replace(camera, fx_px=fx_share * size[1], fy_px=fx_share * size[1], cy_px=horizon * size[0])
