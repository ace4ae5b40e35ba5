# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is trained on, what is judged, and what results say of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from miniature import write_camvid, write_city, write_kitti_drive

from mt_perception.datasets.sample import DatasetError, Reader
from mt_perception.datasets.splits import parse_holdout, split_readers, split_texts
from mt_perception.evaluation.datasets.baseline import baseline, row_prior_of
from mt_perception.model.card import BundleCard, TrainingCamera
from mt_perception.model.row_prior import RowPrior
from mt_perception.model.spec import InputSpec, NetworkSpec
from mt_perception_training.data.sources import open_readers
from mt_perception_training.data.splits import trained_on, with_blocks, written
from mt_perception_training.recipe import Recipe, parse_recipe

CARD = BundleCard("street", True, NetworkSpec(), InputSpec(96, 64), TrainingCamera(100.0, 96))
DRIVES = ("0001TP", "0016E5")
PHASE = {"batch": {"camvid": 1, "kitti_drive": 1}, "epochs": 1}


def recipe(**changes: object) -> Recipe:
    return parse_recipe({"name": "x", "network": {}, "input": {}, "fx_px": 500, "phases": [PHASE], **changes})


def stems(reader: Reader) -> list[str]:
    return [reader.files(index)[0].stem for index in range(len(reader))]


def test_a_drive_is_validated_on_and_not_trained_on(tmp_path: Path) -> None:
    folders, holdout = {"camvid": write_camvid(tmp_path, 2, DRIVES)}, {"camvid": ("0001TP",)}
    assert stems(split_readers(folders, "train", holdout, True)["camvid"]) == ["0016E5_0", "0016E5_1"]
    judged = split_readers(folders, "val", holdout, False)
    assert {name: len(reader) for name, reader in judged.items()} == {"camvid": 4, "camvid_holdout": 2}
    held = judged["camvid_holdout"]
    assert stems(held) == ["0001TP_0", "0001TP_1"] and held.files(0)[0].parts[-3] == "train"
    assert not {13} & set(held[0].labels.ravel().tolist())  # a teacher's word
    assert split_texts(judged, "val", holdout) == {"camvid": "val", "camvid_holdout": "holdout 0001TP"}
    assert set(open_readers(["camvid"], folders, "val", holdout)) == set(judged)


def test_training_on_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="leaves nothing of camvid to train on"):
        split_readers({"camvid": write_camvid(tmp_path)}, "train", {"camvid": ("all",)}, True)


def test_a_data_set_without_splits_is_validated_on_its_last_stretch_alone(tmp_path: Path) -> None:
    folders = {
        "camvid": write_camvid(tmp_path / "camvid"),
        "kitti_drive": write_kitti_drive(tmp_path / "kitti_drive", 40),
    }
    made = with_blocks(recipe(), folders)
    assert made.holdout == {"kitti_drive": ("block9",)}
    assert with_blocks(recipe(holdout={"kitti_drive": ["block2"]}), folders).holdout == {"kitti_drive": ("block2",)}
    train, val = (split_readers(folders, split, made.holdout, True) for split in ("train", "val"))
    assert set(val) == {"camvid", "kitti_drive_holdout"} and len(val["kitti_drive_holdout"]) == 4
    assert not set(stems(train["kitti_drive"])) & set(stems(val["kitti_drive_holdout"]))


def test_holdouts_on_the_command_line() -> None:
    holdout = parse_holdout(["camvid=0001TP,0006R0", "city=street0000003", "camvid=0016E5"])
    assert holdout == {"camvid": ("0001TP", "0006R0", "0016E5"), "city": ("street0000003",)}
    assert parse_holdout(written(holdout).split()) == holdout
    for wrong in ("camvid", "camvid=", "camvid=,", "nothing=0001TP"):
        with pytest.raises(DatasetError, match="NAME=GROUP"):
            parse_holdout([wrong])


def test_a_recipe_carries_its_holdout_and_tells_what_it_has_seen() -> None:
    made = recipe(holdout={"camvid": ["0001TP"]})
    assert parse_recipe(made.to_dict()) == made
    assert trained_on(made, {"camvid": ("0001TP",), "city": ("all",)}) == {}  # the city is not in its batches
    assert trained_on(made, {"camvid": ("0001TP", "0006R0")}) == {"camvid": ["0006R0"]}
    assert trained_on(recipe(holdout={"camvid": ["all"]}), {"camvid": ("0006R0",)}) == {}


def test_depth_is_compared_with_the_split_train_or_with_other_tenths_or_with_the_card(tmp_path: Path) -> None:
    city, kitti = write_city(tmp_path / "city"), write_kitti_drive(tmp_path / "kitti_drive", 2)
    found = baseline("city", split_readers({"city": city}, "val", {}, False)["city"], city, {}, CARD)
    assert found and "split train (3 frames)" in found.description
    # the scene's road: 90 / (row - 32 + 3) m
    table = found.prior(0)
    assert table and table.predict(split_readers({"city": city}, "val", {}, False)["city"][0].camera)[60, 5] == (
        pytest.approx(90 / 31, rel=0.05)
    )
    found = baseline(
        "kitti_drive", split_readers({"kitti_drive": kitti}, "val", {}, False)["kitti_drive"], kitti, {}, CARD
    )
    assert found and "other tenths" in found.description and found.prior(0) and found.prior(1)
    one = write_kitti_drive(tmp_path / "one", 1)
    reader = split_readers({"kitti_drive": one}, "val", {}, False)["kitti_drive"]
    for card, words in (
        (CARD, "no row table"),
        (dataclasses.replace(CARD, row_prior=RowPrior(0, 1, (5.0,))), "street"),
    ):
        found = baseline("kitti_drive", reader, one, {}, card)
        assert found and words in found.description and found.prior(0) == card.row_prior
    camvid = write_camvid(tmp_path / "camvid")
    assert baseline("camvid", split_readers({"camvid": camvid}, "val", {}, False)["camvid"], camvid, {}, CARD) is None
    assert row_prior_of({"camvid": camvid}, {}) is None and row_prior_of({"camvid": camvid, "city": city}, {})
