# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where the files that come with the package lie: models, launch files, configuration, recordings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mt_perception.errors import Error

PACKAGE = "mt_perception"
DEFAULT_MODEL = "street"


class ResourceError(Error, FileNotFoundError):
    """A file of the package that no installed copy has."""


def _share_folders() -> Iterator[Path]:
    """The source tree (editable and symlink installs), ROS workspaces, then the Python prefix of a pip install."""
    yield Path(__file__).resolve().parents[2]
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if prefix:
            yield Path(prefix) / "share" / PACKAGE
    # a colcon install lies at PREFIX/lib/python3.x/site-packages/mt_perception/utils, whether or not it was sourced
    for base in (Path(sys.prefix), *Path(__file__).resolve().parents[4:6]):
        yield base / "share" / PACKAGE


def share_folder() -> Path:
    """The folder with `models/`, `launch/`, `config/`; raises `ResourceError` when there is none."""
    for folder in _share_folders():
        if (folder / "package.xml").is_file() and (folder / "config").is_dir():
            return folder
    raise ResourceError(f"the files of {PACKAGE} were not found beside it or under share/{PACKAGE}; install it again")


def website() -> str:
    """Where the documentation is: package.xml alone says so."""
    from xml.etree import ElementTree  # here, since most programs do not ask

    manifest = ElementTree.parse(share_folder() / "package.xml")  # noqa: S314  our own
    return manifest.findtext("url[@type='website']", "").rstrip("/")


def packaged_models() -> dict[str, Path]:
    """The folders of the models that come with the package, by name, the default first."""
    folders = (each.parent for each in (share_folder() / "models").glob("*/bundle.json"))
    found = {each.name: each for each in sorted(folders, key=lambda each: (each.name != DEFAULT_MODEL, each.name))}
    if not found:
        raise ResourceError(f"{share_folder()} holds no models; install {PACKAGE} again")
    return found


def model_folder(model: str = "") -> Path:
    """The folder of a model by what a user calls it: a packaged model's name, or a path; empty for the default.

    A folder that has a packaged model's name is called ./NAME: what has a slash is always a path.
    """
    packaged = {} if "/" in model else packaged_models()
    return packaged.get(model or DEFAULT_MODEL, Path(model or DEFAULT_MODEL).expanduser())


def lasting_name(model: str) -> str:
    """`model` as it can be called from another folder: a path is made absolute, a packaged name stays one."""
    return model if "/" not in model and model in packaged_models() else str(model_folder(model).resolve())


def city_recording() -> Path:
    """The short recording of a rendered street that the demo plays: a rosbag2 folder."""
    return share_folder() / "recordings" / "city"


def cache_folder() -> Path:
    """Where compiled graphs are kept: `$XDG_CACHE_HOME/mt_perception`, by default under `~/.cache`.

    For a user without a home it is one that cannot be made, as may be any other.
    """
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:  # a container's user, who has only a number
        base = os.devnull
    return Path(base) / PACKAGE
