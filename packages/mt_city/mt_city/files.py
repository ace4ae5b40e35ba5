# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Frames on disk, in the layout of Cityscapes and with exact depth beside it: written, and read back.

leftImg8bit/SPLIT/STREET/NAME_leftImg8bit.png       and rightImg8bit, if there is a right image
gtFine/SPLIT/STREET/NAME_gtFine_labelIds.png        label ids; 0 = unlabelled
disparity/SPLIT/STREET/NAME_disparity.png           16 bit; disparity in px = (p - 1) / 256, 0 = none
depth/SPLIT/STREET/NAME_depth.png                   16 bit; metres = p / 256, 65534 = that or more, 65535 = sky
camera/SPLIT/STREET/NAME_camera.json                this very image's focal length, height, pitch, ...
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_city.errors import CityError
from mt_city.labels import LABEL_IDS, UNLABELLED
from mt_city.options import Camera, CityFrame, Mounting

SUFFIXES = {
    "leftImg8bit": "leftImg8bit.png",
    "rightImg8bit": "rightImg8bit.png",
    "gtFine": "gtFine_labelIds.png",
    "disparity": "disparity.png",
    "depth": "depth.png",
    "camera": "camera.json",
}
_SKY = 65535


def write_frame(folder: Path, split: str, seed: int, number: int, frame: CityFrame) -> None:
    """Write one frame's files: image(s), label ids, disparity, depth and camera. It must have labels and depth."""
    assert frame.labels is not None and frame.depth_m is not None
    images = {
        "leftImg8bit": frame.left[..., ::-1],
        "gtFine": _label_ids()[frame.labels],
        "disparity": _encode_disparity(frame.depth_m, frame.camera),
        "depth": _encode_depth(frame.depth_m),
    }
    if frame.right is not None:
        images["rightImg8bit"] = frame.right[..., ::-1]
    for kind, image in images.items():
        path = frame_path(folder, split, seed, number, kind)
        if not cv2.imwrite(str(path), np.ascontiguousarray(image)):
            raise OSError(f"{path} cannot be written")
    text = json.dumps(_camera_values(frame), indent=1) + "\n"
    frame_path(folder, split, seed, number, "camera").write_text(text, encoding="utf-8")


def frame_path(folder: Path, split: str, seed: int, number: int, kind: str) -> Path:
    """Where one of a frame's files goes, in a folder that is there."""
    street = f"street{seed:07d}"
    path = folder / kind / split / street / f"{street}_{number:06d}_000019_{SUFFIXES[kind]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class CityFolder(Sequence[CityFrame]):
    """The frames of one split of a folder that `generate` wrote, street by street, as they were rendered.

    Depth is rounded to 1/256 m and ends at 255.99 m; `stamp_ns` is 0. Raises `CityError` for a folder that holds
    none, `OSError` for a file that is missing or broken.
    """

    def __init__(self, folder: str | Path, split: str = "train") -> None:
        self._folder, self._split = Path(folder), split
        left = self._folder / "leftImg8bit" / split
        suffix = f"_{SUFFIXES['leftImg8bit']}"
        self._names = sorted(
            each.relative_to(left).as_posix().removesuffix(suffix) for each in left.glob(f"street*/*{suffix}")
        )
        if not self._names:
            raise CityError(f"{left} holds no street*/*{suffix}; expected a folder that mt-city wrote")

    def __len__(self) -> int:
        return len(self._names)

    def path(self, kind: str, index: int) -> Path:
        """Where the file of one kind (`leftImg8bit`, `gtFine`, ...) lies."""
        return self._folder / kind / self._split / f"{self._names[index]}_{SUFFIXES[kind]}"

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        left = _read(self.path("leftImg8bit", index))[..., ::-1]
        right = self.path("rightImg8bit", index)
        ids, depth = (_read(self.path(kind, index)) for kind in ("gtFine", "depth"))
        values = json.loads(self.path("camera", index).read_text(encoding="utf-8"))
        return CityFrame(
            np.ascontiguousarray(left),
            np.ascontiguousarray(_read(right)[..., ::-1]) if right.is_file() else None,
            _train_ids()[ids],
            _decode_depth(depth),
            *_camera_and_mounting(values, left.shape[1], left.shape[0]),
            0,
        )


def _read(path: Path) -> NDArray[Any]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise OSError(f"{path} is missing, or no image")
    return image


def _label_ids() -> NDArray[np.uint8]:
    """(256,) trainId -> label id; 0 (unlabelled) where there is none."""
    table = np.zeros(256, np.uint8)
    table[: len(LABEL_IDS)] = LABEL_IDS
    return table


def _train_ids() -> NDArray[np.uint8]:
    """(256,) label id -> trainId: the inverse."""
    table = np.full(256, UNLABELLED, np.uint8)
    table[list(LABEL_IDS)] = range(len(LABEL_IDS))
    return table


def _encode_depth(depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
    """(H, W) metres, +Inf = sky -> stored values in 1/256 m. Inverse: `_decode_depth`, to half a step."""
    return np.where(np.isinf(depth_m), _SKY, np.clip(np.rint(depth_m * 256), 1, _SKY - 1)).astype(np.uint16)


def _decode_depth(stored: NDArray[np.uint16]) -> NDArray[np.float32]:
    """(H, W) stored values -> metres; +Inf sky."""
    return np.where(stored == _SKY, np.float32(np.inf), stored * np.float32(1 / 256))


def _encode_disparity(depth_m: NDArray[np.float32], camera: Camera) -> NDArray[np.uint16]:
    """(H, W) metres -> Cityscapes' 16-bit disparity; 0 = what is too near to be stored."""
    stored = np.rint(camera.fx_px * camera.baseline_m / depth_m * 256) + 1
    return np.where(stored <= 65535, stored, 0).astype(np.uint16)


def _camera_values(frame: CityFrame) -> dict[str, dict[str, float]]:
    """By the names that Cityscapes' camera files have for them; angles are radians there."""
    camera, held = frame.camera, frame.mounting
    inside = {"fx": camera.fx_px, "fy": camera.fy_px, "u0": camera.cx_px, "v0": camera.cy_px}
    pitch, roll = math.radians(held.pitch_deg), math.radians(held.roll_deg)
    outside = {"baseline": camera.baseline_m, "z": held.height_m, "pitch": pitch, "roll": roll}
    return {"intrinsic": inside, "extrinsic": outside}


def _camera_and_mounting(values: dict[str, dict[str, float]], width: int, height: int) -> tuple[Camera, Mounting]:
    """The inverse of `_camera_values`."""
    inside, outside = values["intrinsic"], values["extrinsic"]
    fx, fy, cx, cy = (inside[name] for name in ("fx", "fy", "u0", "v0"))
    camera = Camera(width, height, fx, fy, cx, cy, outside["baseline"])
    pitch, roll = math.degrees(outside["pitch"]), math.degrees(outside.get("roll", 0.0))
    return camera, Mounting(outside["z"], pitch, roll)
