# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A data set with classes of one's own. What is in `depth/` and `camera/` may be left out.

labels.yaml                 the classes; see `read_labels`
SPLIT/image/NAME.png        or .jpg; SPLIT is train or val
SPLIT/label/NAME.png        8 bit, label_ids of labels.yaml; its `ignore`, or 255, where there is none
SPLIT/depth/NAME.png        16 bit; metres = p / 256, 0 = none, 65535 = infinitely far
SPLIT/camera/NAME.json      focal length of this very image, as a camera file of Cityscapes; depth needs it
"""

from __future__ import annotations

import colorsys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mt_perception.datasets.cityscapes import decode_depth, read_camera
from mt_perception.datasets.sample import DatasetError, Sample, read_ids, read_uint16
from mt_perception.labels import UNLABELLED, LabelSet
from mt_perception.utils.image_files import read_image
from mt_perception.utils.plain_values import ValueMismatch, build, shown

LABELS_FILE = "labels.yaml"


class OwnClassesError(DatasetError):
    """A label set that cannot be read, or a folder that does not hold what it should beside one."""

    page = "tutorials/own_classes"


def read_labels(path: Path) -> LabelSet:
    """The label set of a YAML file. Raises `OwnClassesError` in one sentence.

    name: field             # of the whole; default: the file's name
    sky: sky                # the class that is infinitely far, if there is one
    ignore: 255             # default
    labels:
      - {name: grass, label_id: 7, color: [120, 200, 80]}   # label_id: in files; default: its place, from 0
      - {name: crop, covers: [wheat, maize]}                # stands for several classes of finer sets
    """
    try:
        return parse_labels(yaml.safe_load(path.read_text(encoding="utf-8")), path.name, path.stem)
    except FileNotFoundError:
        raise OwnClassesError(f"the label set {path} does not exist") from None
    except ValueMismatch as error:
        raise OwnClassesError(f"{path} is no label set: {error}") from None
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise OwnClassesError(f"{path} is no label set: it is no valid YAML ({' '.join(str(error).split())})") from None


def parse_labels(values: Any, where: str, name: str = "") -> LabelSet:
    """Plain values, as of YAML, -> `LabelSet`. Raises `ValueMismatch` in one sentence.

    Of each class only its name has to be told: train_id is its place by default, label_id its train_id, and its color
    one of its own. `name` is that of the set where the values have none.
    """
    if not isinstance(values, dict) or not isinstance(values.get("labels"), list | tuple):
        raise ValueMismatch(f"{where} is {shown(values)}; expected keys and values, with `labels` a list of classes")
    labels = [_completed(each, index) for index, each in enumerate(values["labels"])]
    found: LabelSet = build(LabelSet, {"name": name, **values, "labels": labels}, where)
    return found


def _completed(values: Any, index: int) -> Any:
    if not isinstance(values, dict):
        return values
    train_id = values.get("train_id", index)
    hue = colorsys.hsv_to_rgb(0.618034 * index % 1, 0.75, 0.9)  # the golden ratio: neighbours are far apart
    color = [round(255 * each) for each in hue]
    return {"train_id": train_id, "label_id": train_id, "color": color} | values


class Own:
    """Images with labels in the classes of `labels.yaml`, and depth where there is some."""

    def __init__(self, folder: Path, split: str = "train") -> None:
        self._folder = folder / split
        self.labels = read_labels(folder / LABELS_FILE)
        self._images = sorted(each for each in (self._folder / "image").glob("*") if each.suffix in {".png", ".jpg"})
        if not self._images:
            raise OwnClassesError(f"{self._folder / 'image'} holds no .png or .jpg")
        self._has = {kind for kind in ("label", "depth", "camera") if (self._folder / kind).is_dir()}
        if "depth" in self._has and "camera" not in self._has:
            raise OwnClassesError(f"{self._folder} holds depth/ without camera/; depth needs the camera's focal length")
        self._train_ids = self.labels.id_to_train_id()
        self._void = [UNLABELLED, self.labels.ignore]

    def __len__(self) -> int:
        return len(self._images)

    def files(self, index: int) -> list[Path]:
        """Image, labels, depth and camera, as far as the folder holds them."""
        kinds = [kind for kind in ("label", "depth", "camera") if kind in self._has]
        return [self._images[index], *(self._path(kind, index) for kind in kinds)]

    def _path(self, kind: str, index: int) -> Path:
        ending = "json" if kind == "camera" else "png"
        return self._folder / kind / f"{self._images[index].stem}.{ending}"

    def __getitem__(self, index: int) -> Sample:
        image = read_image(self._images[index], "rgb")
        size = image.shape[0], image.shape[1]
        labels = self._read_labels(self._path("label", index)) if "label" in self._has else None
        depth_m = decode_depth(read_uint16(self._path("depth", index))) if "depth" in self._has else None
        camera = read_camera(self._path("camera", index), size) if "camera" in self._has else None
        return Sample(self._images[index].stem, image, labels, depth_m, camera)

    def _read_labels(self, path: Path) -> np.ndarray:
        ids = read_ids(path)
        known = [each.label_id for each in self.labels]
        if strange := sorted({*np.unique(ids).tolist()} - {*known, *self._void}):
            raise OwnClassesError(
                f"{path} has pixels with the label_id {strange[0]}; {LABELS_FILE} has "
                f"{', '.join(map(str, known))}, and {self.labels.ignore} for none"
            )
        return self._train_ids[ids]
