# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share: their arguments, what they need, and that a process that fails makes them fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch.action import Action
from launch.actions import DeclareLaunchArgument, EmitEvent, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown, matches_action
from launch.events.process import ProcessExited, ShutdownProcess
from launch.launch_context import LaunchContext
from launch_ros.actions import Node

from mt_perception.utils.files import no_file


def argument(name: str, default: str, description: str, choices: list[str] | None = None) -> DeclareLaunchArgument:
    """An argument of a launch file."""
    return DeclareLaunchArgument(name, default_value=default, description=description, choices=choices)


def is_installed(package: str) -> bool:
    """Whether ROS knows it."""
    try:
        get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return True


def existing_file(name: str, text: str, remedy: str) -> Path:
    """The file that the argument `name` tells. Raises with the remedy where there is none."""
    file = Path(text).expanduser()
    if not file.is_file():
        raise RuntimeError(f"{name} is {file}, which {no_file(file)}; {remedy}")
    return file


def failing_with(process: Action | Callable[[Action], bool], companions: Sequence[Action] = ()) -> RegisterEventHandler:
    """When `process` (or one that it accepts) fails, its companions end, and `ros2 launch` with a status other than 0.

    What else runs goes on: the launch may be a part of a robot's.
    """
    return RegisterEventHandler(OnProcessExit(target_action=process, on_exit=partial(_failed, companions)))


def ending_with(
    process: Action | Callable[[Action], bool], reason: str, only_failing: bool = False
) -> RegisterEventHandler:
    """When `process` ends, or only when it fails, everything does."""

    def end(event: ProcessExited, context: LaunchContext) -> list[Any]:
        ends = not context.is_shutdown and (event.returncode or not only_failing)
        return [EmitEvent(event=Shutdown(reason=reason))] if ends else []

    return RegisterEventHandler(OnProcessExit(target_action=process, on_exit=end))


def is_perception(action: Action) -> bool:
    """Whether it is the process of the perception node, which another launch file starts."""
    return isinstance(action, Node) and action.node_executable == "perception_node"


def _failed(companions: Sequence[Action], event: ProcessExited, context: LaunchContext) -> list[Any]:
    if not event.returncode or context.is_shutdown:
        return []
    # the one way to the status that does not end the launch, as an exception would
    context.asyncio_loop.call_exception_handler({"message": f"{event.process_name} failed, and so does the launch"})
    return [EmitEvent(event=ShutdownProcess(process_matcher=matches_action(each))) for each in companions]
