# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Images beside what the teachers said of them, to look at before a network learns from it."""

from __future__ import annotations

import cv2
import numpy as np

from mt_perception.datasets.cityscapes import decode_depth
from mt_perception.datasets.sample import DatasetError, read_ids, read_uint16
from mt_perception.draw import render
from mt_perception.types import DataError
from mt_perception_training.teachers.folder import PREVIEW, Pupil

_NEAR_M, _FAR_M = 2.0, 100.0
_TITLES = {
    "labels": "labels, black: unsure",
    "confidence": "confidence, white: certain",
    "depth": f"depth, {_NEAR_M:g} to {_FAR_M:g} m, grey: unknown",
}


def write_preview(pupil: Pupil, rows: int) -> None:
    """Write `rows` of the images that are done, spread evenly, as `preview.png` into the pupil's folder."""
    count = len(pupil.reader)
    cells = []
    for index in np.linspace(0, count - 1, min(rows, count)).astype(int):
        try:
            sample = pupil.reader[index]
        except (DatasetError, DataError):
            continue  # told already
        if all(pupil.path(kind, sample.name).is_file() for kind in pupil.kinds):
            cells.append([sample.image, *(_cell(pupil, kind, sample.name) for kind in pupil.kinds)])
    if cells:
        sheet = render.tile(cells, ["image", *(_TITLES[kind] for kind in pupil.kinds)])
        cv2.imwrite(str(pupil.folder / PREVIEW), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def _cell(pupil: Pupil, kind: str, name: str) -> render.Image:
    path = pupil.path(kind, name)
    if kind == "depth":
        return render.color_depth(decode_depth(read_uint16(path)), _NEAR_M, _FAR_M)
    values = read_ids(path)
    return render.color_mask(values, pupil.classes) if kind == "labels" else np.repeat(values[..., None], 3, axis=2)
