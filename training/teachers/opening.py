# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One or two teachers by what a user names: the folder of a bundle, or a YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt_perception.model.bundle import CARD, WEIGHTS, load_bundle
from mt_perception_training.teachers.bundles import BundleTeacher
from mt_perception_training.teachers.description import identity, load_description
from mt_perception_training.teachers.network import TeacherError
from mt_perception_training.teachers.networks import OnnxDepth, OnnxLabels
from mt_perception_training.teachers.views import DepthTeacher, LabelTeacher, Views


@dataclass(frozen=True)
class Teachers:
    """Who speaks about labels, and who about depth; at least one does. `identities` go into the manifest, by task."""

    labels: LabelTeacher | None
    depth: DepthTeacher | None
    identities: dict[str, Any]


def open_teachers(paths: Sequence[Path], views: Views, threads: int = 0) -> Teachers:
    """One or two teachers, each a bundle's folder or a YAML file. A bundle speaks where no YAML file does."""
    spoken: dict[str, Any] = {}
    identities: dict[str, Any] = {}
    described = [path for path in paths if not path.expanduser().is_dir()]
    for path in [*described, *(each for each in paths if each not in described)]:
        path = path.expanduser().resolve()
        teacher, tasks, who = _open(path, views, threads)
        if not (new := [task for task in tasks if task not in spoken]) or (path.is_file() and len(new) < len(tasks)):
            raise TeacherError(f"there is a teacher of {' and '.join(tasks)} already; leave out {path}")
        spoken |= dict.fromkeys(new, teacher)
        identities |= dict.fromkeys(new, who)
    return Teachers(spoken.get("labels"), spoken.get("depth"), identities)


def _open(path: Path, views: Views, threads: int) -> tuple[Any, tuple[str, ...], dict[str, Any]]:
    """A teacher, what it speaks of, and what tells it from others."""
    if path.is_dir():
        if not (path / CARD).is_file():
            raise TeacherError(f"{path} is no model bundle; give one, or the YAML file that describes a network")
        bundle = load_bundle(path)
        who = {"bundle": bundle.card.name, "sha256": [bundle.card.files[WEIGHTS]]}
        return BundleTeacher(bundle, views, threads), ("labels", "depth"), who
    description = load_description(path)
    who = identity(description, path.parent)
    if description.depth:
        return OnnxDepth(description, path.parent, views, threads), ("depth",), who
    return OnnxLabels(description, path.parent, views, threads), ("labels",), who
