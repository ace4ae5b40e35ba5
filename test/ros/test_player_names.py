# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Under which names the player publishes a recording's topics: those that the node listens to, whatever they were."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from mt_perception.bags.sources import open_source
from mt_perception.bags.writer import BagWriter
from mt_perception.messages.rosbags import new_camera_info, new_compressed, new_header
from mt_perception.ros.player import _played_as
from mt_perception.types import Camera


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("/left/image_rect/compressed", "/right/image_rect/compressed"),
        ("/rig/stereo/left/image_raw/compressed", "/rig/stereo/right/image_raw/compressed"),
        ("/camera/infra1/left", "/camera/infra2/right"),
        ("/left_arm/stereo/left/image_raw", "/left_arm/stereo/right/image_raw"),
        ("/left_camera/image_rect_compressed", "/right_camera/image_rect_compressed"),
    ],
)
def test_a_pair_is_published_as_the_nodes_own_topics(tmp_path, left, right):
    with BagWriter(tmp_path / "bag") as bag:
        head = new_header(10**9, "camera")
        for image in (left, right, "/robot/ground_truth/labels", "/robot/segmentation/mask"):
            bag.write_message(image, 10**9, new_compressed(np.zeros((4, 6), np.uint8), "png", head))
        info = new_camera_info(Camera(6, 4, 5.0, 5.0, 3.0, 2.0), head)
        for info_topic in {
            f"{image.removesuffix('/compressed').rsplit('/', 1)[0]}/camera_info" for image in (left, right)
        }:
            bag.write_message(info_topic, 10**9, info)
    source = open_source(tmp_path / "bag", stereo=True)
    assert source.topic == left
    names = _played_as(source, stereo=True)
    infos = {f"{topic.removesuffix('/compressed').rsplit('/', 1)[0]}/camera_info": f"{side}/camera_info"
             for topic, side in ((left, "left"), (right, "right"))}  # fmt: skip
    truth = {"/robot/ground_truth/labels": "ground_truth/labels"}
    assert names == {left: "left/image_rect", right: "right/image_rect"} | infos | truth
    assert _played_as(source, stereo=False)[left] == "image" and right not in _played_as(source, stereo=False)
