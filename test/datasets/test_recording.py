# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Data sets as recordings: what is read from a recording is what the data set holds."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
from miniature import write_camvid, write_city, write_kitti

from mt_perception.bags.bag import Bag
from mt_perception.bags.by_stamp import frame_sets
from mt_perception.commands.main import main
from mt_perception.datasets.recording import Form, record
from mt_perception.datasets.sample import Sample, labels_of
from mt_perception.datasets.sources import open_dataset
from mt_perception.evaluation.recorded_labels import true_labels
from mt_perception.messages.read import camera_from_info
from mt_perception.topics import TRUE_LABELS
from mt_perception.types import Camera

LAYOUTS = {
    "pair": partial(write_city, right=True),
    "one camera": write_city,
    "kitti": partial(write_kitti, frames=3, right=True),
    "camvid": partial(write_camvid, frames=3),
}


def records_of(path):
    """Frame sets of a recording, and its cameras (left or only, right) by stamp."""
    with Bag(path) as bag:
        cameras = {}
        for each in bag.messages([topic for topic in bag.counts if topic.endswith("camera_info")]):
            message = each.message()
            cameras.setdefault(each.received_ns, {})["right" in each.topic] = camera_from_info(message)
            assert message.header.frame_id == "camera"
        return list(frame_sets(bag)), cameras


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", [("mcap", ""), ("sqlite3", "png")], ids=str)
def test_what_is_recorded_is_what_the_data_set_holds(tmp_path, layout, form):
    folder, (storage, codec) = LAYOUTS[layout](tmp_path / "data"), form
    arguments = [str(folder), str(tmp_path / "bag"), "--rate", "4", "--limit", "2", "--storage", storage]
    assert main(["bag", "from-dataset", *arguments, *(["--compressed", codec] if codec else [])]) == 0
    reader = open_dataset(folder, "val")
    recorded, cameras = records_of(tmp_path / "bag")
    with Bag(tmp_path / "bag") as bag:
        assert true_labels(bag) == (None if reader[0].labels is None else labels_of(reader))
    assert [each.stamp_ns for each in recorded] == [10**9, 1_250_000_000]
    assert (tmp_path / "bag" / f"bag.{'mcap' if storage == 'mcap' else 'db3'}").is_file()
    for frame_set, sample in zip(recorded, map(reader.__getitem__, range(2)), strict=True):
        np.testing.assert_array_equal(frame_set.image(), sample.image)
        np.testing.assert_array_equal(frame_set.array(TRUE_LABELS), sample.labels)
        np.testing.assert_array_equal(frame_set.true_depth_m(), sample.depth_m)
        assert (TRUE_LABELS in frame_set.messages) == (sample.labels is not None)
        right = frame_set.array("right/image_rect")
        assert (right is None) == (sample.right is None)
        found = cameras.get(frame_set.stamp_ns, {})
        if right is not None:
            np.testing.assert_array_equal(cv2.cvtColor(right, cv2.COLOR_BGR2RGB) if codec else right, sample.right)
            assert found[True].baseline_m == pytest.approx(sample.camera.baseline_m)
        assert found.get(False) == (sample.camera and replace(sample.camera, baseline_m=None))


def test_small_depth_is_true_to_a_tenth_of_a_percent_and_loses_the_sky(tmp_path):
    near_m = np.linspace(0.05, 65.5, 4000, dtype=np.float32)
    depth_m = np.append(near_m, [65.6, np.inf, np.nan]).astype(np.float32)[None]
    camera = Camera.assumed((1, depth_m.size))
    sample = Sample("0", np.zeros((1, depth_m.size, 3), np.uint8), depth_m=depth_m, camera=camera)
    record(tmp_path / "bag", [sample], 1.0, Form("png", small_depth=True))
    (frame_set,), _ = records_of(tmp_path / "bag")
    found = frame_set.true_depth_m()[0]
    assert np.isnan(found[-3:]).all()
    assert np.abs(found[:-3] / near_m - 1)[near_m > 1].max() < 1.5e-3
    assert np.abs(found[:-3] - near_m)[near_m <= 1].max() < 0.6e-3


def test_data_set_to_recording_to_results_to_scores(tmp_path, bundle):
    """The documented lines, without ROS."""
    bag, results, scores = (str(tmp_path / name) for name in ("bag", "results", "scores.json"))
    assert (
        main(["bag", "from-dataset", str(write_city(tmp_path / "city", right=True)), bag, "--compressed", "jpg"]) == 0
    )
    assert main(["bag", "process", bag, results, "--model", str(bundle.folder), "--precision", "fp32"]) == 0
    assert main(["bag", "evaluate", results, "--json", scores]) == 0
    (found,) = json.loads((tmp_path / "scores.json").read_text())["recordings"]
    assert (found["images"], found["results"], found["dropped"]) == (3, 3, 0)
    assert 0 <= found["scores"]["miou"]["value"] < 1 and found["scores"]["abs_rel"]["value"] > 0


def test_nothing_half_written_is_left(tmp_path, monkeypatch, capsys):
    folder = write_city(tmp_path / "city")
    next((folder / "depth" / "val").rglob("*000002_*.png")).write_bytes(b"rubbish")
    arguments = ["bag", "from-dataset", str(folder), str(tmp_path / "bag")]
    assert main(arguments) == 1
    assert "000002_000019_depth.png cannot be read: it is missing, or no image" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["city"]
    assert main([*arguments, "--limit", "2"]) == 0
    assert main(arguments) == 1
    assert "exists already" in capsys.readouterr().err
    assert main([*arguments[:3], str(tmp_path / "other"), "--rate", "0"]) == 1
    assert main([*arguments[:3], str(tmp_path / "other"), "--limit", "-1"]) == 1
    said = capsys.readouterr().err
    assert "rate is 0.0 Hz" in said and "limit is -1" in said
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bag", "city"]
