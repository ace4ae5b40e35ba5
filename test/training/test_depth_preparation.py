# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Depth preparation: folders through the command, read back by the reader of Cityscapes."""

from __future__ import annotations

import json
import sys

import cv2
import numpy as np
import pytest
from stereo_folder import BASELINE, BOX_PX, FX, HEIGHT, WALL_PX, WIDTH, command, place, write_folder

from mt_perception.datasets.check import check_files
from mt_perception.datasets.cityscapes import Cityscapes
from mt_perception.datasets.sample import DatasetError
from mt_perception.utils.parallel import PoolError
from mt_perception_training.depth import prepare
from mt_perception_training.depth.options import Preparation, PreparationError


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_official_disparity_by_hand(tmp_path):
    """p = 2561 -> (2561 - 1) / 256 = 10 px -> 0.209313 m * 2262.52 px / 10 px = 47.357 m."""
    source, camera = tmp_path / "in", {"fx": 2262.52, "fy": 2265.3, "u0": 1.5, "v0": 0.5}
    cv2.imwrite(str(place(source, "leftImg8bit", 0)), np.zeros((2, 4, 3), np.uint8))
    cv2.imwrite(str(place(source, "disparity", 0)), np.array([[2561] * 3 + [0]] * 2, np.uint16))
    place(source, "camera", 0).write_text(json.dumps({"intrinsic": camera, "extrinsic": {"baseline": 0.209313}}))
    nothing = ("--cut-top", 0, "--cut-left", 0, "--cut-bottom", 0, "--smoothing-px", 1)
    command(source, "--out", tmp_path / "out", *nothing)
    sample = Cityscapes(tmp_path / "out")[0]
    assert sample.labels is None and sample.camera.fy_px == 2265.3
    np.testing.assert_allclose(sample.depth_m, [[47.357] * 3 + [np.nan]] * 2, atol=1 / 256)
    stored = cv2.imread(str(place(tmp_path / "out", "disparity", 0)), cv2.IMREAD_UNCHANGED)
    assert stored.tolist() == [[2561, 2561, 2561, 0]] * 2


@pytest.mark.parametrize("source", ["official", "sgbm"])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_folder_reads_as_before_in_the_right_metres(tmp_path, source, scale):
    folder = write_folder(tmp_path / "in", frames=1)
    command(folder, "--out", tmp_path / "out", "--source", source, "--scale", scale, "--max-disparity-px", 32)
    reader, before = Cityscapes(tmp_path / "out"), Cityscapes(folder)[0]
    check_files([reader])
    sample = reader[0]
    height, width = 72, 180  # without 5 + 19 rows and 12 columns
    assert sample.size == (height * scale, width * scale)
    assert np.isposinf(sample.depth_m[sample.labels == 10]).all() and (sample.labels == 10).any()
    for train_id, depth_m in ((2, FX * BASELINE / WALL_PX), (13, FX * BASELINE / BOX_PX)):
        # without the borders, where one side is hidden from the right camera
        inside = cv2.erode((sample.labels == train_id).astype(np.uint8), np.ones((9, 9))) > 0
        known = inside & sample.measured
        assert known.sum() > 0.7 * inside.sum()
        np.testing.assert_allclose(np.median(sample.depth_m[known]), depth_m, rtol=0.01)
        assert np.mean(np.abs(sample.depth_m[known] / depth_m - 1) < 0.01) > 0.97
    # every pixel still looks along the ray that it did, so its label does too
    x, y = 100, 40
    sx, sy = (x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5
    ray = (sx - sample.camera.cx_px) / sample.camera.fx_px, (sy - sample.camera.cy_px) / sample.camera.fy_px
    assert ray == pytest.approx(((x + 12 - before.camera.cx_px) / FX, (y + 5 - before.camera.cy_px) / FX))
    assert sample.labels[round(sy), round(sx)] == before.labels[y + 5, x + 12] == 13
    values = json.loads(reader.path("camera", 0).read_text())
    assert values["extrinsic"] == {"baseline": BASELINE, "pitch": 0.03, "x": 1.7}


def test_exact_depth_and_disparity_tell_the_same(tmp_path):
    command(write_folder(tmp_path / "in", 1), "--out", tmp_path / "out", "--scale", 0.5)
    exact = Cityscapes(tmp_path / "out")[0].depth_m
    (tmp_path / "out/depth").rename(tmp_path / "away")
    by_disparity = Cityscapes(tmp_path / "out")[0].depth_m
    both = np.isfinite(exact)
    assert np.array_equal(both, np.isfinite(by_disparity)) and both.mean() > 0.5
    np.testing.assert_allclose(by_disparity[both], exact[both], rtol=0.003)


def test_unknown_stays_unknown_unless_it_is_inpainted(tmp_path):
    folder = write_folder(tmp_path / "in", 1)
    hole = np.s_[60 - 5 : 64 - 5, 20 - 12 : 30 - 12]
    for switch, known in (("--no-inpaint", False), ("--inpaint", True)):
        command(folder, "--out", tmp_path / switch, switch, "--smoothing-px", 1)
        sample = Cityscapes(tmp_path / switch)[0]
        assert (sample.measured[hole] == known).all()
        assert np.isposinf(sample.depth_m[sample.labels == 10]).all()
    command(folder, "--out", tmp_path / "sky", "--no-sky")
    assert np.isfinite(Cityscapes(tmp_path / "sky")[0].depth_m[:10]).all()


def test_a_second_run_keeps_what_is_complete(tmp_path, capsys):
    folder, out = write_folder(tmp_path / "in"), tmp_path / "out"
    command(folder, "--out", out)
    first, times = contents(out), {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    half, gone = place(out, "depth", 1), place(out, "camera", 2)
    half.write_bytes(half.read_bytes()[:100])
    gone.unlink()
    capsys.readouterr()
    command(folder, "--out", out)
    assert "2 images prepared, 1 were there already, 0 failed" in capsys.readouterr().out
    assert contents(out) == first and not list(out.rglob("*.part"))
    assert place(out, "depth", 0).stat().st_mtime_ns == times[place(out, "depth", 0)]
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    command(folder, "--out", out)
    assert "0 images prepared, 3 were there already" in capsys.readouterr().out
    assert times == {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}


def test_workers_write_the_same_bytes(tmp_path):
    folder = write_folder(tmp_path / "in")
    sgbm = ("--source", "sgbm", "--max-disparity-px", 32)
    command(folder, "--out", tmp_path / "one", *sgbm)
    command(folder, "--out", tmp_path / "two", *sgbm, "--workers", 2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_ray_writes_the_same_bytes(tmp_path):
    pytest.importorskip("ray")
    folder = write_folder(tmp_path / "in")
    command(folder, "--out", tmp_path / "one")
    command(folder, "--out", tmp_path / "ray", "--ray", "local", "--workers", 2)
    assert contents(tmp_path / "one") == contents(tmp_path / "ray")


def test_broken_files_are_named_and_the_others_done(tmp_path, capsys):
    folder, out = write_folder(tmp_path / "in", frames=5), tmp_path / "out"
    broken, missing, small, empty = (
        place(folder, *each) for each in (("disparity", 0), ("camera", 1), ("gtFine", 2), ("disparity", 4))
    )
    broken.write_bytes(broken.read_bytes()[:80])
    missing.unlink()
    cv2.imwrite(str(small), np.zeros((5, 7), np.uint8))
    cv2.imwrite(str(empty), np.zeros((HEIGHT, WIDTH), np.uint16))
    with pytest.raises(PreparationError, match="4 of 5 images could not be prepared") as caught:
        command(folder, "--out", out)
    assert all(str(each) in str(caught.value) for each in (broken, missing, small, place(folder, "leftImg8bit", 4)))
    assert "not one pixel has a disparity" in str(caught.value)
    assert len(Cityscapes(out)) == 1 and (out / "preview.png").is_file()


def test_a_stopped_run_goes_on(tmp_path, monkeypatch, capsys):
    folder, out, calls = write_folder(tmp_path / "in"), tmp_path / "out", []

    def impatient(sample, preparation):
        calls.append(sample)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(sample, preparation)

    original = prepare.prepare_sample
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "prepare_sample", impatient)
        with pytest.raises(PreparationError, match="stopped; at most 2 images are left"):
            command(folder, "--out", out)
    command(folder, "--out", out)
    assert "2 images prepared, 1 were there already" in capsys.readouterr().out


def test_an_image_of_before_and_after(tmp_path):
    folder = write_folder(tmp_path / "in")
    command(folder, "--out", tmp_path / "out", "--preview-only", "--preview", 2)
    sheet = cv2.imread(str(tmp_path / "out/preview.png"))
    assert sheet.shape == (24 + 2 * 240, 4 * 480, 3) and not (tmp_path / "out/depth").exists()
    command(folder, "--out", tmp_path / "out", "--preview", 0)  # a preview does not claim the folder
    assert len(Cityscapes(tmp_path / "out")) == 3


# what is refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--scale", 0), "scale is 0.0; give"),
        (("--cut-bottom", 0.5), "cut_bottom is 0.5"),
        (("--smoothing-px", 4), "smoothing is 4 px; allowed"),
        (("--max-disparity-px", 100), "100 px; give a multiple of 16"),
        (("--max-depth-m", "nan"), "largest depth is nan"),
        (("--source", "teacher"), "YAML file of a teacher"),
        (("--source", "teacher", "--teacher", "none.yaml"), "none.yaml cannot be read"),
        (("--splits", "val"), "no split 'val'; there are: train"),
        (("--workers", 0), "0 workers"),
        (("--ray", "local"), "pip install ray"),
        (("--ray", "127.0.0.1:9"), "no Ray cluster at 127.0.0.1:9"),
        (("--ray", "host:port"), "no Ray cluster at host:port"),
    ],
)
def test_wrong_options_end_in_a_sentence(tmp_path, monkeypatch, arguments, message):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises((DatasetError, PoolError), match=message) as caught:
        command(write_folder(tmp_path / "in", 1), "--out", tmp_path / "out", *arguments)
    assert "\n" not in str(caught.value)


def test_folders_are_not_mixed(tmp_path):
    folder = write_folder(tmp_path / "in", 1)
    with pytest.raises(DatasetError, match="holds other files already"):
        command(folder, "--out", folder)
    command(folder, "--out", tmp_path / "out")
    with pytest.raises(DatasetError, match=r"made with scale 1\.0, now it is 0\.5"):
        command(folder, "--out", tmp_path / "out", "--scale", 0.5)
    (folder / "rightImg8bit").rename(tmp_path / "away")
    with pytest.raises(PreparationError, match="rightImg8bit/train is missing; --source sgbm needs it"):
        command(folder, "--out", tmp_path / "new", "--source", "sgbm")
    with pytest.raises(PreparationError, match="expected the layout of Cityscapes"):
        command(tmp_path / "away", "--out", tmp_path / "new")


def test_options_are_one_value():
    assert Preparation() == Preparation(source="official") and hash(Preparation()) == hash(Preparation())
