# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`pseudo-label`: what it writes is read back; it can be stopped and resumed, and wrong options end in a sentence."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import make_image
from miniature import write_camvid, write_city
from tiny_teachers import write_depth_teacher, write_label_teacher

from mt_perception.datasets.camvid import CAMVID11
from mt_perception.datasets.cityscapes import decode_depth
from mt_perception.datasets.sample import labels_of, read_ids, read_uint16
from mt_perception.model.bundle import Bundle
from mt_perception.pipeline import Perceiver
from mt_perception_training.cli import main
from mt_perception_training.data.pseudo import assumed_camera
from mt_perception_training.data.sources import open_readers


@pytest.fixture
def teachers(tmp_path: Path) -> list[str]:
    pytest.importorskip("openvino")
    pytest.importorskip("onnx")
    made = write_depth_teacher(tmp_path / "teachers"), write_label_teacher(tmp_path / "teachers")
    return [word for path in made for word in ("--teacher", str(path))]


def images(folder: Path, count: int) -> Path:
    """Blue, so sky, over dark red road, with sizes that are no multiple of anything."""
    folder.mkdir()
    for number in range(count):
        image = np.zeros((75, 110, 3), np.uint8)
        image[:30, :, 0], image[30:, :, 2] = 250, 40 + number
        cv2.imwrite(str(folder / f"{number:02d}.png"), image)
    return folder


def contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_data_sets_are_labelled_and_read_back(tmp_path: Path, teachers: list[str]) -> None:
    folders = {"camvid": write_camvid(tmp_path / "camvid"), "city": write_city(tmp_path / "city")}
    data = [f"{name}={folder}" for name, folder in folders.items()]
    arguments = [*teachers, "--data", *data, "--out", str(tmp_path / "out"), "--confidence", "0.4"]
    assert main(["pseudo-label", *arguments]) == 0
    plain = open_readers(["camvid", "city"], folders, "train")
    taught = open_readers(["camvid", "city"], folders, "train", pseudo=tmp_path / "out")
    camvid, before = taught["camvid"][0], plain["camvid"][0]
    assert camvid.camera == assumed_camera(before.size, 1.0, 0.47) and not camvid.metric
    assert camvid.measured.mean() > 0.1 and np.isposinf(camvid.depth_m[camvid.labels == CAMVID11.sky_id]).all()
    city, truth = taught["city"][0], plain["city"][0]  # whose name is that of a folder and a file
    assert "/" in city.name and city.camera == truth.camera and city.metric
    assert np.array_equal(city.labels, truth.labels) and np.array_equal(city.depth_m, truth.depth_m)
    records = {name: json.loads((tmp_path / "out" / name / "teacher.json").read_text()) for name in folders}
    assert [records[name]["metric"] for name in folders] == [False, True]
    assert (tmp_path / "out/camvid/preview.png").is_file()


def test_a_model_teaches_in_its_own_classes(bundle: Bundle, tmp_path: Path) -> None:
    """Which no other set of labels knows; what is true already stays."""
    classes = [{"name": f"plant {i}", "label_id": i, "train_id": i, "color": [i, 9 * i, 0]} for i in range(19)]
    shutil.copytree(bundle.folder, tmp_path / "model")
    card = json.loads((tmp_path / "model" / "bundle.json").read_text())
    card |= {"trained": True, "classes": classes, "label_set": {"name": "plants", "sky": "plant 10"}}
    (tmp_path / "model" / "bundle.json").write_text(json.dumps(card))
    own = tmp_path / "own"
    for kind in ("image", "label"):
        (own / "train" / kind).mkdir(parents=True)
    image, truth = make_image(90, 160), np.full((90, 160), 255, np.uint8)
    truth[:, :20] = 3
    cv2.imwrite(str(own / "train" / "image" / "a.png"), image[..., ::-1])
    cv2.imwrite(str(own / "train" / "label" / "a.png"), truth)
    (own / "labels.yaml").write_text(json.dumps({"name": "plants", "sky": "plant 10", "labels": classes}))
    arguments = ["--teacher", str(tmp_path / "model"), "--data", f"own={own}", "--out", str(tmp_path / "out")]
    assert main(["pseudo-label", *arguments, "--confidence", "0", "--no-flip"]) == 0
    reader = open_readers(["own"], {"own": own}, "train", pseudo=tmp_path / "out")["own"]
    assert labels_of(reader).names == tuple(each["name"] for each in classes)
    said = Perceiver.open(model=str(tmp_path / "model"), precision="fp32")(image, ("mask",)).mask
    np.testing.assert_array_equal(reader[0].labels, np.where(truth == 255, said, truth))


def test_the_same_teacher_goes_on_and_another_one_is_refused(tmp_path: Path, teachers: list[str], capsys) -> None:
    folder, out = images(tmp_path / "in", 3), tmp_path / "out"
    arguments = ["pseudo-label", *teachers, "--images", str(folder), "--out", str(out)]
    assert main(arguments) == 0
    assert "images: 3 images done, 0 were there already, 0 failed; sure of" in capsys.readouterr().out
    first = contents(out)
    half = out / "images/depth/01.png"
    half.write_bytes(half.read_bytes()[:40])
    (out / "images/labels/02.png").unlink()
    assert main(arguments) == 0
    assert "2 images done, 1 were there already" in capsys.readouterr().out
    assert contents(out) == first
    write_depth_teacher(tmp_path / "teachers", output={"valid_m": [1.0, 30.0]})
    for more, message in (
        ([], "made with teachers.depth.output.valid_m [1.0, 40.0], now it is [1.0, 30.0]"),
        (["--no-flip"], "teachers.depth.output.valid_m"),
    ):
        assert main([*arguments, *more]) == 1
        assert message in capsys.readouterr().err
    write_depth_teacher(tmp_path / "teachers")
    for more, message in (
        (["--no-flip"], "made with views.flip True, now it is False; give another --out"),
        (["--assumed-horizon", "0.5"], "made with camera.horizon 0.47, now it is 0.5"),
        (["--fx-px", "90"], "made with metric False, now it is True"),
    ):
        assert main([*arguments, *more]) == 1
        assert message in capsys.readouterr().err
    assert contents(out) == first


def test_sky_is_what_the_labels_say(tmp_path: Path, teachers: list[str], capsys) -> None:
    folder, out = images(tmp_path / "in", 1), tmp_path / "out"
    camera = ["--fx-px", "60", "--cy-px", "30", "--preview", "0"]
    assert main(["pseudo-label", *teachers, "--images", str(folder), "--out", str(out), *camera]) == 0
    labels = read_ids(out / "images/labels/00.png")
    depth_m = decode_depth(read_uint16(out / "images/depth/00.png"))
    confidence = read_ids(out / "images/confidence/00.png")
    assert (labels[:28] == 10).all() and np.isposinf(depth_m[labels == 10]).all()
    assert np.isfinite(depth_m[40:55]).all() and not np.isposinf(depth_m[labels != 10]).any()
    assert np.array_equal(labels == 255, confidence < 128) and (labels == 255).any()
    assert json.loads((out / "images/camera.json").read_text())["cx_px"] == 54.5
    capsys.readouterr()
    alone = ["pseudo-label", *teachers[:2], "--images", str(folder), "--out", str(tmp_path / "alone"), *camera]
    assert main(alone) == 0
    assert "nothing says where the sky is" in capsys.readouterr().err


def test_a_broken_image_is_named_and_the_others_done(tmp_path: Path, teachers: list[str], capsys) -> None:
    folder, out = images(tmp_path / "in", 3), tmp_path / "out"
    (folder / "00.png").write_bytes(b"no image")
    assert main(["pseudo-label", *teachers, "--images", str(folder), "--out", str(out)]) == 1
    assert f"1 images could not be labelled:\n  {folder / '00.png'}" in capsys.readouterr().err
    assert len(list((out / "images/depth").iterdir())) == 2


@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 1)], ids=["killed", "Ctrl-C"]
)
def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, teachers: list[str], how: int, status: int) -> None:
    """A real process. One image is a pipe: to open its other end waits until the process has come so far."""
    folder, out = images(tmp_path / "in", 6), tmp_path / "out"
    arguments = ["pseudo-label", *teachers, "--images", str(folder), "--preview", "0", "--out"]
    assert main([*arguments, str(tmp_path / "whole")]) == 0
    third = folder / "03.png"
    third.rename(tmp_path / "03.png")
    os.mkfifo(third)
    command = [sys.executable, "-m", "mt_perception_training", *arguments, str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    with third.open("wb"):
        process.send_signal(how)
    _, told = process.communicate(timeout=60)
    assert process.returncode == status
    assert how == signal.SIGKILL or "stopped; at most 3 images of images are left" in told
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert len(before) == 9  # three kinds of three images
    third.unlink()
    (tmp_path / "03.png").rename(third)
    assert main([*arguments, str(out)]) == 0
    assert contents(out) == contents(tmp_path / "whole")
    assert before == {path: path.stat().st_mtime_ns for path in before}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "there is nothing to label; give --data NAME=FOLDER or --images FOLDER"),
        (["--data", "nonsense"], "NAME=FOLDER"),
        (["--data", "camvid=/nowhere"], "/nowhere/train/image holds no images"),
        (["--data", "camvid=IN", "--fx-px", "80"], "are the camera of --images"),
        (["--images", "IN", "--cy-px", "80"], "a camera needs its focal length; give --fx-px"),
        (["--images", "IN", "--fx-px", "-3"], "focal length must be a positive number"),
        (["--images", "IN", "--assumed-fx", "0"], "--assumed-fx must be above 0"),
        (["--images", "IN", "--confidence", "50"], "confidence is 50.0; give a share"),
        (["--images", "IN", "--scales", "0"], r"the scales are [0.0]"),
    ],
)
def test_wrong_options_end_in_a_sentence(tmp_path: Path, teachers: list[str], capsys, more, message) -> None:
    folder = images(tmp_path / "in", 1)
    arguments = [each.replace("IN", str(folder)) for each in more]
    if "camvid=IN" in more:
        arguments[1] = f"camvid={write_camvid(tmp_path / 'camvid')}"
    assert main(["pseudo-label", *teachers, "--out", str(tmp_path / "out"), *arguments]) == 1
    told = capsys.readouterr().err
    assert message in told and told.strip().count("\n") == 0
