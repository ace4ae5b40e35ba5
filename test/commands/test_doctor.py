# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the doctor says of machines that lack something, each in a process in which that cannot be imported."""

import json
import shutil
import subprocess
import sys

import pytest

import mt_perception
from mt_perception.commands.doctor import examine
from mt_perception.utils import resources


def doctor_without(*modules: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    program = f"""
import sys
sys.modules.update(dict.fromkeys({modules!r}))
from mt_perception.commands.main import main
sys.exit(main(["doctor", *{arguments!r}]))
"""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)


def test_a_machine_without_ros_and_backends_is_told_how_to_get_them(tmp_path):
    file = tmp_path / "doctor.json"
    said = doctor_without("rclpy", "openvino", "torch", arguments=("--json", str(file)))
    assert said.returncode == 1 and said.stderr == ""
    rows = {row["part"]: row for row in json.loads(file.read_text())}
    for part in ("openvino", "ROS 2"):
        assert rows[part]["state"] == "missing" and rows[part]["remedy"], part
        assert f"{rows[part]['text']}\n{'':24}-> {rows[part]['remedy']}\n" in said.stdout
    assert rows["version"]["text"] == f"mt_perception {mt_perception.__version__}"
    assert rows["torch"]["state"] == "note" and rows["model"]["state"] == "ok"
    assert "middleware" not in rows
    assert said.stdout.splitlines()[-1] == "missing: openvino, ROS 2"


def test_without_what_all_else_imports_that_alone_is_told():
    said = doctor_without("cv2", "safetensors")
    assert said.returncode == 1 and said.stderr == ""
    *_, finding, remedy, last = said.stdout.splitlines()
    assert finding.startswith("missing  Python") and finding.endswith("without cv2, safetensors")
    assert remedy.strip() == "-> pip install opencv-python-headless safetensors"
    assert last == "missing: Python"


def test_without_numpy_the_lines_are_written_all_the_same(tmp_path):
    said = doctor_without("numpy", arguments=("--json", str(tmp_path / "doctor.json")))
    assert said.returncode == 1 and said.stderr == ""
    assert json.loads((tmp_path / "doctor.json").read_text())[-1]["remedy"] == "pip install numpy"


@pytest.mark.parametrize("seconds", ["nan", "-1", "0", "1e9", "soon"])
def test_a_time_to_look_that_makes_no_sense_is_refused(seconds):
    said = doctor_without(arguments=(f"--seconds={seconds}",))
    assert said.returncode == 2 and "allowed: 0.1 to 600 seconds" in said.stderr


def test_a_file_that_could_not_be_written_is_refused_before_anything_is_looked_at(tmp_path):
    said = doctor_without(arguments=("--json", str(tmp_path / "none" / "doctor.json")))
    assert said.returncode == 1 and said.stdout == "" and "there is no folder" in said.stderr


@pytest.mark.parametrize("damage", ["damaged", "incomplete", "no models"])
def test_a_default_model_that_is_not_whole_is_missing(tmp_path, monkeypatch, damage):
    folder = tmp_path / "models" / resources.DEFAULT_MODEL
    if damage != "no models":
        shutil.copytree(resources.model_folder(), folder)
        weights = folder / "weights.safetensors"
        weights.unlink() if damage == "incomplete" else weights.write_bytes(b"rubbish")
    monkeypatch.setattr(resources, "share_folder", lambda: tmp_path)
    model = next(each for each in examine() if each.part == "model")
    assert model.state == "missing" and damage in model.text
