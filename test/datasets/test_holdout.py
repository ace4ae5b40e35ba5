# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is held out: whole drives where a data set tells them, stretches with a gap where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from miniature import write_camvid, write_city, write_kitti

from mt_perception.datasets.camvid import CamVid
from mt_perception.datasets.cityscapes import Cityscapes
from mt_perception.datasets.holdout import GAP, dataset_of, group_of, held_out_name, split_off, untaught
from mt_perception.datasets.kitti import Kitti
from mt_perception.datasets.sample import DatasetError


def names(reader) -> list[str]:
    return [Path(reader.files(index)[0]).stem for index in range(len(reader))]


def test_a_drive_of_camvid_is_held_out_whole(tmp_path: Path) -> None:
    reader = CamVid(write_camvid(tmp_path, frames=2, drives=("0001TP", "0006R0", "0016E5")) / "train")
    kept, held = split_off(reader, ["0006R0"], "camvid")
    assert names(held) == ["0006R0_0", "0006R0_1"]
    assert names(kept) == ["0001TP_0", "0001TP_1", "0016E5_0", "0016E5_1"]
    assert [each.name for each in (held[0], kept[3])] == ["0006R0_0", "0016E5_1"]
    assert [len(each) for each in split_off(reader, ["all"], "camvid")] == [0, 6]


def test_an_unknown_drive_is_told_with_those_there_are(tmp_path: Path) -> None:
    reader = CamVid(write_camvid(tmp_path, drives=("0001TP", "0006R0")) / "train")
    with pytest.raises(DatasetError, match=r"camvid has no 0005VD to hold out.*0001TP \(2\), 0006R0 \(2\), and all"):
        split_off(reader, ["0005VD"], "camvid")


def test_a_street_of_the_city_is_a_group(tmp_path: Path) -> None:
    assert group_of(Cityscapes(write_city(tmp_path), "val"), 2) == "street0000001"


def test_what_has_no_groups_is_cut_in_stretches_with_a_gap(tmp_path: Path) -> None:
    reader = Kitti(write_kitti(tmp_path, frames=40))
    kept, held = split_off(reader, ["block5"], "kitti")
    assert names(held) == [f"{index:06d}_10" for index in range(20, 24)]
    left = [*range(20 - GAP), *range(24 + GAP, 40)]
    assert names(kept) == [f"{index:06d}_10" for index in left]
    assert [group_of(Kitti(write_kitti(tmp_path / "two", frames=2)), index) for index in (0, 1)] == ["block0", "block1"]


def test_a_teacher_is_no_truth(tmp_path: Path) -> None:
    reader = CamVid(write_camvid(tmp_path) / "train")
    car = next(each.train_id for each in reader.labels if each.meaning == {"car"})
    assert car in reader[0].labels
    assert car not in untaught(reader)[0].labels  # CamVid's own says: car or truck or bus


def test_names_in_scores_tell_the_data_set() -> None:
    assert dataset_of(held_out_name("kitti_drive")) == dataset_of("kitti_drive") == "kitti_drive"
