"""Reads what a training run has saved."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from mt_perception.network.multitask import MultiTaskNetwork, build_network
from mt_perception_training.options import TrainingError
from mt_perception_training.recipe import Recipe, parse_recipe


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
    prefix = "average."
    weights = {key.removeprefix(prefix): v for key, v in checkpoint["state_dict"].items() if key.startswith(prefix)}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingError(f"{path} has not the weights of its own recipe ({first_sentence(error)})") from None
    return recipe, network


def first_sentence(error: Exception) -> str:
    """What an error of a library says, short enough to stand within a sentence."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
