"""Fixtures of the tests that run nodes; they import rclpy only when a test asks for them."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def ros():
    import rclpy

    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def start(ros, tmp_path, request):
    """`start("node", model=...)` runs a node until the test ends. Each test has its own namespace."""
    from nodes import NodeProcess

    processes = []

    def starter(name: str, **parameters) -> NodeProcess:
        processes.append(NodeProcess(name, parameters, tmp_path, starter.namespace))
        return processes[-1]

    starter.namespace = f"/t{abs(hash(request.node.nodeid)) % 10**8}"
    yield starter
    for each in processes:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


@pytest.fixture
def probe(start):
    from nodes import Probe

    node = Probe(start.namespace)
    yield node
    node.destroy_node()
