# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Reads what a training run has saved."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from mt_perception.network.multitask import MultiTaskNetwork, build_network
from mt_perception_training.options import TrainingError
from mt_perception_training.recipe import Recipe, parse_recipe

AVERAGE, COUNT = "average.module.", "average.n_averaged"
"""Where the state of a run has the average of its weights, and of how many it is."""


def read_checkpoint(path: Path) -> tuple[Recipe, MultiTaskNetwork]:
    """The recipe of a run and the average of its weights. Only tensors and plain values are read: no code runs."""
    if not path.is_file():
        raise TrainingError(f"the checkpoint {path} does not exist")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd pickles, which are refused in one sentence
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle raises anything
        raise TrainingError(f"{path} is no checkpoint of this program ({first_sentence(error)})") from None
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("state_dict"), dict):
        raise TrainingError(f"{path} is no checkpoint of this program: it has no state_dict")
    if "recipe" not in checkpoint:
        raise TrainingError(f"{path} is no checkpoint of this program: it has no recipe")
    recipe = parse_recipe(checkpoint["recipe"], path.name)
    network = build_network(recipe.network)
    state = with_todays_keys(checkpoint["state_dict"])
    weights = {key.removeprefix(AVERAGE): value for key, value in state.items() if key.startswith(AVERAGE)}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingError(f"{path} has not the weights of its own recipe ({first_sentence(error)})") from None
    return recipe, network


def with_todays_keys(state: Mapping[str, Tensor], steps: int = 0) -> dict[str, Tensor]:
    """The state of a run; that of the release before, whose average of `steps` was no `AveragedModel`, renamed."""
    if COUNT in state:
        return dict(state)
    renamed = {re.sub(r"^average\.", AVERAGE, key): value for key, value in state.items()}
    return renamed | {COUNT: torch.tensor(steps)}


def first_sentence(error: Exception) -> str:
    """What an error of a library says, short enough to stand within a sentence."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
