# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a recipe holds out, and what a training has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mt_perception.datasets.holdout import ALL, Holdout, group_of
from mt_perception.datasets.sources import TRAIN_ONLY
from mt_perception.datasets.splits import are_same, opened
from mt_perception_training.recipe import Recipe


def with_blocks(recipe: Recipe, folders: Mapping[str, Path]) -> Recipe:
    """The recipe, holding out the last stretch of each of its data sets that has no splits, unless it says what."""
    holdout = dict(recipe.holdout)
    for name in recipe.datasets:
        if name not in holdout and name not in TRAIN_ONLY:
            train, val = (opened(name, folders[name], split, True) for split in ("train", "val"))
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
