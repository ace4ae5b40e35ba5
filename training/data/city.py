"""Writes rendered streets in the layout of Cityscapes, with exact depth, in parallel. What is there already is kept."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mt_perception.city import City, CityFrame, CityOptions
from mt_perception.datasets.cityscapes import SUFFIXES, encode_depth, encode_disparity, write_camera
from mt_perception.labels import CITYSCAPES

VALIDATION_SEED = 1_000_000
"""Streets of the split `val` are numbered from here, so that none is ever trained on."""


@dataclass(frozen=True)
class Drive:
    """Some frames of one street, `interval_s` apart."""

    seed: int
    split: str
    frames: int = 6
    interval_s: float = 2.0
    width_px: int = 640
    height_px: int = 384
    stereo: bool = False


def generate(folder: Path, drives: Iterable[Drive], workers: int = 1) -> None:
    """Write all drives below `folder`. A drive that is complete is skipped; a killed run goes on where it was."""
    waiting = [drive for drive in drives if not _marker(folder, drive).is_file()]
    # spawned: an OpenGL context does not survive a fork
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(write_drive, folder, drive) for drive in waiting]
        for job in tqdm(as_completed(jobs), total=len(jobs), unit="street"):
            job.result()


def write_drive(folder: Path, drive: Drive) -> None:
    """Render one drive and write its files. The camera's lens and place differ with the seed, as cars' do."""
    rng = np.random.default_rng(drive.seed)
    options = CityOptions(drive.width_px, drive.height_px, hfov_deg=float(rng.uniform(45, 85)))
    start_s = rng.uniform(0, drive.interval_s)
    with City(drive.seed, options) as city:
        for number in range(drive.frames):
            frame = city.render(start_s + number * drive.interval_s, right=drive.stereo, truth=True)
            write_frame(folder, drive, number, frame)
    _marker(folder, drive).touch()


def write_frame(folder: Path, drive: Drive, number: int, frame: CityFrame) -> None:
    """Write one frame's files: picture(s), label ids, disparity, depth and camera."""
    assert frame.labels is not None and frame.depth_m is not None
    pictures = {
        "leftImg8bit": frame.left[..., ::-1],
        "gtFine": _label_ids()[frame.labels],
        "disparity": encode_disparity(frame.depth_m, frame.camera),
        "depth": encode_depth(frame.depth_m),
    }
    if frame.right is not None:
        pictures["rightImg8bit"] = frame.right[..., ::-1]
    for kind, picture in pictures.items():
        if not cv2.imwrite(str(_path(folder, drive, number, kind)), np.ascontiguousarray(picture)):
            raise OSError(f"{_path(folder, drive, number, kind)} cannot be written")
    write_camera(_path(folder, drive, number, "camera"), frame.camera)


def _label_ids() -> NDArray[np.uint8]:
    """(256,) trainId -> label id; 0 (unlabelled) where there is none."""
    table = np.zeros(256, np.uint8)
    for label in CITYSCAPES:
        table[label.train_id] = label.label_id
    return table


def _path(folder: Path, drive: Drive, number: int, kind: str) -> Path:
    street = f"street{drive.seed:07d}"
    path = folder / kind / drive.split / street / f"{street}_{number:06d}_000019_{SUFFIXES[kind]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _marker(folder: Path, drive: Drive) -> Path:
    """An empty file that appears when a drive is complete."""
    return _path(folder, drive, 0, "camera").parent / "complete"
