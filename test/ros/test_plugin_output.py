# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An output of another package is published by the node like its own."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from nodes import Probe

from mt_perception.messages.read import array_from_image

PLUGIN = Path(__file__).parents[1] / "plugin"


def test_the_node_publishes_the_output_of_a_plug_in(start, small_model, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(PLUGIN), prepend=":")
    probe = Probe(start.namespace)
    for topic in ("segmentation/mask", "segmentation/outline"):
        probe.listen(topic)
    start("node", **small_model)
    probe.wait_for_node()
    probe.until_shown()
    probe.send(7)
    probe.until(lambda: all(probe.received.values()))
    mask, outline = (array_from_image(found[-1]) for found in probe.received.values())
    assert outline.any() and np.array_equal(outline[:, 1:] == 255, mask[:, 1:] != mask[:, :-1])
    probe.destroy_node()
