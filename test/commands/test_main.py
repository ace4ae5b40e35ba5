# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import json
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from helpers import make_image
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.commands.main import main
from mt_perception.commands.run import distinct_names
from mt_perception.draw import render
from mt_perception.labels import CITYSCAPES


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("one", "two"):
        cv2.imwrite(str(folder / f"{name}.png"), make_image(60, 100))
    return folder


def test_run_writes_three_files_of_the_images_size(images, tmp_path, bundle, cache_home):
    assert main(["run", str(images), "--out", str(tmp_path / "out"), "--model", str(bundle.folder)]) == 0
    out = tmp_path / "out"
    assert {file.name for file in out.iterdir()} == {
        f"{name}_{kind}" for name in ("one", "two") for kind in ("mask.png", "depth.npy", "overlay.png")
    }
    mask = cv2.imread(str(out / "one_mask.png"), cv2.IMREAD_UNCHANGED)
    depth_m = np.load(out / "one_depth.npy")
    assert (mask.shape, mask.dtype) == ((60, 100), np.uint8)
    assert (depth_m.shape, depth_m.dtype) == ((60, 100), np.float32)
    assert cv2.imread(str(out / "one_overlay.png")).shape == (60, 100, 3)


def test_a_sheet_shows_images_beside_their_labels_and_depth(images, tmp_path, bundle, capsys):
    (images / "a_broken.png").write_bytes(b"rubbish")
    sheet = tmp_path / "out" / "sheet.png"
    arguments = ["run", str(images), "--out", str(tmp_path / "out"), "--model", str(bundle.folder)]
    assert main([*arguments, "--sheet", str(sheet)]) == 1  # as one is broken
    drawn = cv2.imread(str(sheet))
    cell, title, legend = (480 * 60 // 100, 480), 24, render.legend(CITYSCAPES, 10).shape[0]
    assert drawn.shape == (title + 2 * cell[0] + legend, 3 * cell[1], 3)
    first, labels, depth = np.split(drawn[title : title + cell[0]], 3, axis=1)
    assert np.abs(first.astype(int) - cv2.resize(make_image(60, 100), (480, 288))).mean() < 3
    colors = render.color_depth(np.load(tmp_path / "out" / "one_depth.npy"), 1, 80)[..., ::-1]
    assert (depth[::48, ::48] == colors[::10, ::10]).mean() > 0.9 and not np.array_equal(labels, first)
    for wrong, said in (("sheet.txt", "must end in .png or .jpg"), ("none/sheet.png", "there is no folder")):
        assert main([*arguments, "--sheet", str(tmp_path / wrong)]) == 1
        assert said in capsys.readouterr().err


def test_bad_files_are_reported_and_do_not_stop_it(images, tmp_path, bundle, capsys):
    (images / "broken.png").write_bytes(b"rubbish")
    (tmp_path / "in.mp4").touch()
    arguments = ["run", str(images), str(tmp_path / "none"), str(tmp_path / "in.mp4"), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--model", str(bundle.folder)]) == 1
    said = capsys.readouterr().err
    assert "in.mp4 is a video, no image; mt-perception view and demo --input take it" in said
    assert "broken.png cannot be read" in said and "none does not exist" in said and "Traceback" not in said
    assert (tmp_path / "out" / "two_mask.png").exists()


def test_images_of_one_name_do_not_overwrite_each_other(images, tmp_path, bundle):
    other = tmp_path / "other"
    other.mkdir()
    cv2.imwrite(str(other / "one.png"), make_image(60, 100, seed=1))
    cv2.imwrite(str(images / "two.jpg"), make_image(60, 100, seed=2))
    inputs, out = [str(images), str(other), str(other / "one.png")], tmp_path / "out"  # the last is there already
    assert main(["run", *inputs, "--out", str(out), "--model", str(bundle.folder)]) == 0
    names = {"images_one", "other_one", "two_png", "two_jpg"}
    assert {f.name for f in out.glob("*_mask.png")} == {f"{name}_mask.png" for name in names}


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ("a/1.png b/2.png", "1 2"),
        ("d1/cam/1.png d2/cam/1.png d2/cam/2.png", "d1_cam_1 d2_cam_1 2"),
        ("a/1.png a/1.jpg b/1.png", "1_png 1_jpg 1"),
        ("a/1.png b/1.png c/a_1.png", "t_a_1 b_1 t_c_a_1"),
        ("b_c/x.png b/c_x.png c/x.png", "b_c_x t_b_c_x t_c_x"),
        ("a/1.png a/1.jpg a/1_png.png", "t_a_1_png 1_jpg t_a_1_png_2"),
    ],
)
def test_names_of_results_grow_until_no_two_are_the_same(files, names):
    given = [Path("/t") / file for file in files.split()]
    assert distinct_names(given) == names.split()


def test_the_version_is_that_of_the_installation(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"mt-perception {version('mt_perception')}\n"


@given(
    st.lists(
        st.tuples(*[st.sampled_from(["a", "b", "a_b", "b_a"])] * 3, st.sampled_from([".png", ".jpg"])), unique=True
    )
)
def test_names_of_different_files_differ(parts):
    names = distinct_names([Path("/", folder, below, stem + ending) for folder, below, stem, ending in parts])
    assert len(set(names)) == len(parts)


def test_names_of_many_files_take_no_time():
    assert len(set(distinct_names([Path(f"/d/{i % 50}/{i // 50:06d}.png") for i in range(20_000)]))) == 20_000


def calibration(path, fx_px):
    """A file as camera_calibration writes it, for images of twice the size."""
    facts = {"image_width": 200, "image_height": 120, "camera_name": "front", "distortion_model": "plumb_bob"}
    matrix = [fx_px, 0, 100, 0, fx_px, 60, 0, 0, 1]
    facts["camera_matrix"] = {"rows": 3, "cols": 3, "data": matrix}
    facts["projection_matrix"] = {"rows": 3, "cols": 4, "data": [*matrix[:3], 0, *matrix[3:6], 0, *matrix[6:], 0]}
    path.write_text(yaml.safe_dump(facts))
    return str(path)


def test_a_calibration_makes_depth_that_of_its_camera(images, tmp_path, bundle):
    for name, fx_px in (("short", 100), ("long", 300)):
        arguments = ["--camera", calibration(tmp_path / f"{name}.yaml", fx_px), "--model", str(bundle.folder)]
        assert main(["run", str(images), "--out", str(tmp_path / name), *arguments]) == 0
    short_m, long_m = (np.load(tmp_path / name / "one_depth.npy") for name in ("short", "long"))
    known = np.isfinite(short_m) & np.isfinite(long_m)
    assert np.median(long_m[known] / short_m[known]) == pytest.approx(3, rel=0.01)


def test_depth_that_finds_no_ground_is_written_and_told(images, tmp_path, bundle, capsys, monkeypatch):
    monkeypatch.setattr("mt_perception.scale.ground.ROAD", "lava")
    ground = ["--depth-mode", "ground", "--camera-height-m", "1.5", "--model", str(bundle.folder)]
    arguments = ["run", str(images), "--out", str(tmp_path / "out"), *ground]
    assert main(arguments) == 1
    assert "give --calibration FILE" in capsys.readouterr().err
    assert main([*arguments, "--calibration", calibration(tmp_path / "camera.yaml", 100)]) == 1
    said = capsys.readouterr().err
    assert "one.png: the depth has the network's own scale: the model does not know the class 'lava'" in said
    assert (tmp_path / "out" / "two_depth.npy").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("image_width: 3", "is no calibration"),
        ("[1, 2]", "is no calibration"),
        ("{", "is no calibration"),
        (b"\xff\xfe", "is no calibration"),
    ],
)
def test_a_file_that_is_no_calibration_is_refused(content, said, images, tmp_path, capsys):
    file = tmp_path / "camera.yaml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["run", str(images), "--out", str(tmp_path / "out"), "--camera", str(file)]) == 1
    assert said in capsys.readouterr().err


def test_init_then_info(tmp_path, capsys):
    pytest.importorskip("torch")
    arguments = ["init", "--out", str(tmp_path / "m"), "--network", "narrow-coarse", "--size", "64x96"]
    assert main(arguments) == 0
    assert main(["info", str(tmp_path / "m")]) == 0
    said = capsys.readouterr().out
    assert "untrained-narrow-coarse" in said and "UNTRAINED" in said and "96x64 px" in said and "GMACs" in said
    assert json.loads((tmp_path / "m" / "bundle.json").read_text())["trained"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["info", "/none"], "does not exist"),
        (["run", "x.png", "--out", "/tmp/unused", "--model", "/none"], "does not exist"),
        (["run", "x.png", "--out", "/tmp/unused", "--threads", "-1"], "threads is -1; allowed: 0 to 256"),
        (["bench", "--json", "/none/rows.json"], "there is no folder /none"),
        (["bench", "--size", "8x8", "--backends", "openvino"], "input_width is 8; allowed: 0, or 32 to 4096"),
        (["tune", "--fps", "20", "--out", "/none/profile.yaml"], "there is no folder /none"),
        (["tune", "--fps", "-2", "--out", "/tmp/unused"], "fps is -2; it must be above 0"),
        (["demo", "--input", "/none", "--out", "/tmp/unused/demo"], "does not exist"),
    ],
)
def test_mistakes_end_in_one_line(arguments, said, capsys):
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert said in error and error.startswith("error: ") and error.count("\n") == 1


@pytest.mark.parametrize("size", ["wide", "64", "0x64", "64x-1"])
def test_sizes_are_height_x_width(size, capsys):
    with pytest.raises(SystemExit):
        main(["init", "--out", "/tmp/unused", f"--size={size}"])
    assert "HEIGHTxWIDTH" in capsys.readouterr().err
