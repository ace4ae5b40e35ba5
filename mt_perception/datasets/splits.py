# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which samples are trained on and which are judged: the splits of the data sets, and what is held out of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from mt_perception.datasets.holdout import Holdout, dataset_of, held_out_name, split_off, untaught
from mt_perception.datasets.sample import DatasetError, Reader
from mt_perception.datasets.sources import READERS, TRAIN_ONLY


def parse_holdout(pairs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """`NAME=GROUP,GROUP` as typed -> groups by data set."""
    holdout: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, _, groups = pair.partition("=")
        if name not in READERS or not all(groups.split(",")):
            known = ", ".join(READERS)
            raise DatasetError(
                f"--holdout is {pair!r}; expected NAME=GROUP or NAME=GROUP,GROUP with NAME one of {known}"
            )
        holdout[name] = (*holdout.get(name, ()), *groups.split(","))
    return holdout


def split_readers(folders: Mapping[str, Path], split: str, holdout: Holdout, taught: bool) -> dict[str, Reader]:
    """Readers by name, with what teachers say only if `taught`.

    `train` lacks what is held out; `val` has it beside each data set's own split, as NAME_holdout. Where a data set
    has no splits, what is held out is all that it is validated on; where nothing in it is truth, it is not.
    """
    readers: dict[str, Reader] = {}
    for name, folder in folders.items():
        if split != "train" and name in TRAIN_ONLY:
            continue
        own = opened(name, folder, split, taught)
        if name not in holdout:
            readers[name] = own
            continue
        train = opened(name, folder, "train", taught and split == "train")
        kept, held = split_off(train, holdout[name], name)
        if split == "train" and not len(kept):
            raise DatasetError(f"the holdout leaves nothing of {name} to train on; take {name} out of the batches")
        if split == "train":
            readers[name] = kept
            continue
        if not are_same(train, own):
            readers[name] = own
        readers[held_out_name(name)] = held
    return readers


def split_texts(names: Iterable[str], split: str, holdout: Holdout) -> dict[str, str]:
    """What each of `split_readers` was made of, as results tell it: `val`, or `holdout 0001TP`."""
    told = {name: "+".join(holdout.get(dataset_of(name), ())) for name in names}
    return {name: split if name == dataset_of(name) else f"holdout {groups}" for name, groups in told.items()}


def are_same(a: Reader, b: Reader) -> bool:
    """Whether two readers have the same images: a data set without splits gives all of them for each."""
    return a.files(0)[0] == b.files(0)[0]


def spread(length: int, count: int) -> range:
    """At most `count` indices, evenly over `length`."""
    return range(0, length, -(-length // count))


def opened(name: str, folder: Path, split: str, taught: bool) -> Reader:
    """One split of the data set called `name`, with what teachers say only if `taught`."""
    reader = READERS[name](folder, split)
    return reader if taught else untaught(reader)
