# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A node whose model is replaced under its feet: a real failure of a real backend, and the way back."""

import shutil

import pytest

pytest.importorskip("rclpy")

from nodes import Probe, diagnostics_of

from mt_perception.utils.resources import model_folder


@pytest.fixture
def model(tmp_path):
    """A copy of the default model, to break."""
    return shutil.copytree(model_folder(), tmp_path / "model")


def test_a_graph_that_cannot_be_made_is_served_by_a_larger_one(start, small_model, model):
    """OpenVINO reads the graph again for each new set of outputs: by then the file is another."""
    node = start("node", **small_model, model=str(model))
    probe = Probe(start.namespace)
    probe.listen("segmentation/mask")
    probe.wait_for_node()
    probe.send(1)
    probe.until(lambda: probe.received["segmentation/mask"])
    with diagnostics_of(probe) as diagnostics:
        (model / "graph.xml").write_text("<net>this is no graph</net>")
        probe.listen("segmentation/confidence")
        probe.until(lambda: probe.count_publishers(probe.resolve_topic_name("segmentation/confidence")))
        for stamp in range(2, 40):
            probe.send(stamp)
            probe.spin(0.3)
            if probe.received["segmentation/confidence"] and "alone cannot be made" in node.log:
                break
        node.wait_for("alone cannot be made")
        values = {each.key: each.value for each in probe.until(lambda: diagnostics() and diagnostics()).values}
        assert values["worker_restarts"] == "0" and probe.received["segmentation/confidence"]
    status, _ = node.stop()
    assert status == 0 and "Traceback" not in node.log, node.log
