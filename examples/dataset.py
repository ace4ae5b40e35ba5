# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A data set of your own, in classes of your own, to score on: python examples/dataset.py MODEL FOLDER

FOLDER/val holds NAME.jpg and NAME_labels.png, with 0 for ground, 1 for what stands on it, 2 for the sky, 255 for none.
A folder in the layout of mt_perception/datasets/own.py needs no code, `--data own=FOLDER`; a reader that a package has
as an entry point is found by all programs. `DatasetContract` in mt_perception/testing.py tests it.
"""

import sys
from pathlib import Path

import mt_perception as mtp
from mt_perception.datasets.sample import DatasetError, Sample, read_ids
from mt_perception.datasets.sources import READERS
from mt_perception.labels import CITYSCAPES, coarser
from mt_perception.utils.image_files import read_image

GROUND = ("road", "sidewalk", "terrain")
STANDING = tuple(each for each in CITYSCAPES.names if each not in (*GROUND, "sky"))
YARD = coarser("yard", {"ground": GROUND, "obstacle": STANDING, "sky": ("sky",)}, sky="sky")


@READERS.add("yard")
class Yard:
    """See `mt_perception.datasets.sample.Reader`."""

    labels = YARD

    def __init__(self, folder, split):
        self._images = sorted((Path(folder) / split).glob("*.jpg"))
        if not self._images:
            raise DatasetError(f"{folder}/{split} holds no .jpg")

    def __len__(self):
        return len(self._images)

    def files(self, index):
        """Of one sample, its image first."""
        image = self._images[index]
        return [image, image.with_name(f"{image.stem}_labels.png")]

    def __getitem__(self, index):
        image, labels = self.files(index)
        return Sample(image.stem, read_image(image, "rgb"), read_ids(labels))


try:
    scores = mtp.evaluate(sys.argv[1], data={"yard": sys.argv[2]})
except mtp.Error as error:
    sys.exit(str(error))
for row in scores["datasets"]["yard"]["labels"]["classes"]:
    if row["pixels"]:
        print(f"{row['name']:10s} IoU {100 * row['iou']:5.1f} %, {row['pixels']} pixels")
