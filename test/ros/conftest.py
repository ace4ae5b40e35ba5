# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that run nodes; they import rclpy only when a test asks for them."""

from __future__ import annotations

from contextlib import contextmanager

import pytest


@pytest.fixture(scope="session")
def ros():
    import rclpy

    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture(scope="session")
def small_model(cache_home):
    """Parameters of a node that is quickly started and quickly done: the default model on small images."""
    return {"backend": "openvino", "precision": "fp32", "input_width": 128, "input_height": 64}


@contextmanager
def nodes_in(folder, name):
    """`start("node", model=...)` runs a node, in a namespace that is made from `name`, until the context ends."""
    from nodes import NodeProcess

    from mt_perception.utils.node_process import end

    processes = []

    def starter(name: str, remap: dict[str, str] | None = None, **parameters) -> NodeProcess:
        processes.append(NodeProcess(name, parameters, folder, starter.namespace, remap))
        return processes[-1]

    starter.namespace = f"/t{abs(hash(name)) % 10**8}"
    yield starter
    for each in processes:
        each.process.terminate()  # one that is killed leaves up to 35 MB of shared memory behind
    for each in processes:
        end(each.process)


@pytest.fixture
def start(ros, tmp_path, request):
    """Nodes that run until the test ends. Each test has its own namespace."""
    with nodes_in(tmp_path, request.node.nodeid) as starter:
        yield starter


@pytest.fixture
def run(start, bundle):
    """Start the node with the test bundle on the CPU in fp32."""

    def runner(**parameters):
        return start("node", model=str(bundle.folder), backend="openvino", precision="fp32", **parameters)

    return runner


@pytest.fixture(scope="module")
def start_once(ros, tmp_path_factory, request):
    """The same for nodes that all tests of a file share."""
    with nodes_in(tmp_path_factory.mktemp("nodes"), request.node.nodeid) as starter:
        yield starter


@pytest.fixture
def probe(start):
    from nodes import Probe

    node = Probe(start.namespace)
    yield node
    node.destroy_node()
