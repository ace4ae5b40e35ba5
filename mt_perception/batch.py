"""Pictures in, files out: the network without ROS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from mt_perception import geometry, render
from mt_perception.ground import GroundDepth, Mount
from mt_perception.messages import with_camera
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings, SettingsError
from mt_perception.sources import SourceError, pictures_in, read_camera, read_picture
from mt_perception.types import CameraModel, DataError, Frame


def run_pictures(inputs: Sequence[Path], out: Path, settings: Settings, calibration: Path | None = None) -> list[str]:
    """For each picture write `NAME_mask.png`, `NAME_depth.npy` and `NAME_overlay.png`, all of the picture's size.

    Depth is in metres for the camera that the file `calibration` describes; without it for the one that the model was
    trained with, as a picture does not say which took it. Each picture is by itself: with depth_mode ground, its own
    road gives its scale. Returns a sentence for each file that could not be processed, or scaled; the others are done
    nevertheless.
    """
    camera = read_camera(calibration) if calibration else None
    if settings.scales_by_ground and not camera:
        raise SettingsError("depth_mode is 'ground', which needs the camera's calibration: give --camera FILE")
    files, failures = _files(inputs)
    perceiver = Perceiver.open(settings)
    out.mkdir(parents=True, exist_ok=True)
    for file, name in tqdm(zip(files, distinct_names(files), strict=True), total=len(files), unit="picture"):
        try:
            problem = write_results(perceiver, file, out / name, settings, camera)
            if problem:
                failures.append(f"{file}: the depth has the network's own scale: {problem}")
        except (SourceError, DataError, OSError) as error:
            failures.append(str(error))
    return failures


def write_results(
    perceiver: Perceiver, file: Path, target: Path, settings: Settings, camera: CameraModel | None = None
) -> str:
    """The three files of one picture; `target` is their common beginning. Why depth was not scaled, if it should be."""
    frame = Frame(read_picture(file), "bgr")
    if camera:
        frame = with_camera(frame, camera)
    result = perceiver(frame, ("mask", "depth_m"))
    ground = GroundDepth(perceiver.bundle.card.classes)
    if settings.scales_by_ground:
        result = ground(result, Mount(settings.camera_height_m))
    picture = geometry.to_rgb(geometry.resize(frame.image, result.size), frame.pixel_format)
    labelled = render.overlay(picture, result.mask, settings.overlay_opacity, perceiver.bundle.card.classes)
    for ending, content in (("_mask.png", result.mask), ("_overlay.png", labelled[..., ::-1])):
        if not cv2.imwrite(f"{target}{ending}", content):
            raise OSError(f"{target}{ending} cannot be written")
    np.save(f"{target}_depth.npy", result.depth_m)
    return ground.problem


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
    """The picture files that `inputs` (files and folders) name, and a sentence for each that names none."""
    files: list[Path] = []
    failures: list[str] = []
    for path in inputs:
        try:
            if not path.exists():
                raise SourceError(f"{path} does not exist")
            files += pictures_in(path)
        except SourceError as error:
            failures.append(str(error))
    return list({file.resolve(): file for file in files}.values()), failures
