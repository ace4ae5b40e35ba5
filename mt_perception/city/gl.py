"""Finds MuJoCo and a way to render without a screen."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from mt_perception.types import DataError


def load_mujoco() -> Any:
    """The mujoco module; DataError, which says what to install, where there is none."""
    try:
        return importlib.import_module("mujoco")
    except ImportError as error:
        raise DataError("the city needs MuJoCo: pip install 'mt_perception[sim]'") from error


def open_context(mujoco: Any, width_px: int, height_px: int) -> Any:
    """An OpenGL context that is current: the one that MUJOCO_GL names, else one that works here.

    Raises DataError where no rendering library can be loaded.
    """
    if os.environ.get("MUJOCO_GL") or os.environ.get("DISPLAY") or not sys.platform.startswith("linux"):
        return _open(mujoco.GLContext, width_px, height_px)
    gpu = os.path.exists("/dev/nvidia0") or os.path.exists("/dev/dri/renderD128")
    errors = []
    for name in ("egl", "osmesa") if gpu else ("osmesa", "egl"):
        try:
            return _open(importlib.import_module(f"mujoco.{name}").GLContext, width_px, height_px)
        except (DataError, ImportError, AttributeError, OSError, RuntimeError) as error:
            errors.append(f"{name}: {error}")
    raise _no_library("; ".join(errors))


def _open(make: Any, width_px: int, height_px: int) -> Any:
    try:
        context = make(width_px, height_px)
        context.make_current()
    except Exception as error:  # each library has its own kind of error
        raise _no_library(str(error)) from error
    return context


def _no_library(reason: str) -> DataError:
    return DataError(
        f"the city cannot open a rendering library ({reason}); sudo apt install libosmesa6 and set "
        "MUJOCO_GL=osmesa, or set MUJOCO_GL=egl on a machine with a GPU driver"
    )
