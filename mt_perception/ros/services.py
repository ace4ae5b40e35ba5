# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What rclpy itself gives every node, services and simulated time, made to stand whatever comes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.node import Node


def answer_always(node: Node) -> None:
    """Let each service that `node` has by now refuse a request which its handler raises at.

    rclpy's own raise at a change of state that does not fit the state, and at a parameter of unknown type; what they
    raise would leave the executor, end the process, and never be answered.
    """
    for service in node.services:
        service.callback = partial(_answered, node, service.srv_name, service.callback)


def follow_any_clock(node: Node) -> None:
    """Let `node` pass over times on /clock that rclpy raises at: those before 1970, which would end the process."""
    source: Any = node._time_source
    follow = source.clock_callback

    def follow_if_possible(message: Any) -> None:
        try:
            follow(message)
        except ValueError as error:
            reason = f"a time on /clock is passed over ({error})"
            node.get_logger().warning(reason, throttle_duration_sec=5.0)

    source.clock_callback = follow_if_possible  # for when use_sim_time is switched on
    for each in node.subscriptions:
        if each.callback == follow:
            each.callback = follow_if_possible


def _answered(node: Node, name: str, handle: Callable[[Any, Any], Any], request: Any, response: Any) -> Any:
    try:
        return handle(request, response)
    except Exception as error:
        if not rclpy.ok(context=node.context):
            raise  # a signal came: nothing can be answered any more
        reason = f"a request to {name} was refused ({' '.join(str(error).split())})"
        node.get_logger().warning(reason, throttle_duration_sec=5.0)
        return _refused(request, response, reason)


def _refused(request: Any, response: Any, reason: str) -> Any:
    """`response` as a refusal; the default of `success` is one already."""
    refusal = SetParametersResult(successful=False, reason=reason)
    if isinstance(response, SetParameters.Response):  # one result each; those before the one that raised are there
        missing = len(request.parameters) - len(response.results)
        response.results = [*response.results, *[refusal] * missing]
    elif isinstance(response, SetParametersAtomically.Response):
        response.result = refusal
    return response
