# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""This package's ROS nodes as processes of their own, started and ended by a program that imports no ROS itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mt_perception.errors import Error
from mt_perception.utils.distribution import FASTDDS_PROFILES, only_this_machine
from mt_perception.utils.entry import ROS_REMEDY
from mt_perception.utils.resources import share_folder


class RosMissingError(Error, RuntimeError):
    """ROS 2 is not installed, or not sourced."""


def require_ros() -> None:
    """Raise `RosMissingError` with the ways to get ROS 2 when there is none."""
    if not find_spec("rclpy"):
        raise RosMissingError(f"ROS 2 was not found: {ROS_REMEDY}")


@contextmanager
def node_process(
    name: str,
    parameters: Mapping[str, Any],
    folder: Path | str,
    namespace: str,
    large_images: bool = True,
    **streams: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """The node of `mt_perception.ros.<name>` in a process of its own; terminated on leaving, and waited for.

    `folder` takes its parameter file. With `large_images` Fast DDS gets shared memory that holds several of them.
    `streams` are `subprocess.Popen`'s stdin, stdout and stderr.
    """
    file = Path(folder) / f"{name}{namespace.replace('/', '-')}.yaml"
    file.write_text(json.dumps({"/**": {"ros__parameters": parameters}}), encoding="utf-8")  # JSON is YAML
    command = f"import sys; from mt_perception.ros.{name} import main; sys.exit(main())"
    arguments = ["--ros-args", "-r", f"__ns:={namespace}", "--params-file", str(file)]
    # a session of its own: Ctrl-C reaches the program alone, which then ends the others in order
    process = subprocess.Popen(
        [sys.executable, "-c", command, *arguments], env=_environment(large_images), start_new_session=True, **streams
    )
    try:
        yield process
    finally:
        end(process)


def _environment(large_images: bool) -> dict[str, str]:
    profile = str(share_folder() / "config" / "fastdds.xml")  # the default shared memory is smaller than an image
    profiles = dict.fromkeys(FASTDDS_PROFILES, profile) if large_images else {}
    return {**only_this_machine(), **profiles, **os.environ}


def end(process: subprocess.Popen[bytes]) -> None:
    """Terminate a process that still runs, and wait until it is gone."""
    if process.poll() is None:
        process.terminate()  # SIGINT would show a traceback in one that is still importing
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
