# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The generator: streets of MuJoCo in the layout of Cityscapes, resumable, the same for the same seed."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from mt_city import CameraRanges, City, CityError, CityFolder, Drive, generate
from mt_city.generate import VALIDATION_SEED, parse_ranges, write_drive
from mt_city.labels import ROAD

rendering = pytest.mark.usefixtures("rendering")


@rendering
def test_a_drive_is_read_back_as_it_was_rendered(tmp_path: Path) -> None:
    drive = Drive(VALIDATION_SEED, "val", frames=2, width_px=96, height_px=64, stereo=True)
    write_drive(tmp_path, drive)
    frames = CityFolder(tmp_path, "val")
    rng = np.random.default_rng(drive.seed)
    with City(drive.seed, drive.camera.draw(rng, 96, 64)) as city:
        start_s = rng.uniform(0, drive.interval_s)
        rendered = [city.render(start_s + number * drive.interval_s) for number in range(2)]
    assert len(frames) == 2
    for frame, wanted in zip(frames, rendered, strict=True):
        for name in ("left", "right", "labels"):
            np.testing.assert_array_equal(getattr(frame, name), getattr(wanted, name))
        sky = np.isinf(wanted.depth_m)
        np.testing.assert_array_equal(np.isinf(frame.depth_m), sky)
        np.testing.assert_allclose(frame.depth_m[~sky], np.minimum(wanted.depth_m, 65534 / 256)[~sky], atol=1 / 512)
        assert frame.camera == wanted.camera
        assert asdict(frame.mounting) == pytest.approx(asdict(wanted.mounting))


@rendering
def test_a_complete_drive_is_not_rendered_again_and_not_taken_for_one_of_other_options(tmp_path: Path) -> None:
    drive = Drive(3, "train", frames=1, width_px=96, height_px=64)
    write_drive(tmp_path, drive)
    path = CityFolder(tmp_path).path("leftImg8bit", 0)
    path.write_bytes(b"kept")
    generate(tmp_path, [drive])
    assert path.read_bytes() == b"kept"
    with pytest.raises(CityError, match="street0000003 was rendered with other options"):
        generate(tmp_path, [replace(drive, camera=parse_ranges(["height_m=2.5"]))])


@rendering
def test_the_cameras_of_drives_differ_and_those_of_their_frames_are_written(tmp_path: Path) -> None:
    """Each frame's own file tells where the road is in its depth: focal length, height, pitch and roll belong to it."""
    cameras, mountings = [], []
    for seed in (0, 1):
        write_drive(tmp_path, Drive(seed, "train", frames=2, width_px=160, height_px=96))
    for frame in CityFolder(tmp_path):
        held, camera = frame.mounting, frame.camera
        columns, rows = np.meshgrid(np.arange(160), np.arange(96))
        x, y = (columns - camera.cx_px) / camera.fx_px, (rows - camera.cy_px) / camera.fy_px
        pitch, roll = np.radians(held.pitch_deg), np.radians(held.roll_deg)
        down = np.sin(pitch) + np.cos(pitch) * (y * np.cos(roll) + x * np.sin(roll))
        near = (frame.labels == ROAD) & (down > 0.15)
        np.testing.assert_allclose(frame.depth_m[near], held.height_m / down[near], rtol=0.015)
        assert near.mean() > 0.1
        cameras.append((camera.fx_px, held.height_m))
        mountings.append((held.pitch_deg, held.roll_deg))
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
    with pytest.raises(CityError, match=r"--camera is .*LOW:HIGH with NAME one of hfov_deg, height_m, pitch_deg"):
        parse_ranges([wrong])


def test_ranges_outside_of_what_a_camera_can_be_are_refused() -> None:
    with pytest.raises(CityError, match="height_m is 2:1; the first must not be above the second"):
        parse_ranges(["height_m=2:1"])
    for wrong in ("height_m=1:9", "pitch_deg=nan", "jitter_deg=-1"):
        with pytest.raises(CityError, match="it must be between"):
            parse_ranges([wrong])


def test_a_folder_that_holds_no_frames_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(CityError, match=r"val holds no street\*/\*_leftImg8bit.png; expected a folder that"):
        CityFolder(tmp_path, "val")
