"""The generator: streets of MuJoCo in the layout of Cityscapes, resumable, the same for the same seed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mt_perception.datasets.cityscapes import Cityscapes
from mt_perception.datasets.sample import DatasetError
from mt_perception.geometry import rays
from mt_perception.types import DataError
from mt_perception_training.cli import main
from mt_perception_training.data.city import VALIDATION_SEED, CameraRanges, Drive, generate, parse_ranges, write_drive

rendering = pytest.mark.usefixtures("rendering")


@rendering
def test_a_generated_drive_is_read_back(tmp_path: Path) -> None:
    drive = Drive(VALIDATION_SEED, "val", frames=2, width_px=96, height_px=64, stereo=True)
    write_drive(tmp_path, drive)
    reader = Cityscapes(tmp_path, "val")
    first, second = reader[0], reader[1]
    assert len(reader) == 2 and first.size == (64, 96) and reader.path("rightImg8bit", 0).is_file()
    assert {0, 10} <= set(np.unique(first.labels)) and not np.array_equal(first.image, second.image)
    assert np.isposinf(first.depth_m[first.labels == 10]).all()
    assert first.measured[first.labels == 0].all() and first.camera.baseline_m > 0


@rendering
def test_a_complete_drive_is_not_rendered_again_and_not_taken_for_one_of_other_options(tmp_path: Path) -> None:
    drive = Drive(3, "train", frames=1, width_px=96, height_px=64)
    write_drive(tmp_path, drive)
    path = Cityscapes(tmp_path).path("leftImg8bit", 0)
    path.write_bytes(b"kept")
    generate(tmp_path, [drive])
    assert path.read_bytes() == b"kept"
    with pytest.raises(DatasetError, match="street0000003 was rendered with other options"):
        generate(tmp_path, [replace(drive, camera=parse_ranges(["height_m=2.5"]))])


@rendering
def test_the_cameras_of_drives_differ_and_those_of_their_frames_are_written(tmp_path: Path) -> None:
    """Each frame's own file tells where the road is in its depth: focal length, height, pitch and roll belong to it."""
    cameras, mountings = [], []
    for seed in (0, 1):
        write_drive(tmp_path, Drive(seed, "train", frames=2, width_px=160, height_px=96))
    reader = Cityscapes(tmp_path)
    for index in range(len(reader)):
        sample = reader[index]
        held = json.loads(reader.path("camera", index).read_text())["extrinsic"]
        x, y = rays(sample.camera)
        down = np.sin(held["pitch"]) + np.cos(held["pitch"]) * (y * np.cos(held["roll"]) + x * np.sin(held["roll"]))
        near = (sample.labels == 0) & (down > 0.15)
        np.testing.assert_allclose(sample.depth_m[near], held["z"] / down[near], rtol=0.015)
        assert near.mean() > 0.1
        cameras.append((sample.camera.fx_px, held["z"]))
        mountings.append((held["pitch"], held["roll"]))
    assert cameras[0] == cameras[1] and cameras[2] == cameras[3] and len(set(cameras)) == 2
    assert len(set(mountings)) == 4


def test_ranges_are_taken_as_typed_and_the_others_stay() -> None:
    ranges = parse_ranges(["hfov_deg=30", "height_m=0.5:0.8"])
    assert ranges == CameraRanges(hfov_deg=(30, 30), height_m=(0.5, 0.8))
    drawn = [ranges.draw(np.random.default_rng(seed), 96, 64) for seed in range(20)]
    assert {each.hfov_deg for each in drawn} == {30}
    heights = [each.height_m for each in drawn]
    assert 0.5 <= min(heights) < 0.6 and 0.7 < max(heights) <= 0.8
    assert (drawn[0].width_px, drawn[0].height_px) == (96, 64)


@pytest.mark.parametrize("wrong", ["zoom=3", "height_m", "height_m=high", "height_m=1:", "=2", "hfov_deg=30:60:90"])
def test_what_is_no_range_is_refused_with_the_names_there_are(wrong: str) -> None:
    with pytest.raises(DatasetError, match=r"--camera is .*LOW:HIGH with NAME one of hfov_deg, height_m, pitch_deg"):
        parse_ranges([wrong])


def test_ranges_outside_of_what_a_camera_can_be_are_refused() -> None:
    with pytest.raises(DatasetError, match="height_m is 2:1; the first must not be above the second"):
        parse_ranges(["height_m=2:1"])
    for wrong in ("height_m=1:9", "pitch_deg=nan", "jitter_deg=-1"):
        with pytest.raises(DataError, match="it must be between"):
            parse_ranges([wrong])


def test_a_wrong_camera_ends_the_command_with_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["city", "--out", str(tmp_path / "city"), "--camera", "fx=900"]) == 1
    assert "--camera is 'fx=900'; expected NAME=VALUE" in capsys.readouterr().err
    assert not (tmp_path / "city").exists()
