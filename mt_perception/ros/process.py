"""Running a node as a process: start, spin, and an end without a traceback."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node


class StartupError(RuntimeError):
    """Why a node cannot start, in one sentence. `logged` when the node has said it itself."""

    def __init__(self, reason: str, logged: bool = False) -> None:
        super().__init__(reason)
        self.logged = logged


def run_node(make_node: Callable[[], Node], arguments: list[str] | None = None) -> int:
    """Make the node and spin it until SIGINT or SIGTERM. Returns the process's exit status.

    0 after a signal; 1 when the node could not start, with one line on standard error that says why.
    """
    rclpy.init(args=arguments)
    node = None
    try:
        node = make_node()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except StartupError as error:
        if not error.logged:
            print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    except Exception:
        if rclpy.ok():
            raise
        # a signal came: the context is gone, and whatever still used it has raised
    finally:
        # Ctrl-C reaches a launched node twice, from the terminal and from launch; the second must not break the ending
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0
