"""A node whose model is replaced under its feet: a real failure of a real backend, and the way back."""

import shutil

import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticStatus
from nodes import Probe, diagnostics_of

from mt_perception.resources import default_model


@pytest.fixture
def model(tmp_path):
    """A copy of the default model, to break."""
    return shutil.copytree(default_model(), tmp_path / "model")


def test_a_worker_that_raises_starts_anew_and_says_why(start, small_model, model):
    """OpenVINO reads the graph again for each new set of outputs: by then the file is another."""
    node = start("node", **small_model, model=str(model))
    probe = Probe(start.namespace)
    probe.listen("segmentation/mask")
    probe.wait_for_node()
    probe.send(1)
    probe.until(lambda: probe.received["segmentation/mask"])
    good = (model / "graph.xml").read_bytes()
    with diagnostics_of(probe) as diagnostics:
        (model / "graph.xml").write_text("<net>this is no graph</net>")
        probe.listen("segmentation/confidence")
        probe.until(lambda: probe.count_publishers(probe.resolve_topic_name("segmentation/confidence")))
        probe.spin(0.3)
        for stamp in range(2, 5):
            probe.send(stamp)
            probe.spin(0.3)
        node.wait_for("the worker is restarted: RuntimeError")
        node.wait_for("graph.xml does not match its hash; copy the bundle again")
        status = probe.until(lambda: "does not match its hash" in diagnostics().message and diagnostics())
        assert status.level == DiagnosticStatus.ERROR
        values = {each.key: each.value for each in status.values}
        assert 1 < int(values["worker_restarts"]) <= 3, "no more than one restart for a frame"
        assert not probe.received["segmentation/confidence"] and node.process.poll() is None

        (model / "graph.xml").write_bytes(good)
        for stamp in range(10, 40):
            probe.send(stamp)
            probe.spin(0.3)
            if probe.received["segmentation/confidence"]:
                break
        assert (
            probe.received["segmentation/confidence"]
            and probe.received["segmentation/mask"][-1].header.stamp.nanosec >= 10
        )
        assert node.log.count("does not match its hash") == 1, "each cause is logged once"
    assert node.stop()[0] == 0 and "Traceback" not in node.log
    probe.destroy_node()
