"""From a checkpoint to a bundle: the averaged weights, the deployable graph, and a card that says what they are."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mt_perception.bundle import Bundle, TrainingCamera
from mt_perception.network.export import write_bundle
from mt_perception_training.checkpoint import read_checkpoint
from mt_perception_training.evaluate import evaluate


def export(checkpoint: Path, out: Path, folders: Mapping[str, Path]) -> Bundle:
    """Write the bundle `out`. With data sets in `folders`, the card gets the scores that this very bundle reaches."""
    recipe, network = read_checkpoint(checkpoint)
    facts: dict[str, Any] = {
        "name": recipe.name,
        "trained": True,
        "training_camera": TrainingCamera(recipe.fx_px, recipe.input.width),
        "data": recipe.card.data,
        "license": recipe.card.license,
        "command": recipe.card.command,
    }
    if folders:
        with tempfile.TemporaryDirectory() as temporary:
            trial = write_bundle(network, Path(temporary) / "bundle", facts, recipe.input)
            scores = evaluate(trial.folder, folders).summary()
        facts["scores"] = {name: round(value, 4) for name, value in scores.items()}
    return write_bundle(network, out, facts, recipe.input)
