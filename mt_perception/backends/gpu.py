# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which NVIDIA GPU this process uses: one, chosen before CUDA starts: all libraries and child processes then agree."""

from __future__ import annotations

import os
import sys

from mt_perception.backends import NvidiaError

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_chosen: dict[str, str] = {}
"""The device that was requested, and what CUDA is told instead."""


def choose_gpu(device: str) -> None:
    """Let CUDA see the `device` alone: `cuda:1` is the second that it sees, `GPU-...` and `MIG-...` are their UUIDs.

    Raises `NvidiaError` for a number that there is not, and when this process already uses another.
    """
    if device in _chosen:
        return
    torch = sys.modules.get("torch")
    if _chosen or (torch and torch.cuda.is_initialized()):
        used = next(iter(_chosen), "the first GPU")
        raise NvidiaError(f"device is {device}, but this process already uses {used}; start another one for it")
    visible = [each.strip() for each in os.environ.get(_VISIBLE, "").split(",") if each.strip()]
    told = device
    if device.startswith("cuda:"):
        index = int(device.removeprefix("cuda:"))
        if visible and index >= len(visible):
            raise NvidiaError(f"device is {device}, but {_VISIBLE} is {','.join(visible)}: it shows {len(visible)}")
        told = visible[index] if visible else str(index)
    os.environ[_VISIBLE] = _chosen[device] = told
