# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Scenes of Middlebury stereo 2014: `im0.png`, `calib.txt`, and `disp0.pfm` or `disp0GT.pfm`. Depth without labels."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt_perception.datasets.sample import DatasetError, Sample
from mt_perception.geometry import depth_from_disparity
from mt_perception.types import Camera
from mt_perception.utils.image_files import read_image

_TRUTH = ("disp0GT.pfm", "disp0.pfm")


class Middlebury:
    """The left image of each scene with its dense depth: one scene in `folder`, or one in each folder in it.

    There are no splits. The right camera's axis is another (`doffs`), so its image is not read.
    """

    def __init__(self, folder: Path) -> None:
        found = sorted(folder.glob("im0.png")) or sorted(folder.glob("*/im0.png"))
        self._scenes = [each.parent for each in found]
        if not self._scenes:
            raise DatasetError(f"{folder} holds no im0.png nor */im0.png; expected scenes of Middlebury stereo 2014")

    def __len__(self) -> int:
        return len(self._scenes)

    def files(self, index: int) -> list[Path]:
        """Image, disparity and calibration."""
        scene = self._scenes[index]
        truth = next((scene / name for name in _TRUTH if (scene / name).is_file()), scene / _TRUTH[0])
        return [scene / "im0.png", truth, scene / "calib.txt"]

    def __getitem__(self, index: int) -> Sample:
        path, truth, calibration = self.files(index)
        image = read_image(path, "rgb")
        camera, baseline_m, offset_px = read_calibration(calibration, (image.shape[0], image.shape[1]))
        disparity_px = read_pfm(truth) + np.float32(offset_px)
        known = np.where(np.isfinite(disparity_px), disparity_px, np.float32(0))  # an unknown one is infinite
        depth_m = depth_from_disparity(known, camera.fx_px, baseline_m)
        return Sample(self._scenes[index].resolve().name, image, None, depth_m, camera)


def read_calibration(path: Path, size: tuple[int, int]) -> tuple[Camera, float, float]:
    """The left camera of an image of `size` (height, width), the baseline in metres, and the disparity of what is
    infinitely far with its sign changed (`doffs`), in pixels."""
    try:
        lines = dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
        inside = np.array([row.split() for row in lines["cam0"].strip(" []\r").split(";")], float)
        baseline_m, offset_px = float(lines["baseline"]) / 1000, float(lines["doffs"])
        camera = Camera(size[1], size[0], *(float(inside[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2))))
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing") from None
    except (KeyError, ValueError, IndexError) as error:
        raise DatasetError(f"{path} is no calibration of Middlebury ({type(error).__name__}: {error})") from error
    return camera, baseline_m, offset_px


def read_pfm(path: Path) -> NDArray[np.float32]:
    """(H, W) values of a grey portable float map, first row on top; infinite where nothing is known.

    The scale in its header tells the byte order alone: OpenCV's reader divides by it, and Middlebury's is 1 / 255.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing") from None
    head = re.match(rb"Pf\s+(\d{1,6})\s+(\d{1,6})\s+(-?)[\d.eE+-]+\s", content)
    if not head:
        raise DatasetError(f"{path} is no portable float map of one channel")
    width, height = int(head[1]), int(head[2])
    values = content[head.end() :]
    if len(values) != 4 * width * height:
        raise DatasetError(
            f"{path} holds {len(values)} bytes of values; {width}x{height} floats are {4 * width * height}"
        )
    order = "<f4" if head[3] else ">f4"
    return np.frombuffer(values, order).reshape(height, width)[::-1].astype(np.float32)
