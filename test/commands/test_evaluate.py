# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One evaluation: a model on a data set, its predictions in a folder, and a recording of them have the same scores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from miniature import write_camvid, write_city

import mt_perception
from mt_perception.bags.bag import Bag
from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import main
from mt_perception.datasets.sources import LABEL_SETS, open_dataset
from mt_perception.evaluation.run import summarize
from mt_perception.messages.read import header_stamp_ns
from mt_perception.messages.rosbags import new_header, new_image
from mt_perception.model.bundle import Bundle
from mt_perception.model.spec import NetworkSpec
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.types import Frame
from mt_perception_training.cli import main as train

pytest.importorskip("torch")  # which makes the model

SHARED = ("miou", "pixel_accuracy", "abs_rel", "rmse", "delta1", "spearman")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_city(tmp_path_factory.mktemp("evaluate") / "city", frames=7)


@pytest.fixture(scope="module")
def model(lively_bundle: Callable[[NetworkSpec], Bundle]) -> Bundle:
    """One that knows no other classes than those of `city`, and so is right now and then."""
    return lively_bundle(NetworkSpec(decoder_width=32, train_ids=(0, 13, 10)))


@pytest.fixture(scope="module")
def predictions(city: Path, model: Bundle, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What the model says of the split val: as files, and beside the truth in a recording."""
    folder, raw, out = (tmp_path_factory.mktemp("said") / name for name in ("files", "truth", "recording"))
    folder.mkdir()
    assert main(["bag", "from-dataset", str(city), str(raw), "--rate", "4"]) == 0
    reader, perceiver = open_dataset(city, "val"), Perceiver.open(Settings(model=str(model.folder)))
    with Bag(raw) as bag, BagWriter(out) as writer:
        for each in bag.messages():
            writer.write(each.topic, each.type_name, each.received_ns, each.data)
        stamps = [header_stamp_ns(each.data) for each in bag.messages(["/image"])]
        for index, stamp_ns in enumerate(stamps):
            sample, stem = reader[index], reader.files(index)[0].stem
            said = perceiver(Frame(sample.image, camera=sample.camera), ("mask", "depth_m"))
            cv2.imwrite(str(folder / f"{stem}_mask.png"), said.mask)
            np.save(folder / f"{stem}_depth.npy", said.depth_m)
            for topic, array, encoding in (
                ("/segmentation/mask", said.mask, "mono8"), ("/depth/image", said.depth_m, "32FC1")
            ):  # fmt: skip
                writer.write_message(topic, stamp_ns, new_image(array, encoding, new_header(stamp_ns, "camera")))
    return folder, out


def scores_of(path: Path, *arguments: str) -> dict:
    assert main(["evaluate", *arguments, "--json", str(path)]) == 0
    return json.loads(path.read_text())


def test_all_ways_agree_to_the_last_digit(
    city: Path, predictions: tuple[Path, Path], model: Bundle, tmp_path: Path
) -> None:
    folder, recording = predictions
    data, name = ["--data", f"city={city}"], str(model.folder)
    by_model = scores_of(tmp_path / "a.json", name, *data)
    by_files = scores_of(tmp_path / "b.json", str(folder), *data, "--model", name)
    (by_bag,) = scores_of(tmp_path / "c.json", str(recording), "--model", name)["recordings"]
    by_demo = summarize(recording, model.card.labels)
    labels = by_model["datasets"]["city"]["labels"]
    expected = {name.removeprefix("city_"): value for name, value in by_model["scores"].items()}
    expected["pixel_accuracy"] = labels["pixel_accuracy"]
    assert 0 < expected["miou"] < 1 and expected["abs_rel"] > 0
    for name in SHARED:
        assert by_bag["scores"][name]["value"] == by_demo[name] == expected[name], name
    assert {name: by_files["scores"][f"city_{name}"] for name in SHARED if name != "pixel_accuracy"} == {
        name: expected[name] for name in SHARED if name != "pixel_accuracy"
    }
    assert by_files["datasets"]["city"]["labels"]["confusion"] == labels["confusion"]
    assert labels["over"] == by_bag["over"] == by_demo["over"]
    assert labels["over"]["list"] == "cityscapes" and labels["over"]["pixels"] > 0
    assert mt_perception.evaluate(model.folder, data={"city": city}) == by_model
    assert mt_perception.evaluate(recording, model=model.folder) == json.loads((tmp_path / "c.json").read_text())


def test_a_base_install_scores_without_torch_and_training(city: Path, model: Bundle, tmp_path: Path) -> None:
    """In a process in which importing either fails, as does what draws reports."""
    program = f"""
import sys
for name in ("torch", "torchvision", "mt_perception_training", "lightning", "matplotlib", "jinja2", "rclpy"):
    sys.modules[name] = None
from mt_perception.commands.main import main
arguments = [{str(model.folder)!r}, "--data", "city={city}", "--json", {str(tmp_path / "a.json")!r}]
sys.exit(main(["evaluate", *arguments]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "a.json").read_text())["scores"]["city_miou"] > 0


def test_two_seconds_of_frames_have_no_interval(predictions: tuple[Path, Path], tmp_path: Path) -> None:
    (found,) = scores_of(tmp_path / "c.json", str(predictions[1]))["recordings"]
    assert {each["interval"] for each in found["scores"].values()} == {None}


def test_predictions_of_other_images_are_no_score(
    city: Path, model: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "another_mask.png"), np.zeros((64, 96), np.uint8))
    assert main(["evaluate", str(tmp_path), "--data", f"city={city}", "--model", str(model.folder)]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"{tmp_path} says nothing of any image of city" in said


def test_each_data_set_is_scored_or_it_is_an_error(
    city: Path, model: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second one without truth, without a split to score on, or unknown does not hide behind the first."""
    for split in ("train", "val"):
        (tmp_path / "own" / split / "image").mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "own" / split / "image" / "a.png"), np.zeros((64, 96, 3), np.uint8))
    (tmp_path / "own" / "labels.yaml").write_text("labels: [{name: road}, {name: sky}]")
    for data, told in (
        (f"own={tmp_path / 'own'}", "nothing of own could be scored: its 1 images have neither labels nor depth"),
        (f"images={tmp_path / 'own' / 'val' / 'image'}", "images has no split val: nothing in it is true enough"),
        ("elsewhere=.", "expected NAME=FOLDER with NAME one of"),
    ):
        assert main(["evaluate", str(model.folder), "--data", f"city={city}", data]) == 1
        assert told in capsys.readouterr().err
    for data, split, told in (
        ({"elsewhere": city}, "val", "there is no data set 'elsewhere'"),
        ({"city": city}, "test", "split is 'test'; expected one of train, val"),
        (None, "val", "is a model; tell on what to score it"),
    ):
        with pytest.raises(mt_perception.Error, match=told):
            mt_perception.evaluate(model.folder, data=data, split=split)


def test_ctrl_c_ends_it_in_order_and_writes_nothing(model: Bundle, tmp_path: Path) -> None:
    camvid = write_camvid(tmp_path / "camvid", frames=400)
    program = "import sys; from mt_perception.utils.entry import perceive; sys.exit(perceive())"
    arguments = ["evaluate", str(model.folder), "--data", f"camvid={camvid}", "--json", str(tmp_path / "a.json")]
    started = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=-1, stderr=-1)
    assert started.stderr
    said = b""
    while b"camvid: " not in said:  # the first word of its progress
        said += (read := os.read(started.stderr.fileno(), 4096))
        assert read, said
    started.send_signal(signal.SIGINT)
    out, rest = started.communicate(timeout=60)
    assert started.returncode == 130 and rest.endswith(b"stopped\n") and b"Traceback" not in rest
    assert not out and not (tmp_path / "a.json").exists()


def test_what_does_not_go_together_is_told(
    city: Path, model: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, data = str(model.folder), ["--data", f"city={city}"]
    for arguments, told in (
        ([name], "is a model; tell on what to score it: --data NAME=FOLDER"),
        (["street"], "street is a model; tell on what"),
        ([name, name, *data], "--data scores one model, not 2"),
        ([name, *data, "--truth", str(tmp_path)], "--truth is for recordings: leave out --data"),
        ([str(tmp_path), "--split", "val"], "--split is for data sets: add --data"),
    ):
        assert main(["evaluate", *arguments]) == 1
        assert told in capsys.readouterr().err


def test_the_help_names_every_label_set(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    said = capsys.readouterr().out
    assert all(name in said for name in LABEL_SETS)


def test_former_names_say_the_new_one_in_a_line(
    predictions: tuple[Path, Path], city: Path, model: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bag", "evaluate", str(predictions[1]), "--json", str(tmp_path / "c.json")]) == 0
    assert "mt-perception bag evaluate is now mt-perception evaluate\n" in capsys.readouterr().err
    training = ["evaluate", "--model", str(model.folder), "--data", f"city={city}", "--json", str(tmp_path / "a.json")]
    assert train(training) == 0
    told = "mt-perception-train evaluate is now mt-perception evaluate MODEL --data NAME=FOLDER\n"
    assert told in capsys.readouterr().err and (tmp_path / "a.json").is_file()
