# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets by their names, or by what a folder holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from mt_perception.datasets.camvid import CAMVID11, CamVid
from mt_perception.datasets.cityscapes import Cityscapes
from mt_perception.datasets.image_folder import IDD7, LAYOUTS, ImageFolder, Layout
from mt_perception.datasets.kitti import Kitti
from mt_perception.datasets.middlebury import Middlebury
from mt_perception.datasets.own import LABELS_FILE, Own, read_labels
from mt_perception.datasets.sample import DatasetError, Reader
from mt_perception.labels import CITYSCAPES, LabelSet
from mt_perception.utils import registry
from mt_perception.utils.former_names import DATASETS, current
from mt_perception.utils.registry import Registry


def _image_folder(folder: Path, split: str, layout: Layout) -> Reader:
    return ImageFolder(folder, layout, split)


READERS: Registry[Callable[[Path, str], Reader]] = Registry(
    registry.DATASETS,
    {
        "camvid": lambda folder, split: CamVid(folder / split, with_teacher=split == "train"),
        "cityscapes": Cityscapes,
        "city": Cityscapes,
        "kitti": Kitti,
        "middlebury": lambda folder, _: Middlebury(folder),
        "own": Own,
        **{name: partial(_image_folder, layout=layout) for name, layout in LAYOUTS.items()},
    },
)
"""(folder, split) -> reader; the splits are `SPLITS`. Other packages add to it by entry points."""

LABEL_SETS: dict[str, LabelSet] = {"cityscapes": CITYSCAPES, "camvid": CAMVID11, "idd_lite": IDD7}
"""The label sets that come with the package, by the data sets that they are of."""

SPLITS = ("train", "val")

TRAIN_ONLY = frozenset(("labelmefacade", "kitti_road", "kitti_more", "images"))
"""Data sets without a split val: nothing in them is true enough to score by."""

_LAYOUTS: tuple[tuple[str, Callable[[Path, str], Reader]], ...] = (
    ("leftImg8bit", lambda folder, split: Cityscapes(folder, split, right=True)),
    ("image_2", lambda folder, _: Kitti(folder, right=True)),
    (LABELS_FILE, Own),
    ("*/label11", lambda folder, split: CamVid(folder / split, with_teacher=False)),
)
"""By what a layout is known, and its reader with all that a camera and the truth tell: a teacher is no truth."""


def open_dataset(folder: Path, split: str) -> Reader:
    """The reader of whatever data set lies in `folder`, told by its layout. Raises `DatasetError`."""
    for sign, reader in _LAYOUTS:
        if any(folder.glob(sign)):
            return reader(folder, split)
    raise DatasetError(
        f"{folder} is no data set that can be read here; expected the layout of Cityscapes (leftImg8bit/), of KITTI "
        "stereo 2015 (image_2/), of CamVid (SPLIT/image/, SPLIT/label11/), or one with classes of its own, "
        f"which {LABELS_FILE} in it tells"
    )


def open_labels(name: str, folder: Path = Path()) -> LabelSet:
    """The label set of a YAML file (a relative path begins at `folder`), or one of `LABEL_SETS` by its name."""
    if name in LABEL_SETS:
        return LABEL_SETS[name]
    if not name.endswith((".yaml", ".yml")):
        raise DatasetError(f"there is no label set {name!r}; give a .yaml file, or one of {', '.join(LABEL_SETS)}")
    return read_labels(folder / Path(name).expanduser())


def parse_folders(pairs: Iterable[str]) -> dict[str, Path]:
    """`NAME=FOLDER` as typed -> folders by name."""
    folders = {}
    for pair in pairs:
        name, _, folder = pair.partition("=")
        name = current(name, DATASETS)
        if name not in READERS or not folder:
            raise DatasetError(f"--data is {pair!r}; expected NAME=FOLDER with NAME one of {', '.join(READERS)}")
        folders[name] = Path(folder).expanduser()
    return folders


def require_known(names: Iterable[str]) -> Sequence[str]:
    """The names. Raises `DatasetError` for one that is that of no data set."""
    if unknown := [name for name in names if name not in READERS]:
        raise DatasetError(f"there is no data set {unknown[0]!r}; there are {', '.join(READERS)}")
    return list(names)


def require_folders(names: Sequence[str], folders: Mapping[str, Path]) -> None:
    """Raise `DatasetError` for a data set whose folder was not given."""
    if missing := [name for name in names if name not in folders]:
        raise DatasetError(f"the data set {missing[0]} is needed; give its folder with --data {missing[0]}=FOLDER")
