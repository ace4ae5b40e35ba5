# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The node in the hands of the real `ros2` command, wherever that is installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from nodes import Probe

pytestmark = pytest.mark.skipif(shutil.which("ros2") is None, reason="the ros2 command is not installed")


@pytest.fixture(scope="module")
def node(start_once, small_model):
    return start_once("node", **small_model, autostart=False)


@pytest.fixture(scope="module")
def probe(start_once, node):
    probe = Probe(start_once.namespace)
    yield probe
    probe.destroy_node()


@pytest.fixture(scope="module")
def ros2(probe):
    """A function that starts `ros2 ...`, with NODE for the node's name."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}

    def begin(*words: str, stdout=subprocess.PIPE) -> subprocess.Popen:
        command = ["ros2", *(word.replace("NODE", f"{probe.get_namespace()}/perception") for word in words)]
        return subprocess.Popen(command, env=environment, stdout=stdout, stderr=subprocess.STDOUT, text=True)

    yield begin
    begin("daemon", "stop").communicate(timeout=60)  # the first call has started one, which would stay


def test_lifecycle_and_parameters(ros2, node, probe):
    def say(*words: str) -> str:
        """The answer of a command that has discovered the node: each begins anew, and may not look for long enough."""
        answers = (ros2(*words).communicate(timeout=60)[0] for _ in range(10))
        return next(answer for answer in answers if "Node not found" not in answer)

    probe.until(lambda: "unconfigured" in say("lifecycle", "get", "NODE"), 60)
    assert "Transitioning successful" in say("lifecycle", "set", "NODE", "configure")
    assert "ready in" in node.log
    assert "successful" in say("param", "set", "NODE", "overlay_opacity", "1")
    refused = say("param", "set", "NODE", "overlay_opacity", "1.5")
    assert "Setting parameter failed" in refused and "1.0" in refused, refused
    refused = say("param", "set", "NODE", "input_width", "256")
    assert "input_width is read when the node is configured" in refused, refused
    described = say("param", "describe", "NODE", "depth_color_max_m")
    assert "Depth at the far end" in described and "Max value: 1000.0" in described, described
    assert "Transitioning successful" in say("lifecycle", "set", "NODE", "activate")


def test_topic_hz_shows_the_rate_of_the_outputs(ros2, probe, tmp_path):
    probe.until(probe.images.get_subscription_count)
    timer = probe.create_timer(0.2, lambda: probe.send(probe.get_clock().now().nanoseconds))
    said = tmp_path / "hz.txt"
    with said.open("w") as file:
        command = ros2("topic", "hz", f"{probe.get_namespace()}/segmentation/mask", stdout=file)
        try:
            probe.until(lambda: "average rate" in said.read_text(), 40)
        finally:
            command.kill()  # it does not always end when it is asked to
            command.wait(10)
            probe.destroy_timer(timer)
