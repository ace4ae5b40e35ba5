"""Which samples are trained on and which are judged: the splits of the data sets, and what is held out of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mt_perception.datasets.holdout import ALL, Holdout, dataset_of, group_of, held_out_name, split_off, untaught
from mt_perception.datasets.sample import DatasetError, Reader
from mt_perception.datasets.sources import READERS, TRAIN_ONLY
from mt_perception_training.recipe import Recipe


def add_holdout(parser: argparse.ArgumentParser, text: str) -> None:
    """Add the option that `parse_holdout` reads; None where it is not given."""
    text = f"drives, streets or cities of a data set, such as camvid=0001TP: {text}"
    parser.add_argument("--holdout", nargs="*", metavar="NAME=GROUP", help=text)


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
        own = _opened(name, folder, split, taught)
        if name not in holdout:
            readers[name] = own
            continue
        train = _opened(name, folder, "train", taught and split == "train")
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


def with_blocks(recipe: Recipe, folders: Mapping[str, Path]) -> Recipe:
    """The recipe, holding out the last stretch of each of its data sets that has no splits, unless it says what."""
    holdout = dict(recipe.holdout)
    for name in recipe.datasets:
        if name not in holdout and name not in TRAIN_ONLY:
            train, val = (_opened(name, folders[name], split, True) for split in ("train", "val"))
            if are_same(train, val):
                holdout[name] = (group_of(train, len(train) - 1),)
    return replace(recipe, holdout=holdout)


def trained_on(recipe: Recipe, holdout: Holdout) -> dict[str, list[str]]:
    """What of `holdout` a training by `recipe` has seen all the same; empty if nothing."""
    seen = {}
    for name, groups in holdout.items():
        unseen = recipe.holdout.get(name, ())
        if name in recipe.datasets and ALL not in unseen and (rest := [each for each in groups if each not in unseen]):
            seen[name] = rest
    return seen


def written(holdout: Holdout) -> str:
    """As the command line takes it: `camvid=0001TP,0006R0 city=street0000003`."""
    return " ".join(f"{name}={','.join(groups)}" for name, groups in holdout.items())


def spread(length: int, count: int) -> range:
    """At most `count` indices, evenly over `length`."""
    return range(0, length, -(-length // count))


def _opened(name: str, folder: Path, split: str, taught: bool) -> Reader:
    reader = READERS[name](folder, split)
    return reader if taught else untaught(reader)
