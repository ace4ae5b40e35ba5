# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is scored, and on what: told before anything is imported that takes long."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mt_perception.errors import Error


class EvaluateError(Error, ValueError):
    """What is to be scored and how do not go together."""

    page = "recordings"


def one_target(targets: Sequence[str]) -> str:
    """What is scored on data sets. Raises `EvaluateError` for several."""
    if len(targets) != 1:
        raise EvaluateError(f"--data scores one model, not {len(targets)}; call it once for each")
    return targets[0]


def refuse_models(targets: Sequence[str]) -> None:
    """Raise `EvaluateError` where a model is to be scored, and not said on what."""
    from mt_perception.model.bundle import CARD
    from mt_perception.utils.resources import packaged_models

    for target in targets:
        if (Path(target) / CARD).is_file() or target in packaged_models():
            raise EvaluateError(f"{target} is a model; tell on what to score it: --data NAME=FOLDER")
