# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From a checkpoint to a bundle: the averaged weights, the deployable graph, and a card that says what they are."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mt_perception.datasets.holdout import Holdout
from mt_perception.evaluation.datasets.baseline import row_prior_of
from mt_perception.evaluation.datasets.evaluate import evaluate
from mt_perception.evaluation.datasets.scoreboard import Scoreboard
from mt_perception.model.additions import copy_files
from mt_perception.model.bundle import Bundle, load_bundle, new_bundle, require_place
from mt_perception.model.card import TrainingCamera
from mt_perception.network.export import write_bundle
from mt_perception_training.checkpoint import read_checkpoint
from mt_perception_training.data.splits import trained_on, written
from mt_perception_training.options import TrainingError


def export(
    checkpoint: Path,
    out: Path,
    folders: Mapping[str, Path],
    holdout: Holdout = MappingProxyType({}),
    allow_no_skill: bool = False,
) -> Bundle:
    """Write the bundle `out`. With data sets in `folders`, the card gets the scores that this very bundle reaches.

    What was held out of the training is scored as well, and so is `holdout`, which the training must not have seen. A
    depth without skill is refused unless `allow_no_skill`.
    """
    require_place(out)
    recipe, network = read_checkpoint(checkpoint)
    if seen := trained_on(recipe, holdout):
        raise TrainingError(f"{checkpoint} was trained on {written(seen)}; what it has seen cannot be held out of it")
    held_out = {**recipe.holdout, **holdout}
    facts: dict[str, Any] = {
        "name": recipe.name,
        "trained": True,
        "labels": recipe.labels,
        "training_camera": TrainingCamera(recipe.fx_px, recipe.input.width),
        "data": recipe.card.data,
        "license": recipe.card.license,
        "command": recipe.card.command,
        "trained_on": recipe.datasets,
        "holdout": held_out,
        "encoder_weights": recipe.encoder_weights,
    }
    if not folders:
        return write_bundle(network, out, facts, recipe.input)
    known = {name: groups for name, groups in held_out.items() if name in folders}
    own = {name: folder for name, folder in folders.items() if name in recipe.datasets}
    facts["row_prior"] = row_prior_of(own, known) if recipe.network.depth else None
    with tempfile.TemporaryDirectory() as temporary:
        trial = write_bundle(network, Path(temporary) / "bundle", facts, recipe.input)
        board = evaluate(trial.folder, folders, holdout=known)
        if recipe.network.depth and not allow_no_skill:
            require_skill(board)
        scores = {name: round(value, 4) for name, value in board.summary().items() if math.isfinite(value)}
        splits = {name: about["split"] for name, about in board.about.items()}
        with new_bundle(out, replace(trial.card, scores=scores, splits=splits)) as folder:
            copy_files(trial, folder)
    return load_bundle(out)


def require_skill(board: Scoreboard) -> None:
    """Raise `TrainingError` where depth is known, and nowhere better than what the image row alone says."""
    found = {name: scores.summary() for name, scores in board.skills.items()}
    if found and not any(each["skill"] > 0 for each in found.values()):
        told = ", ".join(
            f"on {name} its AbsRel is {board.depths[name].summary()['abs_rel']:.3f}, that of a table which knows "
            f"only the image row {each['prior_abs_rel']:.3f}"
            for name, each in found.items()
        )
        raise TrainingError(
            f"the depth has no skill: {told}; train longer or with more depth, or export it with --allow-no-skill"
        )
