# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets that are folders of equal names: `image/`, and of labels, depth and another network's labels what there is.

| name          | labels                                           | depth | camera       | split val          |
|---------------|--------------------------------------------------|-------|--------------|--------------------|
| labelmefacade | `label19/`: trainIds of six classes (buildings, cars, road, pavement, sky, plants) | | | none |
| idd_lite      | `label7/`: the seven classes of `IDD7`            |       |              | a tenth of the drives |
| kitti_road    |                                                  |       | KITTI's      | none               |
| kitti_more    | (images in the folder itself)                  |       | KITTI's      | none               |
| kitti_drive   |                                                  | `depth/`, LiDAR | KITTI's | the same drive |
| images      | (any images, in the folder itself)             |       |              | none               |

`pseudo19/` holds trainIds of a network trained on Cityscapes, 255 where it is unsure: used in the split train alone,
and only where the labels leave it open.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mt_perception.datasets.cityscapes import decode_depth
from mt_perception.datasets.pseudo_labels import Refined
from mt_perception.datasets.sample import DatasetError, Sample, read_ids, read_uint16
from mt_perception.labels import CITYSCAPES, UNLABELLED, LabelSet, coarser
from mt_perception.metrics.label_mapping import LabelMapping
from mt_perception.types import Camera
from mt_perception.utils.image_files import read_image

PSEUDO = "pseudo19"
KITTI_CAMERAS = {
    370: (707.09, 601.89, 183.11),
    374: (707.09, 601.89, 183.11),
    375: (721.54, 609.56, 172.85),
    376: (718.86, 607.19, 185.22),
}
"""fx = fy, cx and cy in pixels of KITTI's left colour camera, by the height of its rectified images."""


@dataclass(frozen=True)
class Layout:
    """What a data set holds beside its images. `labels`, `depth`: folders, empty without. `classes`: those of the
    labels, by their trainIds. `val`: whether a tenth of the drives (what stands before `_` in a name) is held out."""

    images: str = "image"
    labels: str = ""
    classes: LabelSet = CITYSCAPES
    depth: str = ""
    is_kitti: bool = False
    val: bool = False


IDD7 = coarser(
    "idd7",
    {
        "drivable": ("road",),
        "not drivable": ("sidewalk", "terrain"),
        "living thing": ("person", "rider"),
        "vehicle": ("car", "truck", "bus", "train", "motorcycle", "bicycle"),
        "roadside object": ("wall", "fence", "pole", "traffic light", "traffic sign"),
        "far object": ("building", "vegetation"),
        "sky": ("sky",),
    },
    sky="sky",
)
LAYOUTS = {
    "labelmefacade": Layout(labels="label19"),
    "idd_lite": Layout(labels="label7", classes=IDD7, val=True),
    "kitti_road": Layout(is_kitti=True),
    "kitti_more": Layout(images=".", is_kitti=True),
    "kitti_drive": Layout(depth="depth", is_kitti=True),
    "images": Layout(images="."),
}


class ImageFolder:
    """The data set that `layout` describes, in `folder`."""

    def __init__(self, folder: Path, layout: Layout, split: str = "train", with_pseudo: bool = True) -> None:
        self._folder, self._layout, self._split = folder, layout, split
        images = folder / layout.images
        found = sorted(path for path in images.glob("*") if path.suffix in {".png", ".jpg"})
        self._images = [each for each in found if not layout.val or is_held_out(each.stem) == (split == "val")]
        if not self._images:
            raise DatasetError(f"{images} holds no .png or .jpg of the split {split}")
        self._has_pseudo = with_pseudo and split == "train" and (folder / PSEUDO).is_dir()
        self._known = LabelMapping(layout.classes, layout.classes).table()
        self._refined = Refined(layout.classes, CITYSCAPES)
        self.labels = self._refined.labels if self._has_pseudo else layout.classes

    def __len__(self) -> int:
        return len(self._images)

    def untaught(self) -> ImageFolder:
        """The same images with the published labels alone."""
        return ImageFolder(self._folder, self._layout, self._split, with_pseudo=False)

    def files(self, index: int) -> list[Path]:
        """Image, labels, depth and the other network's labels, as far as there are such."""
        image = self._images[index]
        folders = (self._layout.labels, self._layout.depth, PSEUDO if self._has_pseudo else "")
        return [image, *(self._beside(name, image) for name in folders if name)]

    def __getitem__(self, index: int) -> Sample:
        path, layout = self._images[index], self._layout
        image = read_image(path, "rgb")
        size = image.shape[0], image.shape[1]
        labels = None
        if layout.labels or self._has_pseudo:
            labels = np.full(size, UNLABELLED, np.uint8)
        if layout.labels:
            labels = self._known[read_ids(self._beside(layout.labels, path))]
        if self._has_pseudo and labels is not None:
            labels = self._refined(labels, read_ids(self._beside(PSEUDO, path)))
        depth_m = decode_depth(read_uint16(self._beside(layout.depth, path))) if layout.depth else None
        return Sample(path.stem, image, labels, depth_m, kitti_camera(size) if layout.is_kitti else None)

    def _beside(self, name: str, image: Path) -> Path:
        return self._folder / name / f"{image.stem}.png"


def is_held_out(name: str) -> bool:
    """Whether the image called `name` belongs to the fixed tenth of the drives that is only for validation."""
    return zlib.crc32(name.split("_")[0].encode()) % 10 == 0


def kitti_camera(size: tuple[int, int]) -> Camera:
    """The camera of one of KITTI's rectified images of `size` (height, width)."""
    if size[0] not in KITTI_CAMERAS:
        known = ", ".join(map(str, KITTI_CAMERAS))
        raise DatasetError(f"an image of KITTI is {size[0]} px high; its cameras are known for {known} px")
    fx_px, cx_px, cy_px = KITTI_CAMERAS[size[0]]
    return Camera(size[1], size[0], fx_px, fx_px, cx_px, cy_px)
