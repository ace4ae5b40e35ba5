# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What differs between the distributions of ROS 2 from Humble on. Only `event_callbacks` imports ROS."""

from __future__ import annotations

import os
import re
from functools import cache
from importlib import import_module
from importlib.metadata import distributions
from typing import Any

_IN_ORDER = ("humble", "iron", "jazzy", "kilted", "lyrical")
_REACH, _ONLY_HERE = "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_LOCALHOST_ONLY"

FASTDDS_PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
"""Environment variables that name Fast DDS's profiles, before and after ROS 2 Kilted."""


def distribution() -> str:
    """The name of the ROS 2 distribution: that which is sourced, or whose wheels are installed; empty for none."""
    return os.environ.get("ROS_DISTRO") or _of_wheels()


@cache
def _of_wheels() -> str:
    wheels = (re.fullmatch(r"ros-(\w+)-rclpy", each.name.replace("_", "-")) for each in distributions() if each.name)
    return next((found[1] for found in wheels if found), "")


def _has(first: str) -> bool:
    """Whether this distribution is `first` or a later one; one that is not known here is taken for new."""
    return distribution() not in _IN_ORDER[: _IN_ORDER.index(first)]


def fastdds_profiles() -> str:
    """The environment variable that names Fast DDS's profiles."""
    return FASTDDS_PROFILES[_has("kilted")]


def only_this_machine() -> dict[str, str]:
    """Environment variables by which nodes find each other on this machine only."""
    return {_REACH: "LOCALHOST"} if _has("iron") else {_ONLY_HERE: "1"}


def discovery_range() -> tuple[str, str]:
    """Where nodes are looked for (SUBNET, LOCALHOST, ...), and the environment variable that says so."""
    if os.environ.get(_ONLY_HERE) == "1":  # honoured by all, though it is deprecated since Iron
        return "LOCALHOST", _ONLY_HERE
    return (_has("iron") and os.environ.get(_REACH)) or "SUBNET", _REACH


def names_its_costmap() -> bool:
    """Whether the program of Nav2's costmap takes a name; until Humble it is /costmap/costmap, whatever is said."""
    return _has("iron")


def event_callbacks() -> Any:
    """The module of rclpy that has `PublisherEventCallbacks` and `SubscriptionEventCallbacks`."""
    try:
        return import_module("rclpy.event_handler")
    except ModuleNotFoundError:  # until Humble
        return import_module("rclpy.qos_event")
