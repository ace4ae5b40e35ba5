# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The int8 graph of a model, measured against the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mt_perception.datasets.holdout import ALL
from mt_perception.datasets.splits import spread
from mt_perception.evaluation.datasets.evaluate import evaluate, held_out
from mt_perception.evaluation.datasets.scoreboard import is_abs_rel
from mt_perception.model.bundle import Bundle
from mt_perception.quantize import AccuracyDrop, Check, add_int8
from mt_perception.types import Frame
from mt_perception_training.data.sources import open_readers


def quantize(
    bundle: Bundle, folders: Mapping[str, Path], images: int, allowed: Mapping[str, float], out: Path
) -> tuple[Bundle, Sequence[AccuracyDrop]]:
    """Write `bundle` with an int8 graph, made on `images` of what it was trained on, to `out`; see `add_int8`.

    `allowed`: by how much the mean IoU may fall (`miou`), and AbsRel rise in parts of itself (`abs_rel`).
    """
    holdout = held_out(bundle.card, folders)
    trained_on = [name for name in folders if ALL not in holdout.get(name, ())]
    readers = open_readers(trained_on, folders, "train", holdout).values()
    each = max(1, images // max(1, len(readers)))
    samples = (reader[index] for reader in readers for index in spread(len(reader), each))
    frames = [Frame(sample.image, camera=sample.camera) for sample in samples]
    return add_int8(bundle, frames, against_truth(bundle.folder, folders, allowed), out)


def against_truth(fp32: Path, folders: Mapping[str, Path], allowed: Mapping[str, float]) -> Check:
    """Compares mean IoU (cost: the difference) and AbsRel (cost: relative) on the split val of every data set."""

    def check(trial: Path) -> list[AccuracyDrop]:
        before, after = (
            evaluate(model, folders, precision=precision).summary()
            for model, precision in ((fp32, "fp32"), (trial, "int8"))
        )
        drops = []
        for name, value in before.items():
            if name.endswith("_miou"):
                drops.append(AccuracyDrop(name, value, after[name], value - after[name], allowed["miou"]))
            elif is_abs_rel(name):
                drops.append(AccuracyDrop(name, value, after[name], after[name] / value - 1, allowed["abs_rel"]))
        return drops

    return check
