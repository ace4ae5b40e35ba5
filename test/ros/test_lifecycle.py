# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The managed node, driven through its services."""

import os
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.parameter import Parameter


@pytest.fixture
def managed(start, probe, small_model):
    """A node that waits to be told; a function that changes its state, and one that calls any of its services."""
    probe.listen("segmentation/mask")
    node = start("node", **small_model, autostart=False)

    def call(service, kind, request):
        client = probe.create_client(kind, f"{probe.get_namespace()}/perception/{service}")
        assert client.wait_for_service(20)
        probe.until_known()  # else the answer may be lost
        future = client.call_async(request)
        probe.until(future.done, 20)
        probe.destroy_client(client)
        return future.result()

    def change(transition):
        return call("change_state", ChangeState, ChangeState.Request(transition=Transition(id=transition))).success

    return node, change, call


def test_states_decide_what_the_node_does(managed, probe):
    node, change, call = managed
    assert call("get_state", GetState, GetState.Request()).current_state.label == "unconfigured"
    assert probe.images.get_subscription_count() == 0
    assert change(Transition.TRANSITION_CONFIGURE)
    assert "ready in" in node.log
    assert change(Transition.TRANSITION_ACTIVATE)
    probe.wait_for_node()
    probe.send(1)
    probe.until(lambda: probe.received["segmentation/mask"])
    assert change(Transition.TRANSITION_DEACTIVATE)
    probe.until(lambda: probe.images.get_subscription_count() == 0)
    assert change(Transition.TRANSITION_ACTIVATE)
    assert node.log.count("ready in") == 1, "deactivate keeps the model"
    probe.wait_for_node()
    probe.send(2)
    probe.until(lambda: len(probe.received["segmentation/mask"]) == 2)
    status, _ = node.stop()
    assert status == 0 and "Traceback" not in node.log


def test_requests_that_do_not_fit_are_answered_and_change_nothing(managed):
    """As Nav2's lifecycle manager sends them: it does not ask for the state."""
    node, change, call = managed

    def state():
        return call("get_state", GetState, GetState.Request()).current_state.label

    assert not change(Transition.TRANSITION_ACTIVATE) and not change(99) and state() == "unconfigured"
    assert change(Transition.TRANSITION_CONFIGURE)
    assert not change(Transition.TRANSITION_CONFIGURE) and state() == "inactive"
    assert "change_state was refused" in node.log or "Unable to start transition" in node.log, "as Kilted says it"

    unknown = ParameterMessage(name="threads", value=ParameterValue(type=99))
    good = Parameter("overlay_opacity", value=0.9).to_parameter_msg()
    results = call("set_parameters", SetParameters, SetParameters.Request(parameters=[good, unknown, good])).results
    assert [each.successful for each in results] == [True, False, False] and "set_parameters" in results[1].reason
    request = SetParametersAtomically.Request(parameters=[good, unknown])
    result = call("set_parameters_atomically", SetParametersAtomically, request).result
    assert not result.successful and "set_parameters_atomically" in result.reason
    assert change(Transition.TRANSITION_ACTIVATE) and state() == "active"
    assert node.stop()[0] == 0 and "Traceback" not in node.log


def test_after_cleanup_it_can_be_configured_differently(managed, probe):
    node, change, call = managed

    def set_width(value):
        wish = Parameter("input_width", value=value).to_parameter_msg()
        return call("set_parameters", SetParameters, SetParameters.Request(parameters=[wish])).results[0]

    assert change(Transition.TRANSITION_CONFIGURE)
    assert not set_width(192).successful
    assert change(Transition.TRANSITION_CLEANUP)
    assert set_width(192).successful
    assert change(Transition.TRANSITION_CONFIGURE)
    assert "192x64" in node.log
    assert change(Transition.TRANSITION_CLEANUP)
    refused = call(
        "set_parameters",
        SetParameters,
        SetParameters.Request(parameters=[Parameter("model", value="/none").to_parameter_msg()]),
    )
    assert refused.results[0].successful, "whether a model can be loaded is seen when it is loaded"
    assert not change(Transition.TRANSITION_CONFIGURE)
    assert "the model folder /none does not exist" in node.log
    assert node.process.poll() is None and "Traceback" not in node.log


@pytest.fixture
def one_arena(monkeypatch):
    """glibc gives threads arenas in turn, each of which may grow once: that alone is 20 MB, and no leak."""
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")


def test_twenty_cycles_leak_nothing(one_arena, managed, probe):
    node, _, _ = managed
    client = probe.create_client(ChangeState, f"{probe.get_namespace()}/perception/change_state")
    assert client.wait_for_service(20)
    cycle = [
        Transition.TRANSITION_CONFIGURE,
        Transition.TRANSITION_ACTIVATE,
        Transition.TRANSITION_DEACTIVATE,
        Transition.TRANSITION_CLEANUP,
    ]

    def topics() -> list:
        return probe.known(probe.get_publisher_names_and_types_by_node)

    def run(cycles: int) -> dict[str, int]:
        for transition in cycle * cycles:
            future = client.call_async(ChangeState.Request(transition=Transition(id=transition)))
            probe.until(future.done, 20)
            assert future.result().success
        process = Path("/proc") / str(node.process.pid)
        threads, files = (len(list((process / each).iterdir())) for each in ("task", "fd"))
        return {"threads": threads, "files": files, "pages": int((process / "statm").read_text().split()[1])}

    probe.until(lambda: len(topics()) == 4)  # diagnostics, parameter events, log and transitions, discovered one by one
    unconfigured = topics()
    before, after = run(3), run(20)
    for what in ("threads", "files"):  # a leak shows as 20; one or two may come with DDS's discovery of others
        assert after[what] - before[what] < 5, (before, after)
    assert (after["pages"] - before["pages"]) * os.sysconf("SC_PAGE_SIZE") < 8e6, (before, after)
    probe.until(lambda: topics() == unconfigured)
