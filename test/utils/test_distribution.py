# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What differs between the distributions of ROS 2. Of Humble and Lyrical there are no wheels: what is held here is what
their sources say; containers run the rest (.github/workflows/ros.yaml)."""

import ast
import sys
from types import ModuleType

import pytest

from mt_perception.utils import distribution

# of rclpy 3.3.15, of Humble
HUMBLE = {
    "rclpy.clock": "Clock ClockType",
    "rclpy.duration": "Duration Infinite",
    "rclpy.exceptions": "ParameterException",
    "rclpy.executors": "ExternalShutdownException SingleThreadedExecutor",
    "rclpy.impl.implementation_singleton": "rclpy_implementation",
    "rclpy.impl.rcutils_logger": "RcutilsLogger",
    "rclpy.lifecycle": "LifecycleNode LifecycleState TransitionCallbackReturn",
    "rclpy.node": "Node",
    "rclpy.parameter": "Parameter",
    "rclpy.publisher": "Publisher",
    "rclpy.qos": "DurabilityPolicy QoSCompatibility QoSPolicyKind QoSProfile ReliabilityPolicy qos_check_compatible "
    "qos_profile_sensor_data",
    "rclpy.qos_overriding_options": "InvalidQosOverridesError QoSOverridingOptions",
    "rclpy.serialization": "deserialize_message serialize_message",
    "rclpy.signals": "uninstall_signal_handlers",
    "rclpy.subscription": "Subscription",
    "rclpy.time": "Time",
    "rclpy.topic_endpoint_info": "TopicEndpointInfo",
}
"""Everything that our nodes may import from rclpy: another name has to be looked up there first."""

NAMES = ("humble", "iron", "jazzy", "kilted", "lyrical", "of the future")


@pytest.fixture
def alone(monkeypatch):
    """Nothing is said of who is found."""
    for name in ("ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_LOCALHOST_ONLY"):
        monkeypatch.delenv(name, raising=False)


def test_nodes_import_what_humble_has(root):
    for file in sorted((root / "mt_perception" / "ros").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rclpy"):
                names = {each.name for each in node.names}
                assert names <= set(HUMBLE.get(node.module, "").split()), f"{file.name}: {node.module} {names}"
            elif isinstance(node, ast.Import):
                assert not [each.name for each in node.names if each.name.startswith("rclpy.")], file.name


def test_events_have_the_module_of_the_distribution(monkeypatch):
    old, new = ModuleType("rclpy.qos_event"), ModuleType("rclpy.event_handler")
    monkeypatch.setitem(sys.modules, "rclpy", ModuleType("rclpy"))
    monkeypatch.setitem(sys.modules, "rclpy.qos_event", old)
    monkeypatch.setitem(sys.modules, "rclpy.event_handler", new)
    assert distribution.event_callbacks() is new
    monkeypatch.setitem(sys.modules, "rclpy.event_handler", None)  # then its import raises
    assert distribution.event_callbacks() is old


def test_each_distribution_has_its_variables(monkeypatch, alone):
    found = {}
    for name in NAMES:
        monkeypatch.setenv("ROS_DISTRO", name)
        found[name] = (distribution.fastdds_profiles().partition("_")[0], *distribution.only_this_machine().items())
    old, new = ("ROS_LOCALHOST_ONLY", "1"), ("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    assert found == {
        "humble": ("FASTRTPS", old), "iron": ("FASTRTPS", new), "jazzy": ("FASTRTPS", new),
        "kilted": ("FASTDDS", new), "lyrical": ("FASTDDS", new), "of the future": ("FASTDDS", new),
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_keeps_nodes_on_this_machine_is_told_as_such(monkeypatch, alone, name):
    monkeypatch.setenv("ROS_DISTRO", name)
    assert distribution.discovery_range()[0] == "SUBNET"
    ((variable, value),) = distribution.only_this_machine().items()
    monkeypatch.setenv(variable, value)
    assert distribution.discovery_range() == ("LOCALHOST", variable)


def test_humble_does_not_know_the_range(monkeypatch, alone):
    monkeypatch.setenv("ROS_DISTRO", "humble")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    assert distribution.discovery_range()[0] == "SUBNET"


def test_the_wheels_that_are_installed_have_a_name(monkeypatch):
    pytest.importorskip("rclpy")
    monkeypatch.delenv("ROS_DISTRO", raising=False)
    assert distribution.distribution()
