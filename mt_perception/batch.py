"""Pictures in, files out: the network without ROS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from mt_perception import geometry, render
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.sources import SourceError, pictures_in, read_picture
from mt_perception.types import Frame


def run_pictures(inputs: Sequence[Path], out: Path, settings: Settings) -> list[str]:
    """For each picture write `NAME_mask.png`, `NAME_depth.npy` and `NAME_overlay.png`, all of the picture's size.

    Depth is in metres for the camera that the model was trained with: a picture file does not say which took it.
    Returns a sentence for each file that could not be processed; the others are done nevertheless.
    """
    files, failures = _files(inputs)
    repeated = {file.stem for file in files if sum(file.stem == other.stem for other in files) > 1}
    perceiver = Perceiver.open(settings)
    out.mkdir(parents=True, exist_ok=True)
    for file in tqdm(files, unit="picture"):
        # two pictures of one name must not overwrite each other: then the folder's name goes before
        name = f"{file.parent.name}_{file.stem}" if file.stem in repeated else file.stem
        try:
            write_results(perceiver, file, out / name, settings)
        except (SourceError, OSError) as error:
            failures.append(str(error))
    return failures


def write_results(perceiver: Perceiver, file: Path, target: Path, settings: Settings) -> None:
    """The three files of one picture; `target` is their common beginning."""
    frame = Frame(read_picture(file), "bgr")
    result = perceiver(frame, ("mask", "depth_m"))
    picture = geometry.to_rgb(geometry.resize(frame.image, result.size), frame.pixel_format)
    labelled = render.overlay(picture, result.mask, settings.overlay_opacity, perceiver.bundle.card.classes)
    for ending, content in (("_mask.png", result.mask), ("_overlay.png", labelled[..., ::-1])):
        if not cv2.imwrite(f"{target}{ending}", content):
            raise OSError(f"{target}{ending} cannot be written")
    np.save(f"{target}_depth.npy", result.depth_m)


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
    return files, failures
