# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Any network for labels or for depth in ONNX as a teacher, by its description (`mt_perception.foreign.description`).

The input of a network for depth has a `camera`: its depth holds for that one. Labels need scores: they come with a
confidence.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from mt_perception.foreign import description as foreign
from mt_perception.foreign.description import Description, DescriptionError
from mt_perception.labels import CITYSCAPES
from mt_perception.model.bundle import sha256
from mt_perception_training.teachers.network import TeacherError


def load_description(path: Path) -> Description:
    """Read a teacher's YAML file. Raises `TeacherError` with what is wrong, or does not make a teacher."""
    try:
        description = foreign.load_description(path)
    except DescriptionError as error:
        raise TeacherError(str(error)) from None
    if problem := _problem(description):
        raise TeacherError(f"{path}: {problem}")
    if not (path.parent / description.file).is_file():
        raise TeacherError(f"{path}: the file {path.parent / description.file} does not exist")
    return description


def _problem(description: Description) -> str:
    """Why this network is no teacher; empty if it is one."""
    labels, depth = description.segmentation, description.depth
    if labels and depth:
        return "a teacher speaks of labels or of depth; describe each in a file of its own"
    if labels and labels.meaning == "labels":
        return "meaning is 'labels', which tells no confidence; allowed: logits, probabilities"
    if depth and not depth.is_metric:
        return "meaning is 'relative'; only depth in metres can be taught"
    if depth and not description.input.camera:
        return "input lacks a key; not given: camera, the one that the network was trained with"
    return ""


def identity(description: Description, folder: Path) -> dict[str, Any]:
    """What tells this teacher from every other one: its network's hash and how it is used.

    Without what descriptions had not when the first folders were made: those folders are still this teacher's.
    """
    file = folder / description.file
    weights = [each for each in (file, file.with_suffix(".bin")) if each.is_file()]
    facts = asdict(description)
    labels, depth = facts.pop("segmentation"), facts.pop("depth")
    if depth:
        unused = {"width", "height"} if not description.input.width + description.input.height else set()
        depth = {key: each for key, each in depth.items() if (key, each) not in (("factor", None), ("offset", 0.0))}
    else:
        unused = {"camera"}
    facts["input"] = {key: each for key, each in facts["input"].items() if key not in unused}
    if depth or facts["labels"] == asdict(CITYSCAPES):
        del facts["labels"]
    return facts | {
        "task": "depth" if depth else "labels",
        "output": depth or labels,
        "sha256": [sha256(each) for each in weights],
    }
