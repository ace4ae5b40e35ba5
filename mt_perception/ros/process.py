# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Running a node as a process: start, spin, and an end without a traceback."""

from __future__ import annotations

import atexit
import gc
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.signals import uninstall_signal_handlers

from mt_perception.errors import Error
from mt_perception.ros import params
from mt_perception.ros.services import answer_always, follow_any_clock

_ENDING = (signal.SIGINT, signal.SIGTERM)
_SOURCE_LINE = re.compile(r",? at \S+\.c(pp)?:\d+")


class StartupError(Error, RuntimeError):
    """Why a node cannot start, in one sentence. `logged` when the node has said it itself."""

    def __init__(self, reason: str, logged: bool = False) -> None:
        super().__init__(reason)
        self.logged = logged


class _Executor(SingleThreadedExecutor):
    _sigint_gc: Any = None  # rclpy's asks for it when it is freed, also where a signal came before it had one


def run_node(make_node: Callable[[], Node], arguments: list[str] | None = None) -> int:
    """Make the node and spin it until SIGINT or SIGTERM. Returns the process's exit status.

    0 after a signal; 1 when the node could not start, with one line on standard error that says why.
    """
    status = _run(make_node, arguments)
    if threading.active_count() > 1:  # one compiles a graph: Python would wait for it, or abort when it comes back
        gc.unfreeze()
        gc.collect()  # all that is left of the node, or its shared memory would stay behind
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _run(make_node: Callable[[], Node], arguments: list[str] | None) -> int:
    node = executor = None
    try:
        _interrupt_once()
        try:
            _initialize(arguments)
            executor = _Executor()
            node = _made(make_node)
            answer_always(node)
            follow_any_clock(node)
            for problem in params.unknown(node):
                node.get_logger().warning(problem)
            executor.add_node(node)
            executor.spin()
        except ExternalShutdownException:
            pass
        except StartupError as error:
            if not error.logged:
                print(f"error: {error}", file=sys.stderr, flush=True)
            return 1
        except Exception:
            if rclpy.ok():
                raise
            # a signal came: the context is gone, and whatever still used it has raised
    except KeyboardInterrupt:
        pass
    finally:
        for each in _ENDING:
            signal.signal(each, signal.SIG_IGN)  # also while the interpreter ends, when Python's handlers are gone
        # ends rclpy's thread for signals, which may be waking what is freed here, or leaving ROS, at this moment
        uninstall_signal_handlers()
        if executor is not None:
            executor.shutdown()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _initialize(arguments: list[str] | None) -> None:
    """Join ROS. Raises `StartupError` for arguments and an environment that rcl refuses."""
    try:
        rclpy.init(args=arguments)
    except Exception as error:  # a signal is no Exception here: rclpy's own handlers come last
        remedy = "; set ROS_LOG_DIR to a folder that can be written" if "log directory" in str(error) else ""
        raise StartupError(_in_one_line(error) + remedy) from error


def _made(make_node: Callable[[], Node]) -> Node:
    """The node. Raises `StartupError` where the middleware, or the type of a parameter, does not let it be."""
    try:
        return make_node()
    except (rclpy_implementation.RCLError, ParameterException) as error:
        if not rclpy.ok():
            raise
        raise StartupError(_in_one_line(error)) from error


def _in_one_line(error: Exception) -> str:
    """What rclpy says, without the lines of its sources."""
    return " ".join(_SOURCE_LINE.sub("", str(error)).split()).rstrip(".,")


def finish(node: Node, failure: str = "") -> None:
    """End the process of a node, from any of its threads, once its executor gets to it.

    It has done its work, unless `failure` says in one sentence why it has not; then the exit status is 1.
    """

    def end() -> None:
        raise StartupError(failure) if failure else ExternalShutdownException

    try:
        node.create_timer(0.0, end)
    except Exception:
        if rclpy.ok(context=node.context):
            raise
        # a signal came: it ends anyway


def _interrupt_once() -> None:
    """Let the first SIGINT or SIGTERM raise KeyboardInterrupt, and the others do nothing.

    Ctrl-C reaches a launched node twice, from the terminal and from launch; the second must not break the ending.
    """
    interruptions = [KeyboardInterrupt()]

    def interrupt(*_: object) -> None:
        if interruptions:
            raise interruptions.pop()

    for each in _ENDING:
        signal.signal(each, interrupt)  # before rclpy's own handlers, which call these
