"""Data sets by the names that recipes and the command line use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from mt_perception_training.data.camvid import CamVid
from mt_perception_training.data.check import check_files
from mt_perception_training.data.cityscapes import Cityscapes
from mt_perception_training.data.kitti import Kitti
from mt_perception_training.data.sample import DatasetError, InMemory, Reader

READERS: dict[str, Callable[[Path, str], Reader]] = {
    "camvid": lambda folder, split: CamVid(folder / split, with_teacher=split == "train"),
    "cityscapes": Cityscapes,
    "city": Cityscapes,
    "kitti": lambda folder, _: Kitti(folder),
}
"""(folder, split) -> reader; the splits are `train` and `val`."""

MEMORY_BYTES = 4 << 30
"""A data set that needs less than this when decoded is held in memory."""


def parse_folders(pairs: Iterable[str]) -> dict[str, Path]:
    """`NAME=FOLDER` as typed -> folders by name."""
    folders = {}
    for pair in pairs:
        name, _, folder = pair.partition("=")
        if name not in READERS or not folder:
            raise DatasetError(f"--data is {pair!r}; expected NAME=FOLDER with NAME one of {', '.join(READERS)}")
        folders[name] = Path(folder).expanduser()
    return folders


def open_readers(names: Sequence[str], folders: Mapping[str, Path], split: str) -> dict[str, Reader]:
    """Readers of one split, their files checked; small data sets decoded into memory."""
    if missing := [name for name in names if name not in folders]:
        raise DatasetError(f"the data set {missing[0]} is needed; give its folder with --data {missing[0]}=FOLDER")
    readers = {name: READERS[name](folders[name], split) for name in names}
    check_files(list(readers.values()))
    return {name: _in_memory_if_small(reader) for name, reader in readers.items()}


def _in_memory_if_small(reader: Reader) -> Reader:
    return InMemory(reader) if len(reader) * reader[0].nbytes < MEMORY_BYTES else reader
