# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""YAML files of teachers: what is wrong in one ends in one sentence that names it."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_teachers import CAMERA, write_depth_teacher, write_label_teacher

pytest.importorskip("openvino")
pytest.importorskip("onnx")

from mt_perception.datasets.camvid import CAMVID11
from mt_perception.types import Camera
from mt_perception_training.teachers.network import TeacherError
from mt_perception_training.teachers.opening import open_teachers
from mt_perception_training.teachers.views import Views

ONCE = Views(flip=False)
SIDES = ("width", "height")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "flow"}, "task is 'flow'; allowed: depth, labels"),
        ({"task": None}, "unknown key 'output'; known: .*segmentation, depth"),
        ({"file": "none.onnx"}, "none.onnx does not exist"),
        ({"colour": 1}, "unknown key 'colour'; known: file, input"),
        ({"input": {"camera": None}}, "input lacks a key; not given: .*camera"),
        ({"input": {"camera": {"fx_px": 0}}}, "camera: size and focal lengths must be above 0"),
        ({"input": {"camera": {"height": 50}}}, "camera's height is 50 px, but .* takes 48"),
        ({"input": {"layout": "CHW"}}, "layout is 'CHW'; allowed: NCHW, NHWC"),
        ({"input": {"channels": "yuv"}}, "channels is 'yuv'; allowed: rgb, bgr, mono"),
        ({"input": {"mean": [1, 2]}}, "mean has 2 numbers"),
        ({"input": {"std": [0]}}, "std must be above 0"),
        ({"input": {"range": [1, 0]}}, "range must grow"),
        ({"input": {"range": "wide"}}, "range is 'wide'; expected"),
        ({"input": {"name": "bild"}}, r"names the inputs \['bild'\], but .* has \['image'\]"),
        ({"output": {"name": "tiefe"}}, r"names the output 'tiefe', but .* has \['depth_m'\]"),
        ({"output": {"meaning": "flow"}}, "meaning is 'flow'; allowed: metres, inverse, disparity, relative"),
        ({"output": {"meaning": "disparity"}}, "disparity needs `factor`, the focal length"),
        ({"output": {"meaning": "relative"}}, "meaning is 'relative'; only depth in metres"),
        ({"segmentation": {"meaning": "logits"}}, "a teacher speaks of labels or of depth"),
        ({"output": {"valid_m": [9, 3]}}, "valid_m is .* two growing distances"),
    ],
)
def test_wrong_descriptions_end_in_a_sentence(tmp_path, changes, message):
    with pytest.raises(TeacherError, match=message) as caught:
        open_teachers([write_depth_teacher(tmp_path, **changes)], ONCE)
    assert "\n" not in str(caught.value)


def test_channels_are_of_the_classes_that_the_description_names(tmp_path):
    path = write_label_teacher(tmp_path, labels="camvid", output={"train_ids": [3, 8, 0]})
    teachers = open_teachers([path], ONCE)
    assert teachers.labels.classes == CAMVID11 and teachers.identities["labels"]["labels"]["name"] == "camvid11"
    blue = np.full((16, 24, 3), (0, 0, 255), np.uint8)
    assert np.unique(teachers.labels.labels(blue)[0]).tolist() == [CAMVID11.sky_id]
    assert "labels" not in open_teachers([write_label_teacher(tmp_path)], ONCE).identities["labels"]


def test_the_identity_of_a_teacher_stays_what_folders_of_its_labels_hold(tmp_path):
    depth = open_teachers([write_depth_teacher(tmp_path)], ONCE).identities["depth"]
    shared = {"layout": "NCHW", "channels": "rgb", "range": (0, 1), "mean": (0,), "std": (1,)}
    camera = {**CAMERA, "height_above_road_m": 0}
    assert depth.pop("sha256") and depth == {
        "file": "depth.onnx",
        "input": {"name": "image", **shared, "multiple": 32, "camera": camera},
        "output": {"meaning": "depth in metres", "name": "depth_m", "valid_m": (1, 40)},
        "task": "depth",
        "terms": "",
    }
    labels = open_teachers([write_label_teacher(tmp_path)], ONCE).identities["labels"]
    assert labels.pop("sha256") and labels == {
        "file": "labels.onnx",
        "input": {"name": "image", **shared, "multiple": 8, "width": 0, "height": 0},
        "output": {"meaning": "logits", "name": "", "train_ids": (0, 13, 10)},
        "task": "labels",
        "terms": "",
    }


def test_a_network_that_tells_inverse_depth_teaches_metres(tmp_path):
    image, camera = (
        np.zeros((48, 96, 3), np.uint8),
        Camera(**{f"{k}_px" if k in SIDES else k: v for k, v in CAMERA.items()}),
    )
    metres = open_teachers([write_depth_teacher(tmp_path)], ONCE).depth.depth_m(image, camera)
    output = {"meaning": "disparity", "factor": 60.0, "valid_m": [1.5, 60.0]}
    turned = open_teachers([write_depth_teacher(tmp_path, output=output)], ONCE).depth.depth_m(image, camera)
    both = np.isfinite(metres) & np.isfinite(turned)
    assert both.any()
    np.testing.assert_allclose(turned[both], 60 / metres[both], rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output": {"meaning": "votes"}}, "meaning is 'votes'; allowed: logits, probabilities, labels"),
        ({"output": {"meaning": "labels"}}, "tells no confidence; allowed: logits, probabilities"),
        ({"output": {"train_ids": [0, 40]}}, r"train_ids has 40; allowed: 0, 1, .*, 18, and 255"),
        ({"labels": "camvid"}, r"train_ids has 13; allowed: 0, .*, 9, 10, and 255"),
        ({"labels": "none.yaml"}, r"none\.yaml does not exist"),
        ({"output": {"train_ids": None}}, r"gives \(3, 16, 24\); expected 19 channels"),
        ({"output": {"train_ids": [0, 1]}}, r"gives \(3, 16, 24\); expected 2 channels"),
        ({"size": (16, 24)}, "takes 24x16 px alone; leave out --scales"),
    ],
)
def test_wrong_descriptions_of_labels_too(tmp_path, changes, message):
    with pytest.raises(TeacherError, match=message) as caught:
        teacher = open_teachers([write_label_teacher(tmp_path, **changes)], Views(True, (1.0, 2.0))).labels
        teacher.labels(np.zeros((16, 24, 3), np.uint8))
    assert "\n" not in str(caught.value)


def test_what_is_no_teacher_is_named(tmp_path):
    (tmp_path / "list.yaml").write_text("- 1\n")
    (tmp_path / "broken.yaml").write_text("file: [")
    for name, message in (
        ("", "no model bundle"),
        ("none.yaml", "cannot be read"),
        ("list.yaml", "no keys and values"),
        ("broken.yaml", "no valid YAML"),
    ):
        with pytest.raises(TeacherError, match=message):
            open_teachers([tmp_path / name], ONCE)
    with pytest.raises(TeacherError, match="scales are"):
        Views(scales=(0.0,))
