# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Cityscapes in its official layout, and everything written in the same: the city generator's streets, for one.

    leftImg8bit/SPLIT/CITY/NAME_leftImg8bit.png
    gtFine/SPLIT/CITY/NAME_gtFine_labelIds.png       label ids, of which 19 are evaluated
    disparity/SPLIT/CITY/NAME_disparity.png          16 bit; disparity in px = (p - 1) / 256, 0 = none
    camera/SPLIT/CITY/NAME_camera.json               focal length and baseline of this very image
    depth/SPLIT/CITY/NAME_depth.png                  16 bit; metres = p / 256, 0 = none, 65535 = sky (generated only)

Labels or depth may be absent as a whole folder; an image that lacks a file which others have is a mistake.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt_perception.datasets.sample import DatasetError, Sample, read_ids, read_uint16
from mt_perception.geometry import depth_from_disparity
from mt_perception.labels import CITYSCAPES
from mt_perception.types import Camera
from mt_perception.utils.image_files import read_image

SKY_DEPTH = 65535
SUFFIXES = {
    "leftImg8bit": "leftImg8bit.png",
    "rightImg8bit": "rightImg8bit.png",
    "gtFine": "gtFine_labelIds.png",
    "disparity": "disparity.png",
    "depth": "depth.png",
    "camera": "camera.json",
}
_TRAIN_IDS = CITYSCAPES.id_to_train_id()


class Cityscapes:
    """Street images with labels and depth, whichever the folder holds. Exact depth is preferred to disparity.

    With `right`, images of the right camera are read too where the folder holds them.
    """

    def __init__(self, folder: Path, split: str = "train", right: bool = False) -> None:
        self._folder, self._split = folder, split
        images = folder / "leftImg8bit" / split
        self._names = sorted(
            path.relative_to(images).as_posix().removesuffix("_leftImg8bit.png")
            for path in images.glob("*/*_leftImg8bit.png")
        )
        if not self._names:
            raise DatasetError(f"{images} holds no */*_leftImg8bit.png; expected the layout of Cityscapes")
        there = {kind for kind in SUFFIXES if (folder / kind / split).is_dir()}
        self._depth_kind = next((kind for kind in ("depth", "disparity") if kind in there), None)
        self._has_camera = "camera" in there or bool(self._depth_kind)
        requested = {"gtFine"} | ({"rightImg8bit"} if right else set())
        self._has = there & requested

    def __len__(self) -> int:
        return len(self._names)

    def group(self, index: int) -> str:
        """The city, or the rendered street: the folder that it lies in."""
        return self._names[index].split("/")[0]

    def path(self, kind: str, index: int) -> Path:
        """Where the file of one kind (`leftImg8bit`, `gtFine`, ...) lies."""
        return self._folder / kind / self._split / f"{self._names[index]}_{SUFFIXES[kind]}"

    def files(self, index: int) -> list[Path]:
        """Image, label ids, right image, depth and its camera, as far as the folder holds them."""
        kinds = ["leftImg8bit", *sorted(self._has)]
        kinds += [self._depth_kind] if self._depth_kind else []
        return [self.path(kind, index) for kind in kinds + ["camera"] * self._has_camera]

    def __getitem__(self, index: int) -> Sample:
        image = read_image(self.path("leftImg8bit", index), "rgb")
        labels = _TRAIN_IDS[read_ids(self.path("gtFine", index))] if "gtFine" in self._has else None
        right = read_image(self.path("rightImg8bit", index), "rgb") if "rightImg8bit" in self._has else None
        camera = read_camera(self.path("camera", index), image.shape[:2]) if self._has_camera else None
        depth_m = None
        if self._depth_kind and camera:
            stored = read_uint16(self.path(self._depth_kind, index))
            depth_m = decode_depth(stored) if self._depth_kind == "depth" else decode_disparity(stored, camera)
        return Sample(self._names[index], image, labels, depth_m, camera, right)


def encode_depth(depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
    """(H, W) metres, +Inf = sky -> stored values in 1/256 m. Inverse: `decode_depth`, to half a step."""
    known = np.where(np.isnan(depth_m), 0, depth_m)
    return np.where(np.isinf(known), SKY_DEPTH, np.clip(np.rint(known * 256), 0, SKY_DEPTH - 1)).astype(np.uint16)


def decode_depth(stored: NDArray[np.uint16]) -> NDArray[np.float32]:
    """(H, W) stored values -> metres; NaN unknown, +Inf sky."""
    depth_m: NDArray[np.float32] = stored.astype(np.float32) * np.float32(1 / 256)
    depth_m[stored == 0] = np.nan
    depth_m[stored == SKY_DEPTH] = np.inf
    return depth_m


def encode_disparity(depth_m: NDArray[np.float32], camera: Camera) -> NDArray[np.uint16]:
    """(H, W) metres -> the official 16-bit disparity; 0 = none (unknown; what is too near to be stored)."""
    baseline_m = camera.baseline_m or 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        stored = np.rint(camera.fx_px * baseline_m / depth_m * 256) + 1
    return np.where(np.isfinite(stored) & (stored <= 65535), stored, 0).astype(np.uint16)


def decode_disparity(stored: NDArray[np.uint16], camera: Camera) -> NDArray[np.float32]:
    """(H, W) official 16-bit disparity -> metres; NaN where there is none."""
    if camera.baseline_m is None:
        raise DatasetError("disparity needs a camera with a baseline")
    disparity_px = np.where(stored > 0, (stored.astype(np.float32) - 1) / 256, 0)
    return depth_from_disparity(disparity_px, camera.fx_px, camera.baseline_m)


def read_camera(path: Path, size: tuple[int, int]) -> Camera:
    """A `*_camera.json` as the camera of an image of `size` (height, width)."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        inside, outside = values["intrinsic"], values["extrinsic"]
        return Camera(size[1], size[0], inside["fx"], inside["fy"], inside["u0"], inside["v0"], outside["baseline"])
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing") from None
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{path} is no camera file of Cityscapes ({type(error).__name__}: {error})") from error


def write_camera(path: Path, camera: Camera, **mounting: float) -> None:
    """The inverse of `read_camera`. `mounting`: more of Cityscapes' values, as z (height, metres) and pitch."""
    inside = {"fx": camera.fx_px, "fy": camera.fy_px, "u0": camera.cx_px, "v0": camera.cy_px}
    outside = {"baseline": camera.baseline_m, **mounting}
    path.write_text(json.dumps({"intrinsic": inside, "extrinsic": outside}, indent=1) + "\n")
