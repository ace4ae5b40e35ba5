"""Scores a model as users run it: through the `Perceiver`, with its default settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tqdm import tqdm

from mt_perception.datasets.groups import CAMVID_NAMES
from mt_perception.datasets.sample import DatasetError
from mt_perception.labels import CITYSCAPES
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.types import Frame
from mt_perception_training.data.sources import open_readers
from mt_perception_training.scoreboard import CAMVID, Scoreboard


def evaluate(
    model: Path | str,
    folders: Mapping[str, Path],
    split: str = "val",
    board: Scoreboard | None = None,
    precision: str = "auto",
) -> Scoreboard:
    """The scores of the bundle at `model` (empty: the package's own) on one split of every data set given.

    `board` collects them, and is what is returned; a plain new one if it is not given. Raises `DatasetError` where
    there is no truth at all.
    """
    perceiver = Perceiver.open(Settings(model=str(model), precision=precision))
    board = Scoreboard() if board is None else board
    for name, reader in open_readers(list(folders), folders, split).items():
        for index in tqdm(range(len(reader)), desc=name, unit="picture"):
            sample = reader[index]
            prediction = perceiver(Frame(sample.image, camera=sample.camera), ("mask", "depth_m"))
            assert prediction.mask is not None and prediction.depth_m is not None
            board.add(name, sample, prediction.mask, prediction.depth_m)
    if folders and not (board.labels or board.depths):
        raise DatasetError(f"nothing is scored: {', '.join(map(str, folders.values()))} holds neither labels nor depth")
    return board


def table(board: Scoreboard) -> str:
    """All scores as text: one row per class and data set, in percent, then depth."""
    rows = []
    for name, scores in board.labels.items():
        classes = CAMVID_NAMES if name == CAMVID else [label.name for label in CITYSCAPES]
        rows += [f"{name:<12}{label:<16}{100 * iou:6.1f} %" for label, iou in zip(classes, scores.iou, strict=True)]
        rows.append(f"{name:<12}{'mean IoU':<16}{100 * scores.miou:6.1f} %")
        rows.append(f"{name:<12}{'pixel accuracy':<16}{100 * scores.pixel_accuracy:6.1f} %")
    for name, depths in board.depths.items():
        rows += [f"{name:<12}{key:<16}{value:8.3f}" for key, value in depths.summary().items()]
    return "\n".join(rows)
