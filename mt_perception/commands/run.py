# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Images in, files out: the network without ROS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mt_perception import geometry
from mt_perception.bags.sources import SourceError, images_in
from mt_perception.draw import render
from mt_perception.errors import said
from mt_perception.messages.calibration import read_camera
from mt_perception.messages.read import with_camera
from mt_perception.pipeline import Perceiver
from mt_perception.prediction import DEPTH_FILE, MASK_FILE, Prediction
from mt_perception.scale.ground import GroundDepth, Mount
from mt_perception.settings import Settings, SettingsError
from mt_perception.types import Camera, DataError, Frame
from mt_perception.utils.image_files import read_image
from mt_perception.utils.json_safe import check_folder

_SHEET_ROWS, _SHEET_CELL_PX = 12, 480


def run_images(
    inputs: Sequence[Path], out: Path, settings: Settings, calibration: Path | None = None, sheet: Path | None = None
) -> list[str]:
    """For each image write `NAME_mask.png`, `NAME_depth.npy` and `NAME_overlay.png`, all of the image's size.

    Depth is in metres for the camera that the file `calibration` describes; without it for the one that the model was
    trained with, as an image does not say which took it. Each image is by itself: with depth_mode ground, its own
    road gives its scale. Returns a sentence for each file that could not be processed, or scaled; the others are done
    nevertheless. `sheet`: an image of at most a dozen of them, evenly spread, beside their labels and depth.
    """
    _check_sheet(sheet, out)
    camera = read_camera(calibration) if calibration else None
    if settings.scales_by_ground and not camera:
        raise SettingsError("depth_mode is 'ground', which needs the camera's calibration: give --calibration FILE")
    files, failures = _files(inputs)
    perceiver = Perceiver.open(settings, output_size="input")
    out.mkdir(parents=True, exist_ok=True)
    shown = set(np.linspace(0, max(0, len(files) - 1), min(len(files), _SHEET_ROWS), dtype=int).tolist())
    rows: list[list[render.Image]] = []
    for index, name in enumerate(tqdm(distinct_names(files), unit="image")):
        file = files[index]
        try:
            result, problem = _perceive(perceiver, file, settings, camera)
            _write_results(out / name, result, settings)
            if sheet and index in shown:
                rows.append(_row(result, settings))
            if problem:
                failures.append(f"{file}: the depth has the network's own scale: {problem}")
        except (SourceError, DataError, OSError) as error:
            failures.append(said(error))
    if sheet and rows:
        footer = render.legend(perceiver.bundle.card.labels, columns=10)
        _write_image(sheet, render.tile(rows, ["input", "labels", "depth"], footer, _SHEET_CELL_PX)[..., ::-1])
    return failures


def _perceive(perceiver: Perceiver, file: Path, settings: Settings, camera: Camera | None) -> tuple[Prediction, str]:
    """What is seen in an image, and why its depth was not scaled, if it should be."""
    frame = Frame(read_image(file, "bgr"), "bgr")
    if camera:
        frame = with_camera(frame, camera)
    result = perceiver(frame, ("mask", "depth_m"))
    ground = GroundDepth(perceiver.bundle.card.labels)
    if settings.scales_by_ground:
        result = ground(result, Mount(settings.camera_height_m))
    return result, ground.problem


def _write_results(target: Path, result: Prediction, settings: Settings) -> None:
    """The three files of one image; `target` is their common beginning."""
    labelled = result.overlay(settings.overlay_opacity)
    _write_image(Path(f"{target}{MASK_FILE}"), result.mask)
    _write_image(Path(f"{target}_overlay.png"), labelled[..., ::-1])
    np.save(f"{target}{DEPTH_FILE}", result.depth_m)


def _row(result: Prediction, settings: Settings) -> list[render.Image]:
    """A line of the sheet, made small at once so that many take no memory: image, labels on it, depth."""
    size = round(result.size[0] * _SHEET_CELL_PX / result.size[1]), _SHEET_CELL_PX
    outputs = {name: geometry.resize_nearest(each, size) for name, each in result.outputs.items()}
    small = replace(result, outputs=outputs)
    return [small.image, small.overlay(settings.overlay_opacity), small.depth_colors()]


def _check_sheet(sheet: Path | None, out: Path) -> None:
    """Before any work, raise what would keep the sheet from being written after it; `out` will be made."""
    if sheet and sheet.absolute().parent != out.absolute():
        check_folder(sheet)
    if sheet and sheet.suffix.lower() not in {".png", ".jpg"}:
        raise SourceError(f"--sheet is {str(sheet)!r}; it must end in .png or .jpg")


def _write_image(path: Path, content: NDArray[np.uint8]) -> None:
    if not cv2.imwrite(str(path), content):
        raise OSError(f"{path} cannot be written")


def distinct_names(files: Sequence[Path]) -> list[str]:
    """For each of different files a name of its own, so that no result overwrites another.

    It is the stem; with as many folders before it as tell it from the others, `drive_cam_0001`; and with the ending
    behind it, `0001_png`, where a folder holds several of one stem. What even that leaves alike gets a number.
    """
    twins = Counter((file.parent, file.stem) for file in files)
    last = [file.name.replace(".", "_") if twins[file.parent, file.stem] > 1 else file.stem for file in files]
    parts = [(*file.absolute().parent.parts[1:], name) for file, name in zip(files, last, strict=True)]
    names, depth = last, 1
    while (counts := Counter(names)) and max(counts.values()) > 1 and depth < max(map(len, parts)):
        depth += 1
        names = ["_".join(each[-depth:]) if counts[name] > 1 else name for each, name in zip(parts, names, strict=True)]
    taken: set[str] = set()
    for index, name in enumerate(names):
        number = 1
        while names[index] in taken:
            number += 1
            names[index] = f"{name}_{number}"
        taken.add(names[index])
    return names


def _files(inputs: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The image files that `inputs` (files and folders) name, and a sentence for each that names none."""
    files: list[Path] = []
    failures: list[str] = []
    for path in inputs:
        try:
            if not path.exists():
                raise SourceError(f"{path} does not exist")
            files += images_in(path)
        except SourceError as error:
            failures.append(str(error))
    return list({file.resolve(): file for file in files}.values()), failures
