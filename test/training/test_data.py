# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is checked and drawn on the way from a data set into the training."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from miniature import write_city

from mt_perception.datasets.check import check_files
from mt_perception.datasets.cityscapes import Cityscapes
from mt_perception.datasets.sample import DatasetError
from mt_perception.datasets.sources import parse_folders
from mt_perception_training.data.batches import draw
from mt_perception_training.data.sources import open_readers


def test_every_bad_file_is_named_at_once(tmp_path: Path) -> None:
    reader = Cityscapes(write_city(tmp_path))
    wanted = (("gtFine", 0), ("depth", 1), ("gtFine", 2), ("camera", 2))
    missing, broken, odd, camera = (reader.path(*each) for each in wanted)
    missing.unlink()
    broken.write_bytes(broken.read_bytes()[:100])
    cv2.imwrite(str(odd), np.zeros((5, 7), np.uint8))
    camera.unlink()
    with pytest.raises(DatasetError, match="4 files cannot be used") as caught:
        check_files([reader])
    assert all(str(path) in str(caught.value) for path in (missing, broken, odd, camera))


def test_each_round_shows_every_sample_once() -> None:
    drawn = [draw("camvid", 1, position, 5) for position in range(15)]
    assert [sorted(drawn[i : i + 5]) for i in (0, 5, 10)] == [[0, 1, 2, 3, 4]] * 3
    assert drawn != [draw("camvid", 2, position, 5) for position in range(15)]


def test_wrong_names_of_data_sets_are_told() -> None:
    with pytest.raises(DatasetError, match="NAME=FOLDER"):
        parse_folders(["nonsense"])
    with pytest.raises(DatasetError, match="--data city=FOLDER"):
        open_readers(["city"], {}, "train")
