# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception view`: a recording, a folder of images or a video with labels, depth and points, in a browser."""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt_perception.settings import Settings
from mt_perception.utils.files import whole_file
from mt_perception.utils.json_safe import check_folder
from mt_perception.view.server import MEMORY_MIB, require_view, viewer

if TYPE_CHECKING:
    from mt_perception.view.sources import Scene


def add_parser(
    commands: Any,
    add_settings: Callable[[argparse.ArgumentParser], None],
    read_settings: Callable[[argparse.Namespace], Settings],
) -> None:
    """Add the command; the model's settings are added and read by the two functions."""
    parser = commands.add_parser(
        "view",
        help="look at a recording, a folder of images or a video in a browser: labels, depth, points",
        description="A recording of results is shown as it is; what has none goes through the network first. The page "
        "is for this machine alone, and nothing goes anywhere else.",
    )
    parser.add_argument("input", type=Path, metavar="INPUT", help="recording (rosbag2), folder of images, or video")
    parser.add_argument("--topic", default="", help="of a recording, the camera's image (default: found by itself)")
    where = parser.add_mutually_exclusive_group()
    add_page(parser, where)
    where.add_argument("--save", type=Path, metavar="FILE", help="write a file for `rerun FILE` instead")
    add_settings(parser)
    parser.set_defaults(command=lambda options: _view(options, read_settings(options)))


def add_page(parser: argparse.ArgumentParser, where: Any = None) -> None:
    """Add the options of the page and of what it keeps; that of its port to the group `where`, if there is one."""
    text = "port of the page, with its data at the next one (default: free ones)"
    (where or parser).add_argument("--port", type=_port, default=0, help=text)
    text = "of all that is shown, the newest MIB are kept (default: %(default)s)"
    parser.add_argument("--memory", type=_mebibytes, default=MEMORY_MIB, metavar="MIB", help=text)


def _port(text: str) -> int:
    if not text.isdecimal() or not (int(text) == 0 or 1024 <= int(text) < 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; allowed: 1024 to 65534, or 0 for free ones")
    return int(text)


def _mebibytes(text: str) -> int:
    if not text.isdecimal() or not 16 <= int(text) <= 1 << 20:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of MiB; allowed: 16 to {1 << 20}")
    return int(text)


def _view(options: argparse.Namespace, settings: Settings) -> None:
    if options.save:
        save(options.input, options.save, settings, options.topic)
    else:
        show(options.input, settings, options.topic, options.port, options.memory)


def show(
    source: Path, settings: Settings | None = None, topic: str = "", port: int = 0, memory_mib: int = MEMORY_MIB
) -> None:
    """Show what is seen in `source` until Ctrl-C. Raises `ViewError` where that is nothing, or the viewer ends."""
    require_view()
    from mt_perception.view.sources import opened

    present(opened(source, settings or Settings(), topic), port, memory_mib)


def present(opening: AbstractContextManager[Scene], port: int, memory_mib: int) -> None:
    """Show a scene until Ctrl-C, with the address to open on standard output. Raises what `show` raises."""
    from mt_perception.view.sink import Sink

    with ExitStack() as open_:
        scene = open_.enter_context(opening)
        running = open_.enter_context(viewer(port, memory_mib))
        print(f"open {running.page}", flush=True)
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
            webbrowser.open(running.page)
        with Sink(scene.labels, running.data) as sink:
            images = scene.feed(sink, running)
        print(f"{images} images, of which the newest {memory_mib} MiB are kept; Ctrl-C ends the view", flush=True)
        running.wait()


def save(source: Path, file: Path, settings: Settings | None = None, topic: str = "") -> None:
    """Write what is seen in `source` to a file of rerun's (.rrd). Raises `ViewError` where that is nothing."""
    require_view()
    from mt_perception.view.sink import Sink
    from mt_perception.view.sources import opened

    check_folder(file)
    with opened(source, settings or Settings(), topic) as scene:
        with whole_file(file) as partial, Sink(scene.labels, save=partial) as sink:
            images = scene.feed(sink)
        print(f"{file}: {images} images, {file.stat().st_size / 1e6:.1f} MB")
