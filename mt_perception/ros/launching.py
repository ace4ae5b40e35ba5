# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share: a process that fails makes the launch fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from launch.action import Action
from launch.actions import EmitEvent, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown, matches_action
from launch.events.process import ProcessExited, ShutdownProcess
from launch.launch_context import LaunchContext
from launch_ros.actions import Node


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
