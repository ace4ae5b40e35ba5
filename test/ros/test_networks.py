"""Networks of other kinds as models of the node, each made by the documented command."""

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("torch")
pytest.importorskip("timm")

import numpy as np

from mt_perception.cli import main
from mt_perception.messages import array_from_image


@pytest.mark.parametrize("network", ["twins_svt_small", "segnet-separable"])
def test_the_node_runs_it(network, start, probe, tmp_path, capsys):
    model = tmp_path / "model"
    assert main(["init", "--network", network, "--size", "64x96", "--out", str(model)]) == 0
    capsys.readouterr()
    topics = {"segmentation/mask": np.uint8, "depth/image": np.float32}
    for topic in topics:
        probe.listen(topic)
    start("node", model=str(model), backend="openvino", precision="fp32")
    probe.wait_for_node()
    probe.send(1_000_000_000)
    probe.until(lambda: all(probe.received.values()), 60)
    for topic, dtype in topics.items():
        array = array_from_image(probe.received[topic][0])
        assert array.shape == (90, 160) and array.dtype == dtype
