# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Images of one road with a car on it, in a folder: NAME.png, with NAME_labels.png beside it."""

from pathlib import Path

from mt_perception.datasets.sample import DatasetError, Sample, read_ids
from mt_perception.utils.image_files import read_image


class Dots:
    def __init__(self, folder: Path, split: str) -> None:
        self._files = sorted(each for each in (folder / split).glob("*.png") if not each.stem.endswith("_labels"))
        if not self._files:
            raise DatasetError(f"{folder / split} holds no images")

    def __len__(self) -> int:
        return len(self._files)

    def files(self, index: int) -> list[Path]:
        image = self._files[index]
        return [image, image.with_name(f"{image.stem}_labels.png")]

    def __getitem__(self, index: int) -> Sample:
        image, labels = self.files(index)
        return Sample(image.stem, read_image(image, "rgb"), read_ids(labels))
