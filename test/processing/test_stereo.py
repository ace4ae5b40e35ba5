# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pairs of a recording through the network without ROS: depth as the node's own class makes it, always the same."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest
from stereo.recorded import street

from mt_perception.bags.bag import Bag
from mt_perception.bags.by_stamp import frame_sets
from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import main
from mt_perception.messages.read import array_from_image
from mt_perception.pipeline import Perceiver
from mt_perception.processing import process
from mt_perception.processing.process import process_bag
from mt_perception.processing.shard import Processing, process_segment
from mt_perception.settings import Settings
from mt_perception.stereo import StereoDepth
from mt_perception.topics import DEPTH, DISPARITY
from mt_perception.utils.resources import city_recording
from recordings import contents, write_street

SMALL = Settings(backend="openvino", precision="fp32", input_width=320, input_height=192, stereo=True)


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    """The first twelve pairs of the rendered street, 8 a second."""
    path = tmp_path_factory.mktemp("drive") / "drive"
    with Bag(city_recording()) as bag, BagWriter(path) as short:
        for each in bag.messages(stop_ns=bag.span_ns[0] + 1_500_000_000):
            short.write(each.topic, each.type_name, each.received_ns, each.data)
    return path


@pytest.fixture(scope="module")
def made(drive, cache_home, tmp_path_factory):
    """A function that gives the drive, processed with some `depth_mode`; each is made once."""
    outs = {}

    def process_as(mode):
        if mode not in outs:
            outs[mode] = tmp_path_factory.mktemp(mode) / "out"
            stats = process_bag(drive, outs[mode], processing(mode))
            assert (stats.images, stats.problems()) == (12, [])
        return outs[mode]

    return process_as


def processing(mode):
    return Processing(SMALL.replace(depth_mode=mode), disparity=True)


def off(path):
    """Median of |depth / truth - 1| up to 40 m, over all images."""
    errors = []
    with Bag(path) as bag:
        for frame_set in frame_sets(bag):
            truth_m = frame_set.true_depth_m()
            near = truth_m < 40
            errors.append(np.median(np.abs(frame_set.array(DEPTH)[near] / truth_m[near] - 1)))
    return np.median(errors)


def test_the_pair_makes_depth_metric(made):
    assert off(made("fused")) < 0.05 < off(made("scaled")) < 0.25


def test_depth_is_what_the_node_makes_of_each_pair(made):
    """`fused` waits for each pair in the node too, so that there is one answer."""
    perceiver, node = Perceiver.open(SMALL), StereoDepth(lambda *_: None, lambda _: None)
    settings = SMALL.replace(depth_mode="fused")
    with Bag(made("fused")) as bag:
        depths = bag.messages([f"/{DEPTH}"])
        for (pair, _), recorded in zip(street(4), depths, strict=False):
            matching = node.begin(lambda pair=pair: pair, settings)
            network_m = perceiver(pair.left).depth_m
            expected_m = node.correct(network_m, pair.left.stamp_ns, matching, settings)
            np.testing.assert_array_equal(array_from_image(recorded.message()), expected_m)
    node.close()


def test_disparity_is_matched_at_the_rate_that_was_set(made):
    with Bag(made("fused")) as fused, Bag(made("scaled")) as scaled:
        counts = [bag.counts[f"/{DISPARITY}"] for bag in (fused, scaled)]
        message = next(scaled.messages([f"/{DISPARITY}"])).message()
        truth_m = next(frame_sets(scaled)).true_depth_m()
    assert counts == [12, 7]  # all; and the first in each fifth of a second
    found = array_from_image(message.image)
    known = (found > 1) & (truth_m < 40)
    assert np.median(np.abs(message.f * message.t / found[known] / truth_m[known] - 1)) < 0.05
    assert message.valid_window.width == found.shape[1] == 640 and (found[found < 0] == -1).all()


@pytest.mark.parametrize("mode", ["scaled", "fused"])
def test_segments_give_the_same_in_any_order(made, drive, tmp_path, monkeypatch, mode):
    """Each looks back as far as its scale remembers: here, to the beginning."""
    monkeypatch.setattr(process, "SEGMENT_S", 0.6)
    with ExitStack() as owned:
        tasks, _ = process._plan(drive, tmp_path / "out", processing(mode), owned)
    assert len(tasks) == 3
    for task in reversed(tasks):
        process_segment(processing(mode), 1, task)
    process_bag(drive, tmp_path / "out", processing(mode))
    assert contents(tmp_path / "out") == contents(made(mode))


def test_pairs_without_stamps_are_found_by_their_time_of_reception(made, drive, tmp_path):
    """All stamps are zero; here the times of reception are what they were."""
    with Bag(drive) as bag, BagWriter(tmp_path / "zero") as zero:
        for each in bag.messages():
            zero.write(
                each.topic, each.type_name, each.received_ns, bytes(each.data[:4]) + bytes(8) + bytes(each.data[12:])
            )
    stats = process_bag(tmp_path / "zero", tmp_path / "out", processing("scaled"))
    assert stats.images == 12 and "time of reception" in stats.problems()[0]
    with Bag(tmp_path / "out") as bag, Bag(made("scaled")) as expected:
        for one, other in zip(bag.messages([f"/{DEPTH}"]), expected.messages([f"/{DEPTH}"]), strict=True):
            np.testing.assert_array_equal(array_from_image(one.message()), array_from_image(other.message()))


def test_what_has_no_partner_or_no_calibration_is_told(bundle, tmp_path, capsys):
    """Half of the right images are 20 ms late; and there is no right camera_info."""
    with BagWriter(tmp_path / "late") as late, Bag(write_street(tmp_path / "street", start_ns=10**9)) as bag:
        for index, each in enumerate(bag.messages()):
            data = bytearray(each.data)
            if "right" in each.topic and index % 2:
                data[8:12] = (int.from_bytes(data[8:12], "little") + 20_000_000).to_bytes(4, "little")
            late.write(each.topic, each.type_name, each.received_ns, bytes(data))
    arguments = [str(tmp_path / "late"), str(tmp_path / "out"), "--stereo", "--model", str(bundle.folder)]
    assert main(["bag", "process", *arguments]) == 0
    said = capsys.readouterr()
    assert "4 images" in said.out and "4 images skipped: no right image within sync_slop_s (0.01 s)" in said.err
    assert "stereo depth is missing: stereo depth needs the camera_info of both cameras" in said.err
    one_camera = ["--topic", "/right/image_rect/compressed", "--stereo", "--model", str(bundle.folder)]
    assert main(["bag", "process", str(tmp_path / "late"), str(tmp_path / "none"), *one_camera]) == 1
    assert "has no right image" in capsys.readouterr().err
    assert main(["bag", "process", str(tmp_path / "late"), str(tmp_path / "none"), "--disparity"]) == 1
    assert "add --stereo" in capsys.readouterr().err
