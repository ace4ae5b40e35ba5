# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The rendered city as a camera."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("rclpy")

from nodes import Probe
from sensor_msgs.msg import CameraInfo, Image

from mt_perception.messages.read import array_from_image, camera_from_info, stamp_ns


@pytest.mark.usefixtures("rendering")
def test_the_city_drives_a_stereo_camera_with_truth(start):
    probe = Probe(start.namespace)
    images = ("left/image_rect", "right/image_rect", "ground_truth/labels", "ground_truth/depth")
    for topic in images:
        probe.listen(topic, Image)
    for topic in ("left/camera_info", "right/camera_info"):
        probe.listen(topic, CameraInfo)
    node = start("city", seed=5, width=128, height=64, rate=4.0, stereo=True, truth=True)
    probe.until(lambda: all(len(messages) >= 3 for messages in probe.received.values()), 40)
    stamps = [{stamp_ns(m.header) for m in messages} for messages in probe.received.values()]
    stamp = max(set.intersection(*stamps))
    at = {t: next(m for m in ms if stamp_ns(m.header) == stamp) for t, ms in probe.received.items()}
    left, right, labels, depth_m = (array_from_image(at[topic]) for topic in images)
    assert left.shape == right.shape == (64, 128, 3) and not np.array_equal(left, right)
    assert labels.shape == depth_m.shape == (64, 128) and np.isinf(depth_m[labels == 10]).all()
    assert camera_from_info(at["left/camera_info"]).baseline_m is None
    assert camera_from_info(at["right/camera_info"]).baseline_m == pytest.approx(0.22)
    status, _ = node.stop()
    assert status == 0 and "Traceback" not in node.log
    probe.destroy_node()


def test_without_its_package_the_node_says_what_to_install():
    program = "import sys; sys.modules['mt_city'] = None; from mt_perception.ros.city import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "pip install 'mt-perception[sim]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_city_refuses_impossible_cameras(start):
    node = start("city", width=2)
    assert node.process.wait(30) == 1
    assert "2" in node.log and "Traceback" not in node.log
