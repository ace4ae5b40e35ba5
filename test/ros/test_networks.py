# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Networks of other kinds as models of the node."""

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("torch")
pytest.importorskip("timm")

import numpy as np

from mt_perception.messages.read import array_from_image
from mt_perception.model.spec import RELATED


@pytest.mark.parametrize(
    "network", ["segnet-separable"]
)  # the contracts run all of them on OpenVINO; Twins takes a minute
def test_the_node_runs_it(network, start, probe, lively_bundle):
    bundle = lively_bundle(RELATED[network])
    topics = {"segmentation/mask": np.uint8, "depth/image": np.float32}
    for topic in topics:
        probe.listen(topic)
    start("node", model=str(bundle.folder), backend="openvino", precision="fp32")
    probe.wait_for_node()
    probe.send(1_000_000_000)
    probe.until(lambda: all(probe.received.values()), 60)
    mask, depth_m = (array_from_image(probe.received[topic][0]) for topic in topics)
    assert mask.shape == depth_m.shape == (90, 160) and [mask.dtype, depth_m.dtype] == [*topics.values()]
    assert len(np.unique(mask)) > 2
