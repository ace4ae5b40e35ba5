# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where and how a training run takes place. Free of PyTorch, so that the command line answers at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mt_perception.errors import Error

LAST = "last.ckpt"
"""The checkpoint in a run's folder from which it can be resumed."""


class TrainingError(Error, RuntimeError):
    """A run that cannot start or go on."""

    page = "training"


@dataclass(frozen=True)
class RunOptions:
    """Where and how to run. `epochs` stops earlier than the recipe would; `weights`: where to start, see `open_start`.

    `precision` is Lightning's name of the arithmetic; `auto` takes `bf16-mixed` where bfloat16 is computed natively.
    """

    out: Path
    resume: bool = False
    weights: Path | str = ""
    accelerator: str = "auto"
    devices: str = "auto"
    nodes: int = 1
    precision: str = "auto"
    threads: int = 0
    epochs: int | None = None
    pseudo_labels: Path | None = None
