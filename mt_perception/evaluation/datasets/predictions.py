# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is scored on a data set: a model, or predictions that lie in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from mt_perception.datasets.sample import DatasetError, Sample, read_ids
from mt_perception.pipeline import Perceiver
from mt_perception.prediction import DEPTH_FILE, MASK_FILE
from mt_perception.types import DepthMap, Frame, Mask


class Predictor(Protocol):
    """Says what is in a sample."""

    def __call__(self, sample: Sample, file: Path) -> tuple[Mask, DepthMap] | None:
        """(H, W) trainIds and metres of the sample, whose image is `file`; None where it says nothing of it."""


class ModelPredictor:
    """A model as users run it."""

    def __init__(self, perceiver: Perceiver) -> None:
        self._perceiver = perceiver

    def __call__(self, sample: Sample, file: Path) -> tuple[Mask, DepthMap] | None:
        """See `Predictor`."""
        prediction = self._perceiver(Frame(sample.image, camera=sample.camera), ("mask", "depth_m"))
        return prediction.mask, prediction.depth_m


class FolderPredictor:
    """The files that `mt-perception run` writes, by the names of their images. Depth may be left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder)

    def __call__(self, sample: Sample, file: Path) -> tuple[Mask, DepthMap] | None:
        """See `Predictor`. Raises `DatasetError` for a file of another size than the sample."""
        path, depth = (self._folder / f"{file.stem}{ending}" for ending in (MASK_FILE, DEPTH_FILE))
        if not path.is_file():
            return None
        mask = read_ids(path)
        metres = np.load(depth, allow_pickle=False) if depth.is_file() else np.full(sample.size, np.nan, np.float32)
        for each, array in ((path, mask), (depth, metres)):
            if array.shape != sample.size:
                raise DatasetError(f"{each} has the size {array.shape}, its image {sample.size} (height, width)")
        return mask, metres


def holds_predictions(folder: Path) -> bool:
    """Whether a folder has masks as `mt-perception run` writes them."""
    return folder.is_dir() and any(folder.glob(f"*{MASK_FILE}"))
