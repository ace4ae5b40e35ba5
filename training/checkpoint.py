"""Reads what a training run has saved."""

from __future__ import annotations

from pathlib import Path

import torch

from mt_perception.network.multitask import MultiTaskNetwork, build_network
from mt_perception_training.options import TrainingError
from mt_perception_training.recipe import Recipe, parse_recipe


def read_checkpoint(path: Path) -> tuple[Recipe, MultiTaskNetwork]:
    """The recipe of a run and the average of its weights. Load only checkpoints of your own: they are pickles."""
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=False)
        recipe = parse_recipe(checkpoint["recipe"], path.name)
    except FileNotFoundError:
        raise TrainingError(f"the checkpoint {path} does not exist") from None
    except (KeyError, RuntimeError) as error:
        raise TrainingError(f"{path} is no checkpoint of this program ({type(error).__name__}: {error})") from error
    network = build_network(recipe.network)
    prefix = "average."
    weights = {key.removeprefix(prefix): v for key, v in checkpoint["state_dict"].items() if key.startswith(prefix)}
    network.load_state_dict(weights)
    return recipe, network
