# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Middlebury's scenes: depth from disparity with an offset, and files that cannot be used."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mt_perception.datasets.sample import DatasetError
from mt_perception.datasets.sources import READERS


def write_middlebury(scene: Path, disparity_px: np.ndarray, order: str = "<", name: str = "disp0.pfm") -> Path:
    """A scene of 4x6 pixels (height, width): f 1000 px, baseline 200 mm, doffs 50 px; Middlebury's scale."""
    scene.mkdir(parents=True)
    cv2.imwrite(str(scene / "im0.png"), np.full((4, 6, 3), 90, np.uint8))
    scale = b"-0.003922" if order == "<" else b"0.003922"
    values = disparity_px[::-1].astype(f"{order}f4").tobytes()
    (scene / name).write_bytes(b"Pf\n6 4\n" + scale + b"\n" + values)
    text = (
        "cam0=[1000 0 2.5; 0 1001 1.5; 0 0 1]\ncam1=[1000 0 52.5; 0 1001 1.5; 0 0 1]\ndoffs=50\nbaseline=200\nwidth=6\n"
    )
    (scene / "calib.txt").write_text(text)
    return scene


@pytest.mark.parametrize(("order", "name"), [("<", "disp0.pfm"), (">", "disp0GT.pfm")])
def test_depth_of_middlebury_is_baseline_and_focal_length_over_disparity_and_offset(
    tmp_path: Path, order: str, name: str
) -> None:
    disparity_px = np.full((4, 6), np.inf, np.float32)
    disparity_px[0, 5], disparity_px[3, 0] = 50.0, 30.0
    sample = READERS["middlebury"](write_middlebury(tmp_path / "Chair", disparity_px, order, name), "val")[0]
    assert sample.name == "Chair" and sample.camera.intrinsics == (1000, 1001, 2.5, 1.5)
    assert sample.measured.sum() == 2
    assert sample.depth_m[0, 5] == pytest.approx(2.0) and sample.depth_m[3, 0] == pytest.approx(2.5)


def test_a_folder_of_middlebury_scenes_is_one_data_set(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_middlebury(tmp_path / name, np.full((4, 6), 50, np.float32))
    reader = READERS["middlebury"](tmp_path, "train")
    assert [reader[index].name for index in range(len(reader))] == ["a", "b"]
    assert all(path.is_file() for path in reader.files(1))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("disp0.pfm", b"Pf\n6 4\n-1.0\n" + bytes(20), "holds 20 bytes of values; 6x4 floats are 96"),
        ("disp0.pfm", b"PF\n6 4\n-1.0\n" + bytes(96), "no portable float map of one channel"),
        ("disp0.pfm", b"", "no portable float map"),
        ("calib.txt", b"cam0=[1000 0 2.5; 0]\ndoffs=50\nbaseline=200\n", "no calibration of Middlebury"),
        ("calib.txt", b"doffs=50\nbaseline=200\n", "no calibration of Middlebury"),
        ("calib.txt", b"cam0=[0 0 2.5; 0 1 1; 0 0 1]\ndoffs=5\nbaseline=200\n", "no calibration of Middlebury"),
        ("calib.txt", b"\xff\xfe", "no calibration of Middlebury"),
    ],
)
def test_broken_files_of_middlebury_are_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    scene = write_middlebury(tmp_path / "scene", np.full((4, 6), 50, np.float32))
    (scene / name).write_bytes(content)
    with pytest.raises(DatasetError, match=f"{name}.* {said}"):
        READERS["middlebury"](scene, "val")[0]
