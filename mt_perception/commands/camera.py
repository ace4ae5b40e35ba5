# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception camera`: what a camera sees now, with labels, depth and points, in a browser. Without ROS."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mt_perception.commands.view import add_page, present
from mt_perception.settings import Settings
from mt_perception.view.server import MEMORY_MIB, require_view


def add_parser(
    commands: Any,
    add_settings: Callable[[argparse.ArgumentParser], None],
    read_settings: Callable[[argparse.Namespace], Settings],
    image_size: Callable[[str], tuple[int, int]],
) -> None:
    """Add the command; the model's settings are added and read by the two functions, and `image_size` reads one."""
    parser = commands.add_parser(
        "camera",
        help="look through a camera in a browser, live and without ROS: labels, depth, points",
        description="Shows the newest image each time, until Ctrl-C. The page is for this machine alone, and nothing "
        "goes anywhere else.",
    )
    text = "path or number of a camera, such as /dev/video0, or a file, or an address such as rtsp://... (default: 0)"
    parser.add_argument("device", metavar="DEVICE", nargs="?", default="0", help=text)
    text = "calibration of the rectified images (YAML, as camera_calibration writes it): makes their depth metric"
    parser.add_argument("--calibration", type=Path, metavar="FILE", help=text)
    text = "what is asked of the camera (default: its own)"
    parser.add_argument("--size", type=image_size, metavar="HxW", help=text)
    add_page(parser)
    add_settings(parser)
    parser.set_defaults(command=lambda options: _camera(options, read_settings(options)))


def _camera(options: argparse.Namespace, settings: Settings) -> None:
    look(options.device, settings, options.calibration, options.size, options.port, options.memory)


def look(
    device: str,
    settings: Settings | None = None,
    calibration: Path | None = None,
    size: tuple[int, int] | None = None,
    port: int = 0,
    memory_mib: int = MEMORY_MIB,
) -> None:
    """Show what the camera `device` sees until Ctrl-C, and say how many images that were.

    Raises `SourceError` for a camera that is not there or gives nothing, `CalibrationError`, `ViewError` when the
    viewer ends, and `DataError` where the calibration is of other proportions than the images.
    """
    require_view()
    from mt_perception.messages.calibration import read_camera
    from mt_perception.view.sources import live

    camera = read_camera(calibration) if calibration else None
    present(live(device, size, settings or Settings(), camera), port, memory_mib)
