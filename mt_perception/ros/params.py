# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""ROS parameters from `settings.py`, which is where they are defined."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from mt_perception.settings import SETTINGS, Setting, Settings, SettingsError, did_you_mean


def descriptor(setting: Setting) -> ParameterDescriptor:
    """What `ros2 param describe` shows."""
    text = setting.description + (f" [{setting.unit}]" if setting.unit else "")
    result = ParameterDescriptor(description=text, dynamic_typing=True)
    if setting.choices or not setting.live:
        changes = "may change while running" if setting.live else "read when the node is configured"
        result.additional_constraints = "; ".join(([setting.allowed] if setting.choices else []) + [changes])
    if setting.bounds and setting.kind is float:
        result.floating_point_range = [FloatingPointRange(from_value=setting.bounds[0], to_value=setting.bounds[1])]
    elif setting.bounds:
        low, high = map(int, setting.bounds)
        result.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
    return result


def declare(node: Node) -> None:
    """Declare every setting. Raises `SettingsError` for a value from outside that is not allowed."""
    for setting in SETTINGS.values():
        # without bounds at first: of a value beyond them rclpy would not say what is allowed
        node.declare_parameter(setting.name, setting.parameter, ParameterDescriptor(dynamic_typing=True))
        setting.check(node.get_parameter(setting.name).value)
        node.set_descriptor(setting.name, descriptor(setting))


def read(node: Node) -> Settings:
    """All settings at once. Raises `SettingsError`."""
    return Settings.from_mapping({name: node.get_parameter(name).value for name in SETTINGS})


def unknown(node: Node) -> list[str]:
    """A sentence for each parameter of a file or the command line that `node` does not have: rclpy ignores it."""
    given = [name for name in node._parameter_overrides if not name.startswith("qos_overrides.")]
    ours = [name for name in node._parameters if not name.startswith("qos_overrides.")]
    return [f"there is no parameter {name!r}{did_you_mean(name, ours)}" for name in given if name not in ours]


def changed(
    current: Settings, parameters: Sequence[Parameter], configured: bool, accept: Callable[[Settings], None]
) -> SetParametersResult:
    """Answer to a request to set parameters: all of them are taken by `accept`, or none, with the reason."""
    requested = {parameter.name: parameter.value for parameter in parameters if parameter.name in SETTINGS}
    for name in requested:
        if configured and not SETTINGS[name].live:
            reason = f"{name} is read when the node is configured: set it before, or clean up and configure again"
            return SetParametersResult(successful=False, reason=reason)
    try:
        accept(current.replace(**requested))
    except SettingsError as error:
        return SetParametersResult(successful=False, reason=str(error))
    return SetParametersResult(successful=True)
