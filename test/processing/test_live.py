# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the live node publishes and what is made of the recording without ROS are the same."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")

import numpy as np

from mt_perception.bags.bag import Bag
from mt_perception.commands.main import main
from mt_perception.evaluation.recording import evaluate_bag
from mt_perception.messages.read import array_from_image, stamp_ns
from mt_perception.processing.process import Processing, process_bag
from mt_perception.settings import Settings
from recordings import write_street

TOPICS = ("/segmentation/mask", "/depth/image")


def images(recording, topic):
    """The images of a topic in the order of their stamps; the player gives each the time at which it plays it."""
    with Bag(recording) as bag:
        messages = sorted((each.message() for each in bag.messages([topic])), key=lambda each: stamp_ns(each.header))
    return [array_from_image(message) for message in messages]


def test_the_live_node_and_bag_process_agree_in_every_pixel_and_score(bundle, tmp_path):
    """Also where no camera_info has the stamp of an image, as of drivers that send the two by themselves."""
    street = write_street(tmp_path / "street", start_ns=10**9, info_late_ns=3 * 10**7)
    out = tmp_path / "processed"
    arguments = ["--input", str(street), "--out", str(tmp_path), "--model", str(bundle.folder)]
    assert main(["demo", *arguments, "--precision", "fp32"]) == 0
    process_bag(street, out, Processing(Settings(model=str(bundle.folder), precision="fp32")))
    for topic in TOPICS:
        live, processed = images(tmp_path / "recording", topic), images(out, topic)
        assert len(live) == len(processed) == 8
        np.testing.assert_array_equal(live, processed)
    for path in (tmp_path / "recording", out):
        with Bag(path) as bag:
            assert bag.counts["/depth/camera_info"] == 8, "each has its camera, so that its metres are right"
    live_scores, scores = (evaluate_bag(path).time_blocks.total() for path in (tmp_path / "recording", out))
    # the row table is that of other stretches of time, which the player's clock cuts elsewhere
    compared = [name for name in scores if name not in ("prior_abs_rel", "skill", "standing_out", "standing_out_share")]
    live_scores, scores = ({name: each[name] for name in compared} for each in (live_scores, scores))
    assert live_scores == pytest.approx(scores, nan_ok=True) and scores["abs_rel"] > 0
