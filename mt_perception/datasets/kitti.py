# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""KITTI stereo 2015 in its official layout: `image_2/`, `disp_occ_0/` and `calib_cam_to_cam/`. Depth without labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mt_perception.datasets.sample import DatasetError, Sample, read_uint16
from mt_perception.geometry import depth_from_disparity
from mt_perception.types import Camera
from mt_perception.utils.image_files import read_image


class Kitti:
    """The first frame of each scene, with the sparse depth of the laser scanner; with `right`, also from `image_3/`.

    The scenes that have truth are one set. Here `val` is the last fifth, scenes in a row since neighbours can be of one
    drive, `train` those before it, and `all` both.
    """

    def __init__(self, folder: Path, split: str = "all", right: bool = False) -> None:
        self._folder = folder
        self._images = sorted((folder / "image_2").glob("*_10.png"))
        self._has_right = right and (folder / "image_3").is_dir()
        if not self._images:
            raise DatasetError(f"{folder / 'image_2'} holds no *_10.png; expected the layout of KITTI stereo 2015")
        first_of_val = len(self._images) - max(1, len(self._images) // 5)
        begin, end = {"train": (0, first_of_val), "val": (first_of_val, None), "all": (0, None)}[split]
        self._images = self._images[begin:end]
        if not self._images:
            raise DatasetError(f"{folder / 'image_2'} holds one image, which is kept to validate on; it takes 2")

    def __len__(self) -> int:
        return len(self._images)

    def files(self, index: int) -> list[Path]:
        """Image, disparity and calibration, and the right image if there is one."""
        image = self._images[index]
        calibration = self._folder / "calib_cam_to_cam" / f"{image.stem.split('_')[0]}.txt"
        right = [self._folder / "image_3" / image.name] if self._has_right else []
        return [image, self._folder / "disp_occ_0" / image.name, calibration, *right]

    def __getitem__(self, index: int) -> Sample:
        image_path, disparity_path, calibration, *right = self.files(index)
        image = read_image(image_path, "rgb")
        camera = read_calibration(calibration, (image.shape[0], image.shape[1]))
        disparity_px = read_uint16(disparity_path).astype(np.float32) / 256  # 0 = none
        depth_m = depth_from_disparity(disparity_px, camera.fx_px, camera.baseline_m or 0.0)
        return Sample(image_path.stem, image, None, depth_m, camera, read_image(right[0], "rgb") if right else None)


def read_calibration(path: Path, size: tuple[int, int]) -> Camera:
    """The rectified left colour camera of a `calib_cam_to_cam` file, for an image of `size` (height, width)."""
    try:
        lines = dict(line.split(":", 1) for line in path.read_text(encoding="utf-8").splitlines() if ":" in line)
        left, right = (np.array(lines[key].split(), float).reshape(3, 4) for key in ("P_rect_02", "P_rect_03"))
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing") from None
    except (KeyError, ValueError) as error:
        raise DatasetError(f"{path} is no calibration file of KITTI ({type(error).__name__}: {error})") from error
    baseline_m = float(left[0, 3] / left[0, 0] - right[0, 3] / right[0, 0])
    return Camera(size[1], size[0], left[0, 0], left[1, 1], left[0, 2], left[1, 2], baseline_m)
