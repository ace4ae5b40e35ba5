# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Finds MuJoCo and a way to render without a screen."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from mt_city.errors import CityError

_PLATFORM = "PYOPENGL_PLATFORM"
_BINDINGS = ("OpenGL", "mujoco.egl", "mujoco.osmesa", "mujoco.glfw", "mujoco.rendering")


def load_mujoco() -> Any:
    """The mujoco module; CityError, which says what to install, where there is none."""
    if not find_spec("mujoco"):
        raise CityError("the city needs MuJoCo: pip install mujoco")
    try:
        return importlib.import_module("mujoco")
    except Exception as error:  # it loads the library that MUJOCO_GL names, and each has its own kind of error
        raise _unusable(error) from error


def open_context(mujoco: Any, width_px: int, height_px: int) -> Any:
    """An OpenGL context that is current: the one that MUJOCO_GL names, else one that works here.

    Raises CityError where no rendering library can be loaded.
    """
    if os.environ.get("MUJOCO_GL") or not sys.platform.startswith("linux"):
        try:
            return _current(mujoco.GLContext(width_px, height_px))
        except Exception as error:
            raise _unusable(error) from error
    errors = []
    # EGL draws on a GPU, and in software where there is none; a window system is asked last, where there is one
    for name in ("egl", "osmesa", *(["glfw"] if os.environ.get("DISPLAY") else [])):
        try:
            return open_by(name, width_px, height_px)
        except Exception as error:  # each library has its own kind of error
            errors.append(f"{name}: {error}")
    raise CityError(
        f"the city finds no library to render with ({'; '.join(errors)}); "
        "sudo apt install libegl1 libgl1-mesa-dri, or libosmesa6"
    )


def open_by(name: str, width_px: int, height_px: int) -> Any:
    """A current context by MuJoCo's `egl`, `osmesa` or `glfw`. Where that fails, nothing of it stays."""
    with _undone_by_failure():
        return _current(importlib.import_module(f"mujoco.{name}").GLContext(width_px, height_px))


def _current(context: Any) -> Any:
    context.make_current()
    return context


@contextmanager
def _undone_by_failure() -> Iterator[None]:
    """PyOpenGL decides once for one library, by an environment variable that the first try sets."""
    platform, loaded = os.environ.get(_PLATFORM), set(sys.modules)
    try:
        yield
    except BaseException:
        for name in set(sys.modules) - loaded:
            if name.startswith(_BINDINGS):
                del sys.modules[name]
        if platform is None:
            os.environ.pop(_PLATFORM, None)
        raise


def _unusable(error: Exception) -> CityError:
    name = os.environ.get("MUJOCO_GL", "")
    remedy = "unset it, and one that works here is looked for" if name else "MUJOCO_GL names another"
    return CityError(f"the city cannot render: MUJOCO_GL is {name!r}, which gives {error}; {remedy}")
