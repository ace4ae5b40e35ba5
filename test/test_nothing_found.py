# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Nothing found is never success: every command that reads images ends with status 1 where there are none."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mt_perception.bags.sources import SourceError, open_source
from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import build_parser, main
from mt_perception.messages.rosbags import new_camera_info, new_header, new_image
from recordings import CAMERA, SIZE, write_results, write_street

HEAD = new_header(10**9, "camera")


def empty_folder(path: Path) -> Path:
    path.mkdir()
    return path


def bag_of(**messages):
    """A function that writes a recording of these topics, with `a__b` for `/a/b`."""

    def write(path: Path) -> Path:
        with BagWriter(path) as bag:
            for topic, message in messages.items():
                bag.write_message(f"/{topic.replace('__', '/')}", 10**9, message)
        return path

    return write


def unfilled(path: Path) -> Path:
    """Topics with images, on which nothing was recorded."""
    with BagWriter(path) as bag:
        for topic in ("/camera/image_raw", "/segmentation/mask"):
            bag._connections[topic] = bag._connect(topic, "sensor_msgs/msg/Image", False)
    return path


NOTHING = {
    "an empty folder": empty_folder,
    "an empty bag": bag_of(),
    "a bag without images": bag_of(camera__camera_info=new_camera_info(CAMERA, HEAD)),
    "a bag whose image topics are empty": unfilled,
    "a bag with depth alone": bag_of(camera__depth__image=new_image(np.zeros(SIZE, np.uint16), "16UC1", HEAD)),
    "a file that is no recording": lambda path: (
        path.with_suffix(".mcap").write_text("rubbish") and path.with_suffix(".mcap")
    ),
    "nothing at all": lambda path: path / "none",
}
COMMANDS = {
    "run": ["run", "IN", "--out", "OUT"],
    "demo": ["demo", "--input", "IN", "--out", "OUT"],
    "view": ["view", "IN", "--save", "OUT"],
    "export": ["export", "--images", "IN", "--out", "OUT"],
    "bag process": ["bag", "process", "IN", "OUT"],
    "bag process --stereo": ["bag", "process", "IN", "OUT", "--stereo"],
    "bag process of several": ["bag", "process", "STREET", "IN", "OUT"],
    "bag evaluate": ["bag", "evaluate", "IN"],
    "bag evaluate of several": ["bag", "evaluate", "RESULTS", "IN"],
    "bag evaluate --truth": ["bag", "evaluate", "RESULTS", "--truth", "IN"],
    "bag from-dataset": ["bag", "from-dataset", "IN", "OUT"],
    "evaluate": ["evaluate", "IN"],
    "evaluate --data": ["evaluate", "street", "--data", "camvid=IN"],
}
TRAINING = {
    "evaluate": ["evaluate", "--data", "camvid=IN"],
    "quantize": ["quantize", "--data", "camvid=IN", "--out", "OUT"],
    "depth": ["depth", "IN", "--out", "OUT"],
    "pseudo-label": ["pseudo-label", "--teacher", "TEACHER", "--data", "camvid=IN", "--out", "OUT"],
    "train": ["train", "--recipe", "street", "--data", "camvid=IN", "cityscapes=IN", "city=IN", "--out", "OUT"],
}
WITHOUT_IMAGES = {
    "doctor", "init", "info", "models", "params", "bench", "compare", "tune", "costmap", "bag from-city", "export",
    "city", "import", "camera",
}  # fmt: skip
"""Commands that read none, or make their own; training's export reads them only with --data."""


def commands_of(parser: argparse.ArgumentParser, before: str = "") -> set[str]:
    """The names of all commands, `bag process` and so on."""
    found = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    below = [(f"{before}{name}", each) for action in found for name, each in action.choices.items()]
    return {name for full, each in below for name in commands_of(each, f"{full} ") or {full}}


def test_no_command_is_forgotten():
    walked = {name.split(" --")[0].split(" of ")[0] for name in COMMANDS}
    assert commands_of(build_parser()) == walked | (WITHOUT_IMAGES - {"city"})
    training = pytest.importorskip("mt_perception_training.cli")
    assert commands_of(training.build_parser()) == set(TRAINING) | {"export", "city"}


def ends_in_a_sentence(command, arguments, nothing, tmp_path, capfd):
    words = {
        "IN": lambda: NOTHING[nothing](tmp_path / "in"),
        "OUT": lambda: tmp_path / "out",
        "STREET": lambda: write_street(tmp_path / "street", start_ns=10**9, frames=1),
        "RESULTS": lambda: write_results(tmp_path / "results", 2),
    }
    filled = [str(words[word]()) if word in words else word for word in arguments]
    filled = [
        word.replace("=IN", f"={NOTHING[nothing](tmp_path / word)}") if "=IN" in word else word for word in filled
    ]
    status = command(filled)
    said = capfd.readouterr().err
    assert status == 1 and "Traceback" not in said, said
    assert any(line.startswith(("error: ", "mt-perception-train: ")) for line in said.splitlines()), said


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_succeeds_with_nothing(name, nothing, bundle, tmp_path, capfd):
    if name == "demo":
        pytest.importorskip("rclpy")
    takes_model = (
        [] if name.startswith(("bag evaluate", "bag from-dataset", "evaluate")) else ["--model", str(bundle.folder)]
    )
    ends_in_a_sentence(main, COMMANDS[name] + takes_model, nothing, tmp_path, capfd)
    left = {each.relative_to(tmp_path / "out").as_posix() for each in (tmp_path / "out").glob("*")}
    assert left <= {"street"}, "what could not be made is not there; what could, is"


@pytest.mark.parametrize("nothing", ["an empty folder", "an empty bag", "a bag without images", "nothing at all"])
@pytest.mark.parametrize("name", TRAINING)
def test_no_command_of_the_training_does_either(name, nothing, tmp_path, capfd):
    if importlib.util.find_spec("lightning") is None:
        pytest.skip("the training's packages are not installed")
    from mt_perception_training.cli import main as train

    ends_in_a_sentence(train, TRAINING[name], nothing, tmp_path, capfd)


@pytest.mark.parametrize("encoding", ["banana8", "h264"])
def test_images_that_are_all_skipped_are_none(encoding, bundle, tmp_path, capfd):
    with BagWriter(tmp_path / "bag") as bag:
        for index in range(3):
            message = new_image(np.zeros(SIZE, np.uint8), encoding, new_header(10**9 + index, "camera"))
            bag.write_message("/camera/image_raw", 10**9 + index, message)
    arguments = ["bag", "process", str(tmp_path / "bag"), str(tmp_path / "out"), "--model", str(bundle.folder)]
    for _ in range(2):  # called again, it does not find parts that are done
        assert main(arguments) == 1
        said = capfd.readouterr().err
        assert "0 of the 3 images on /camera/image_raw have results" in said and encoding in said
        assert not (tmp_path / "out").exists() and not (tmp_path / "out.parts").exists()


def test_a_few_that_are_skipped_are_told(bundle, tmp_path, capfd):
    with BagWriter(tmp_path / "bag") as bag:
        for index, encoding in enumerate(("mono8", "banana8", "mono8")):
            message = new_image(np.zeros(SIZE, np.uint8), encoding, new_header(10**9 + index, "camera"))
            bag.write_message("/camera/image_raw", 10**9 + index, message)
    arguments = ["bag", "process", str(tmp_path / "bag"), str(tmp_path / "out"), "--model", str(bundle.folder)]
    assert main(arguments) == 0
    assert "2 of the 3 images on /camera/image_raw have results" in capfd.readouterr().err


@pytest.mark.parametrize("nothing", NOTHING)
def test_the_player_is_told_before_it_waits_for_anybody(nothing, tmp_path):
    with pytest.raises(SourceError):
        open_source(NOTHING[nothing](tmp_path / "in"))
