# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One image from the files of the source to those of the result: read, clean, write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.datasets.cityscapes import SUFFIXES, encode_depth, encode_disparity, read_camera
from mt_perception.datasets.sample import DatasetError, read_ids, read_uint16
from mt_perception.geometry import resize, resize_nearest, scale_camera
from mt_perception.labels import CITYSCAPES
from mt_perception.types import Camera, DataError, DepthMap
from mt_perception.utils.files import write_whole
from mt_perception.utils.image_files import read_image
from mt_perception_training.depth import clean
from mt_perception_training.depth.matching import match
from mt_perception_training.depth.options import Preparation, PreparationError
from mt_perception_training.depth.teacher import open_teacher
from mt_perception_training.files import is_whole
from mt_perception_training.window import Window

SKY_ID = next(label.label_id for label in CITYSCAPES if label.name == "sky")


@dataclass(frozen=True)
class SamplePaths:
    """The files of one image: NAME is `CITY/CITY_000000_000019`, folders are the roots of source and result."""

    source: Path
    target: Path
    split: str
    name: str
    labelled: bool

    def read(self, kind: str) -> Path:
        """Where a file of the source lies; kinds are those of `cityscapes.SUFFIXES`."""
        return self.source / kind / self.split / f"{self.name}_{SUFFIXES[kind]}"

    def written(self, kind: str) -> Path:
        """Where the same file of the result lies."""
        return self.target / kind / self.split / f"{self.name}_{SUFFIXES[kind]}"

    @property
    def kinds(self) -> list[str]:
        """What the result consists of."""
        return ["leftImg8bit", *["gtFine"] * self.labelled, "disparity", "depth", "camera"]


@dataclass(frozen=True)
class Raw:
    """What is known of an image before anything is cut. `labels` are (H, W) uint8 label ids."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None
    disparity_px: clean.Disparity
    camera: Camera


@dataclass(frozen=True)
class Prepared:
    """What the result holds: arrays of one size, and their camera. `depth_m` is NaN unknown, +Inf sky."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None
    depth_m: DepthMap
    camera: Camera


def prepare_sample(paths: SamplePaths, preparation: Preparation) -> str | None:
    """Make and write the files of one sample. Returns None, or a sentence with the path if that is impossible."""
    try:
        save(paths, prepare(load(paths, preparation), preparation))
    except (DatasetError, DataError, OSError, cv2.error) as error:
        reason = " ".join(str(error).split())
        named = str(paths.source) in reason or str(paths.target) in reason
        return reason if named else f"{paths.read('leftImg8bit')}: {reason}"
    return None


def load(paths: SamplePaths, preparation: Preparation) -> Raw:
    """Read the source and find its disparity."""
    image = read_image(paths.read("leftImg8bit"), "rgb")
    size = image.shape[0], image.shape[1]
    labels = read_ids(paths.read("gtFine")) if paths.labelled else None
    camera = read_camera(paths.read("camera"), size)
    raw = Raw(image, labels, _disparity(paths, image, preparation), camera)
    if labels is not None:
        _expect_size(paths.read("gtFine"), labels, size)
    if np.isnan(raw.disparity_px).all():
        raise PreparationError("not one pixel has a disparity; are the two images a rectified pair, left and right?")
    return raw


def _disparity(paths: SamplePaths, left: NDArray[np.uint8], preparation: Preparation) -> clean.Disparity:
    """(H, W) float32 px, NaN where unknown."""
    if preparation.source == "official":
        stored = read_uint16(paths.read("disparity")).astype(np.float32)
        _expect_size(paths.read("disparity"), stored, left.shape)
        return np.where(stored > 1, (stored - 1) / 256, np.float32(np.nan))
    right = read_image(paths.read("rightImg8bit"), "rgb")
    _expect_size(paths.read("rightImg8bit"), right, left.shape)
    if preparation.source == "sgbm":
        return match(left, right, preparation.max_disparity_px)
    # workers have one thread each, for OpenCV and for the teacher
    return open_teacher(preparation.teacher, cv2.getNumThreads())(left, right)


def _expect_size(path: Path, array: NDArray[Any], size: tuple[int, ...]) -> None:
    if array.shape[:2] != size[:2]:
        got = f"{array.shape[1]}x{array.shape[0]}"
        raise PreparationError(f"{path} has {got} px, but the left image {size[1]}x{size[0]}")


def prepare(raw: Raw, preparation: Preparation) -> Prepared:
    """Cut, smooth, resize, inpaint; then metres. Smoothing comes first: it is for the noise of the full size."""
    cut = preparation.cut_top, preparation.cut_left, preparation.cut_bottom
    window = Window.after_cutting(raw.disparity_px.shape, *cut)
    size = clean.scaled_size((window.height, window.width), preparation.scale)
    camera = scale_camera(window.camera(raw.camera), size)
    labels = None if raw.labels is None else resize_nearest(window.of(raw.labels), size)
    disparity_px = clean.smooth(window.of(raw.disparity_px), preparation.smoothing_px)
    disparity_px = clean.resize_disparity(disparity_px, size)
    sky = (labels == SKY_ID) if preparation.sky and labels is not None else np.zeros(size, bool)
    disparity_px = np.where(sky, np.float32(np.nan), disparity_px)
    if preparation.inpaint:
        disparity_px = clean.inpaint(disparity_px)
    depth_m = clean.to_metres(disparity_px, camera, preparation.max_depth_m)
    depth_m[sky] = np.inf
    return Prepared(resize(window.of(raw.image), size), labels, depth_m, camera)


def save(paths: SamplePaths, prepared: Prepared) -> None:
    """Write all files; each appears complete or not at all."""
    images: dict[str, NDArray[Any]] = {
        "leftImg8bit": cv2.cvtColor(prepared.image, cv2.COLOR_RGB2BGR),
        "disparity": encode_disparity(prepared.depth_m, prepared.camera),
        "depth": encode_depth(prepared.depth_m),
    }
    if prepared.labels is not None:
        images["gtFine"] = prepared.labels
    for kind, image in images.items():
        write_whole(paths.written(kind), cv2.imencode(".png", image)[1].tobytes())
    write_whole(paths.written("camera"), _camera_file(paths, prepared.camera))


def is_complete(paths: SamplePaths) -> bool:
    """Whether all files of the result are there, none of them cut short."""
    return all(is_whole(paths.written(kind)) for kind in paths.kinds)


def _camera_file(paths: SamplePaths, camera: Camera) -> bytes:
    """The source's camera file with another lens; where the camera is on the car stays as it is."""
    values = json.loads(paths.read("camera").read_text(encoding="utf-8"))
    values["intrinsic"] |= {"fx": camera.fx_px, "fy": camera.fy_px, "u0": camera.cx_px, "v0": camera.cy_px}
    return (json.dumps(values, indent=1) + "\n").encode()
