# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How a command starts and ends: with Ctrl-C at any moment, with what a user can mend, or with a fault of its own.

It imports next to nothing itself: what the commands import takes a second or more, in which Ctrl-C counts as well.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module

from mt_perception.errors import Error, said

INTERRUPTED, UNREAD, TERMINATED = 130, 141, 143
"""What shells tell of programs that SIGINT, SIGPIPE and SIGTERM ended."""
ROS_REMEDY = "source /opt/ros/<distro>/setup.bash, or pip install 'mt_perception[ros-jazzy]'"
TRAIN_REMEDY = "pip install 'mt_perception[train]'"
NODE_PACKAGES = {
    "numpy": "numpy",
    "cv2": "opencv-python-headless",
    "yaml": "PyYAML",
    "PIL": "pillow",
    "safetensors": "safetensors",
}
"""What the node imports, and the names by which pip knows it."""


def perceive() -> int:
    """The program `mt-perception`."""
    return _start("mt_perception.commands.main")


def train() -> int:
    """The program `mt-perception-train`."""
    try:
        return _start("mt_perception_training.cli")
    except ModuleNotFoundError as error:
        return missing(error)


def perception_node() -> int:
    """The program `perception_node`."""
    return _start_node("mt_perception.ros.node")


def player_node() -> int:
    """The program `player_node`."""
    return _start_node("mt_perception.ros.player")


def recorder_node() -> int:
    """The program `recorder_node`."""
    return _start_node("mt_perception.ros.recorder")


def city_node() -> int:
    """The program `city_node`."""
    return _start_node("mt_perception.ros.city")


def view_node() -> int:
    """The program `view_node`."""
    return _start_node("mt_perception.ros.view")


def missing(error: ModuleNotFoundError, prefix: str = "mt-perception-train", remedy: str = TRAIN_REMEDY) -> int:
    """Say how to install what a program needs; the exit status. Raises `error` for a module of this project.

    remedy: for packages that are not of ROS.
    """
    name = (error.name or "").partition(".")[0]
    if name.startswith("mt_perception"):
        raise error
    if name == "rclpy" or name.endswith(("_msgs", "_interfaces")):
        remedy = ROS_REMEDY
    print(f"{prefix}: this needs the Python package {error.name}, which is not installed: {remedy}", file=sys.stderr)
    return 1


def _start_node(module: str) -> int:
    """The same for a node, where ROS 2 may be missing."""
    try:
        return _start(module)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        return missing(error, "error", f"pip install {NODE_PACKAGES.get(name, name)}")


def _start(module: str) -> int:
    """Import `module`, and run its `main`."""
    # OpenVINO's converter and NNCF tell their makers about their use, unless there is nothing to tell it with
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not with nohup
    if interruptible:  # at once: within an import, an exception may come out as another one, or not at all
        signal.signal(signal.SIGINT, _leave)
    main: Callable[[], int] = import_module(module).main
    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return main()


def _leave(*_: object) -> None:
    os.write(2, b"stopped\n")
    os._exit(INTERRUPTED)


def _reader_has_left() -> bool:
    """Whether standard output is a pipe that nobody reads any more."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _link(error: Exception) -> str:
    """A second line for people, with the address of the page about an error; empty where there is none.

    Programs, which may take the last line for the error, get none: they have no terminal.
    """
    page, _, heading = getattr(error, "page", "").partition("#")
    if not page or not sys.stderr.isatty():
        return ""
    from mt_perception.utils.resources import website

    try:
        return f"\n  see {website()}/{page}.html" + (f"#{heading}" if heading else "")
    except Error:  # an installation without its files, which is not what `error` is about
        return ""


def run(command: Callable[[], int | None], prefix: str, debug: bool = False) -> int:
    """The exit status of `command`. What a user can mend is one line after `prefix`; a bug keeps its traceback.

    What the operating system refuses (no space, no permission, no such file) is for the user to mend, too. With
    `debug` every error is raised.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # in order: what was started is ended, too
    try:
        status = command() or 0
        sys.stdout.flush()  # not as Python ends, where it is too late to say anything
        return status
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except (Error, OSError) as error:
        if isinstance(error, BrokenPipeError) and _reader_has_left():  # `mt-perception info | head -1` wants no more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return UNREAD
        if debug:
            raise
        print(f"{prefix}: {said(error)}{_link(error)}", file=sys.stderr)
    except Exception as error:
        if debug or isinstance(error, ModuleNotFoundError):
            raise
        traceback.print_exc()
        print(
            f"{prefix}: this is a fault of the program; please report it with all of the above",
            file=sys.stderr,
        )
    return 1
