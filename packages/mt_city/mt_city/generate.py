# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Writes rendered streets in the layout of Cityscapes, with exact depth, in parallel. What is there already is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mt_city.city import City
from mt_city.errors import CityError
from mt_city.files import frame_path, write_frame
from mt_city.options import CityOptions

VALIDATION_SEED = 1_000_000
"""Streets of the split `val` are numbered from here, so that none is ever trained on."""


@dataclass(frozen=True)
class CameraRanges:
    """Between what limits the camera of a drive is drawn; equal ones make it the same everywhere.

    What each means is told by `mt_city.options.CityOptions`; jitter_deg is how far pitch and roll then change from
    frame to frame.
    """

    hfov_deg: tuple[float, float] = (40.0, 90.0)
    height_m: tuple[float, float] = (1.0, 2.4)
    pitch_deg: tuple[float, float] = (-2.0, 6.0)
    roll_deg: tuple[float, float] = (-1.5, 1.5)
    jitter_deg: tuple[float, float] = (0.0, 0.8)

    def __post_init__(self) -> None:
        for name, (low, high) in asdict(self).items():
            if low > high:
                raise CityError(f"--camera {name} is {low:g}:{high:g}; the first must not be above the second")
        for end in (0, 1):
            ends: dict[str, Any] = {name: pair[end] for name, pair in asdict(self).items()}
            CityOptions(**ends)  # refuses what no camera can be

    def draw(self, rng: np.random.Generator, width_px: int, height_px: int) -> CityOptions:
        """A camera of that image size, every value evenly spread over its range."""
        drawn: dict[str, Any] = {name: float(rng.uniform(*ends)) for name, ends in asdict(self).items()}
        return CityOptions(width_px, height_px, **drawn)


def parse_ranges(pairs: Iterable[str]) -> CameraRanges:
    """`NAME=VALUE` or `NAME=LOW:HIGH` as typed -> the ranges; what is not named keeps its own."""
    known = [field.name for field in fields(CameraRanges)]
    ranges = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        ends = text.split(":")
        try:
            low, high = (float(end) for end in (ends * 2 if len(ends) == 1 else ends))
            ranges[name] = (low, high)
        except ValueError:
            name = ""
        if name not in known:
            raise CityError(
                f"--camera is {pair!r}; expected NAME=VALUE or NAME=LOW:HIGH with NAME one of {', '.join(known)}"
            )
    return CameraRanges(**ranges)


@dataclass(frozen=True)
class Drive:
    """Some frames of one street, `interval_s` apart, by a camera drawn from `camera`."""

    seed: int
    split: str
    frames: int = 6
    interval_s: float = 2.0
    width_px: int = 640
    height_px: int = 384
    stereo: bool = False
    camera: CameraRanges = CameraRanges()


def generate(folder: Path, drives: Iterable[Drive], workers: int = 1) -> None:
    """Write all drives below `folder`. A drive that is complete is skipped; a killed run goes on where it was.

    Raises `CityError` for a drive that is there with other options: two kinds must not become one data set.
    """
    waiting = [drive for drive in drives if not _is_complete(folder, drive)]
    # spawned: an OpenGL context does not survive a fork
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(write_drive, folder, drive) for drive in waiting]
        for job in tqdm(as_completed(jobs), total=len(jobs), unit="street"):
            job.result()


def write_drive(folder: Path, drive: Drive) -> None:
    """Render one drive and write its files. The camera's lens and place differ with the seed, as cars' do."""
    rng = np.random.default_rng(drive.seed)
    options = drive.camera.draw(rng, drive.width_px, drive.height_px)
    start_s = rng.uniform(0, drive.interval_s)
    with City(drive.seed, options) as city:
        for number in range(drive.frames):
            frame = city.render(start_s + number * drive.interval_s, right=drive.stereo, truth=True)
            write_frame(folder, drive.split, drive.seed, number, frame)
    _marker(folder, drive).write_text(_description(drive), encoding="utf-8")


def _marker(folder: Path, drive: Drive) -> Path:
    """A file that appears when a drive is complete; it tells how the drive was made."""
    return frame_path(folder, drive.split, drive.seed, 0, "camera").parent / "complete"


def _description(drive: Drive) -> str:
    return json.dumps(asdict(drive)) + "\n"


def _is_complete(folder: Path, drive: Drive) -> bool:
    marker = _marker(folder, drive)
    if not marker.is_file():
        return False
    if marker.read_text(encoding="utf-8") != _description(drive):
        raise CityError(f"{marker.parent} was rendered with other options, or by another version; give a new folder")
    return True
