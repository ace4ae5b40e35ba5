# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Pseudo-labels, merged into what a data set knows itself."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from miniature import write_camvid

from mt_perception.datasets.camvid import CAMVID11
from mt_perception.datasets.cityscapes import encode_depth
from mt_perception.datasets.sample import DatasetError, Sample
from mt_perception.labels import CITYSCAPES
from mt_perception.metrics.label_mapping import LabelMapping
from mt_perception.types import Camera, DataError
from mt_perception_training.data.pseudo import PseudoLabelled
from mt_perception_training.data.sources import open_readers

NAN, SKY = np.nan, np.inf


class Few:
    """A reader of given samples, with CamVid's labels."""

    labels = CAMVID11

    def __init__(self, *samples: Sample) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        return self._samples[index]

    def files(self, index: int) -> list[Path]:
        return []


def write(folder: Path, name: str, labels=None, depth_m=None, camera=None) -> Path:
    for kind, image in (("labels", labels), ("depth", None if depth_m is None else encode_depth(depth_m))):
        if image is not None:
            path = folder / kind / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), image)
    if camera:
        (folder / "camera.json").write_text(json.dumps(camera))
    return folder


IMAGE = np.zeros((3, 4, 3), np.uint8)
CAMERA = Camera(4, 3, 5.0, 5.0, 1.5, 1.0)
TRUE = np.array([[0, 255, 255, 255], [1, 1, 255, 8], [3, 3, 255, 255]], np.uint8)  # sky, building, car, road
TAUGHT = np.array([[2, 10, 255, 8], [3, 8, 11, 14], [1, 0, 0, 255]], np.uint8)
MERGED = [["sky", "sky", "", "vegetation"], ["wall", "building", "pedestrian", "truck"], ["road"] * 3 + [""]]
TRUE_M = np.array([[NAN, NAN, NAN, NAN], [NAN, 9.0, NAN, 4.0], [2.0, NAN, NAN, NAN]], np.float32)
TAUGHT_M = np.array([[60.0, 50.0, NAN, 40.0], [12.0, 11.0, SKY, 5.0], [3.0, 3.0, 3.5, NAN]], np.float32)
MERGED_M = [[SKY, SKY, NAN, 40.0], [12.0, 9.0, SKY, 4.0], [2.0, 3.0, 3.5, NAN]]


def named(reader: PseudoLabelled, sample: Sample) -> list[list[str]]:
    names = dict(zip(reader.labels.train_ids, reader.labels.names, strict=True))
    return [[names.get(each, "") for each in row] for row in sample.labels.tolist()]


def test_truth_first_and_the_teacher_where_it_is_silent(tmp_path: Path) -> None:
    """Labels: a member of the group that is known refines it. Depth: sky where the labels say so, unless measured."""
    folder = write(tmp_path, "drive/0001", TAUGHT, TAUGHT_M)
    reader = PseudoLabelled(Few(Sample("drive/0001", IMAGE, TRUE, TRUE_M, CAMERA)), folder)
    sample = reader[0]
    assert named(reader, sample) == MERGED
    np.testing.assert_array_equal(sample.depth_m, np.array(MERGED_M, np.float32))
    assert sample.camera == CAMERA and sample.metric


def test_an_image_without_truth_takes_all_from_the_teacher(tmp_path: Path) -> None:
    reader = Few(Sample("a", IMAGE), Sample("b", IMAGE, TRUE))
    taught = PseudoLabelled(reader, write(tmp_path, "a", TAUGHT, TAUGHT_M, {"fx_share": 0.9, "horizon": 0.4}))
    one, other = taught
    assert np.array_equal(one.labels, LabelMapping(CITYSCAPES, taught.labels).table()[TAUGHT]) and not one.metric
    assert one.camera.intrinsics == pytest.approx((3.6, 3.6, 1.5, 1.2))
    np.testing.assert_array_equal(one.depth_m, np.where(TAUGHT == 10, np.float32(SKY), TAUGHT_M))
    assert other.depth_m is None and other.labels is TRUE  # nobody was asked about it


def test_a_measured_camera_makes_metres(tmp_path: Path) -> None:
    note = {"width_px": 4, "height_px": 3, "fx_px": 7.0, "fy_px": 7.5, "cx_px": 1.0, "cy_px": 2.0}
    folder = write(tmp_path, "a", None, TAUGHT_M, note)
    sample = PseudoLabelled(Few(Sample("a", IMAGE)), folder)[0]
    assert sample.metric and sample.camera == Camera(**note) and sample.labels is None
    write(tmp_path, "large", None, np.ones((6, 4), np.float32))
    with pytest.raises(DataError, match="the camera is one of 4x3 px, the image has 4x6"):
        PseudoLabelled(Few(Sample("large", np.zeros((6, 4, 3), np.uint8))), folder)[0]


def test_pseudo_labels_that_cannot_be_right_are_told(tmp_path: Path) -> None:
    reader = Few(Sample("a", IMAGE))
    write(tmp_path / "x", "a", TAUGHT[:, :3])
    with pytest.raises(DatasetError, match=r"labels/a.png has 3x3 px, but its image 4x3"):
        PseudoLabelled(reader, tmp_path / "x")[0]
    for text in ("{", '{"fx": 3}', '{"fx_px": 3}', '{"fx_share": -1}'):
        (tmp_path / "x/camera.json").write_text(text)
        with pytest.raises(DatasetError, match="describes no camera"):
            PseudoLabelled(reader, tmp_path / "x")
    (tmp_path / "y").mkdir()
    with pytest.raises(DatasetError, match="holds no pseudo-labels"):
        PseudoLabelled(reader, tmp_path / "y")
    with pytest.raises(DatasetError, match=r"there are no pseudo-labels: expected .*/nowhere/camvid"):
        open_readers(["camvid"], {"camvid": write_camvid(tmp_path)}, "train", pseudo=tmp_path / "nowhere")
