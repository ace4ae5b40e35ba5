# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A data set with classes of its own, and the files that tell them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mt_perception.datasets.own import LABELS_FILE, Own, read_labels
from mt_perception.datasets.sample import DatasetError
from mt_perception.datasets.sources import LABEL_SETS, open_dataset, open_labels

FIELD = """
name: field
sky: sky
labels:
  - {name: grass, label_id: 3, color: [120, 200, 80]}
  - {name: crop, covers: [wheat, maize]}
  - {name: sky, label_id: 9}
"""


def write_own(folder: Path, ids: np.ndarray, labels: str = FIELD) -> Path:
    for kind, content in (("image", np.zeros((*ids.shape, 3), np.uint8)), ("label", ids)):
        (folder / "train" / kind).mkdir(parents=True)
        cv2.imwrite(str(folder / "train" / kind / "0.png"), content)
    (folder / LABELS_FILE).write_text(labels)
    return folder


def test_label_ids_become_train_ids_by_the_order_of_the_file(tmp_path: Path) -> None:
    folder = write_own(tmp_path, np.array([[3, 1, 9, 255, 3]], np.uint8))
    reader = open_dataset(folder, "train")
    assert reader.labels.names == ("grass", "crop", "sky") and reader.labels.sky_id == 2
    assert reader[0].labels.tolist() == [[0, 1, 2, 255, 0]] and reader[0].depth_m is None
    assert reader.labels.labels[1].meaning == {"wheat", "maize"}
    colors = [each.color for each in reader.labels]
    assert colors[0] == (120, 200, 80) and len(set(colors)) == 3


def test_a_label_of_no_class_is_no_silence(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"0\.png has pixels with the label_id 7; labels\.yaml has 3, 1, 9, and 255"):
        Own(write_own(tmp_path, np.array([[3, 7]], np.uint8)))[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is None; expected keys and values, with `labels` a list of classes"),
        ("labels: 5", "expected keys and values, with `labels` a list of classes"),
        ("labels: [grass]", "labels[0] is 'grass'; expected keys and values"),
        ("labels: [{label_id: 1}]", "labels[0] lacks a key; not given: name"),
        ("labels: [{name: a, label_id: 1}, {name: b, label_id: 1}]", "two classes of x have the same label_id, 1"),
        ("labels: [{name: a, train_id: 1}, {name: b}]", "two classes of x have the same train_id, 1"),
        ("labels: [{name: a, color: [0, 0, 256]}]", "color is [0, 0, 256]; allowed: red, green and blue from 0 to 255"),
        ("labels: [{name: a, colour: [0, 0, 2]}]", "has the unknown key 'colour'"),
        ("labels: [{name: a}]\nsky: b", "sky is 'b'; the classes are a"),
        ("labels: [{name: a, label_id: 256}]", "label_id is 256; allowed: 0 to 255"),
        ("labels: [" + ", ".join(f"{{name: c{i}}}" for i in range(256)) + "]", "train_id is 255; allowed: 0 to 254"),
        ("labels: [", "it is no valid YAML"),
    ],
)
def test_a_label_set_that_is_none_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(DatasetError) as error:
        read_labels(tmp_path / "x.yaml")
    assert said in str(error.value) and "x.yaml is no label set" in str(error.value)
    assert str(error.value).isprintable()


def test_label_sets_by_name_or_file(tmp_path: Path) -> None:
    (tmp_path / "field.yaml").write_text(FIELD)
    assert open_labels("field.yaml", tmp_path) == read_labels(tmp_path / "field.yaml")
    assert open_labels("camvid") is LABEL_SETS["camvid"]
    with pytest.raises(DatasetError, match=r"there is no label set 'cars'; give a \.yaml file, or one of cityscapes, "):
        open_labels("cars")
    with pytest.raises(DatasetError, match=r"none\.yaml does not exist"):
        open_labels(str(tmp_path / "none.yaml"))
