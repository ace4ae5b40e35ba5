# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""CamVid in the layout of SegNet's split: `image/`, `label11/` and perhaps pseudo-labels in `pseudo19/`.

CamVid's 11 classes are coarser than Cityscapes'. Where one stands for several, a teacher (a network trained on
Cityscapes; trainIds, 255 = unsure) may name one of them. Pixels that CamVid leaves unlabelled take the pseudo-label.
"""

from __future__ import annotations

from pathlib import Path

from mt_perception.datasets.pseudo_labels import Refined
from mt_perception.datasets.sample import DatasetError, Sample, read_ids
from mt_perception.labels import CITYSCAPES, coarser
from mt_perception.utils.image_files import read_image

CAMVID11 = coarser(
    "camvid11",
    {
        "sky": ("sky",),
        "building": ("building", "wall"),
        "pole": ("pole",),
        "road": ("road",),
        "pavement": ("sidewalk",),
        "tree": ("vegetation", "terrain"),
        "sign": ("traffic light", "traffic sign"),
        "fence": ("fence",),
        "car": ("car", "truck", "bus", "train"),
        "pedestrian": ("person",),
        "bicyclist": ("rider", "motorcycle", "bicycle"),
    },
    sky="sky",
)


class CamVid:
    """Images of real streets with labels, without depth."""

    def __init__(self, folder: Path, with_teacher: bool = True) -> None:
        self._folder = folder
        self._images = sorted(path for path in (folder / "image").glob("*") if path.suffix in {".png", ".jpg"})
        if not self._images:
            raise DatasetError(f"{folder / 'image'} holds no images; expected CamVid in SegNet's layout")
        self._refined = Refined(CAMVID11, CITYSCAPES) if with_teacher and (folder / "pseudo19").is_dir() else None
        self.labels = self._refined.labels if self._refined else CAMVID11

    def __len__(self) -> int:
        return len(self._images)

    def group(self, index: int) -> str:
        """The drive, with which every name begins: 0001TP, 0006R0, 0016E5 and Seq05VD."""
        return self._images[index].stem.split("_")[0]

    def untaught(self) -> CamVid:
        """The same images with CamVid's own labels alone."""
        return CamVid(self._folder, with_teacher=False)

    def files(self, index: int) -> list[Path]:
        """Image, label, and the teacher's label if the folder has such."""
        image = self._images[index]
        folders = ("label11", "pseudo19") if self._refined else ("label11",)
        return [image, *(self._folder / name / f"{image.stem}.png" for name in folders)]

    def __getitem__(self, index: int) -> Sample:
        image, label, *teacher = self.files(index)
        labels = CAMVID11.id_to_train_id()[read_ids(label)]
        if self._refined:
            labels = self._refined(labels, read_ids(teacher[0]))
        return Sample(image.stem, read_image(image, "rgb"), labels)
