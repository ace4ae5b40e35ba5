# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The view beside a node: what is published appears in rerun, complete and at its stamp."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("rerun", reason="rerun-sdk is not installed: pip install 'mt_perception[view]'")

import psutil
import rerun_cli
from nodes import Probe
from rerun.chunk import RrdReader
from sensor_msgs.msg import Image

from mt_perception.ros import convert

SIZE = (60, 100)


def shown(file: Path, entity: str) -> set[int]:
    """The stamps at which something was shown so far; what is being written may not be readable yet."""
    try:
        chunks = [each for each in RrdReader(file).stream() if each.entity_path == entity and not each.is_static]
        return {stamp for each in chunks for stamp in each.to_record_batch()["stamp"].cast("int64").to_pylist()}
    except Exception:
        return set()


def test_complete_images_appear_in_the_viewer_and_it_ends_with_the_node(start, tmp_path):
    view = start("view", port=0)
    view.wait_for("open http://127.0.0.1:", 60)
    children = psutil.Process(view.process.pid).children(recursive=True)
    data = f"rerun+http://127.0.0.1:{re.search(r'127.0.0.1%3A([0-9]+)%2Fproxy', view.log)[1]}/proxy"
    file = tmp_path / "seen.rrd"
    program = Path(rerun_cli.__file__).with_name("rerun")
    collector = subprocess.Popen(
        [program, "--save", file, "--bind", "127.0.0.1", "--port", "auto", data],
        env={"XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    probe = Probe(start.namespace)
    results = {
        "segmentation/mask": (np.full(SIZE, 13, np.uint8), "mono8"),
        "depth/image": (np.full(SIZE, 4.0, np.float32), "32FC1"),
    }
    publishers = {topic: probe.create_publisher(Image, topic, 5) for topic in results}
    sent = []

    def complete() -> set[int]:
        stamp = (len(sent) + 1) * 10**9
        sent.append(stamp)
        probe.send(stamp, SIZE)
        probe.send(stamp + 1, SIZE)  # one that the node has dropped
        for topic, (array, encoding) in results.items():
            publishers[topic].publish(convert.image(array, encoding, convert.header(stamp, "cam")))
        probe.spin(0.3)
        return shown(file, "/points")

    try:
        for publisher in (probe.images, *publishers.values()):
            probe.until(lambda each=publisher: each.get_subscription_count() > 0)
        stamps = probe.until(complete, 60)
        assert stamps <= set(sent) and stamps <= shown(file, "/camera/labels") | shown(file, "/points")
        assert view.stop()[0] == 0 and "Traceback" not in view.log
        assert not psutil.wait_procs(children, timeout=10)[1]
    finally:
        collector.kill()
        collector.wait()
        probe.destroy_node()


def test_a_model_that_is_not_there_is_one_sentence(start):
    view = start("view", model="/nowhere")
    assert view.process.wait(60) == 1
    assert "error: " in view.log and "/nowhere" in view.log and "Traceback" not in view.log
