# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From a recipe to a running node: trained in three phases, killed on the way, resumed, scored, exported, loaded."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("lightning")

import yaml
from miniature import HEIGHT, WIDTH, write_city

from mt_perception.messages.read import array_from_image
from mt_perception_training.cli import main
from mt_perception_training.options import LAST
from mt_perception_training.recipe import RECIPES

STEPS, SIDES = 6, ((64, 64), (96, 64), (128, 96))


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    """The published recipe with few steps and small crops."""
    values = yaml.safe_load((RECIPES / "baseline.yaml").read_text())
    values |= {"name": "miniature", "input": {"width": WIDTH, "height": HEIGHT}, "fx_px": 80}
    values["network"]["decoder_width"] = 16
    for phase, (width, height) in zip(values["phases"], SIDES, strict=True):
        phase |= {"batch": {"cityscapes": 2}, "epochs": 1, "steps": STEPS, "crop_width": width, "crop_height": height}
    file = tmp_path_factory.mktemp("recipe") / "miniature.yaml"
    file.write_text(yaml.safe_dump(values))
    return file


def test_trained_killed_resumed_scored_exported_and_loaded(recipe, start, probe, tmp_path, capsys):
    data = [f"cityscapes={write_city(tmp_path / 'cityscapes')}"]
    run, model = tmp_path / "run", tmp_path / "model"
    training = ["train", "--recipe", str(recipe), "--data", *data, "--out", str(run), "--accelerator", "cpu"]
    kill_after_first_epoch(training, run / LAST)

    assert main([*training, "--resume"]) == 0
    resumed = (run / "logs" / "version_1" / "metrics.csv").read_text().splitlines()
    epochs_and_steps = [row.split(",")[:2] for row in resumed[1:]]
    assert epochs_and_steps == [["1", str(2 * STEPS - 1)], ["2", str(3 * STEPS - 1)]]  # it went on, not back
    exporting = ["export", "--checkpoint", str(run / LAST), "--data", *data, "--out", str(model)]
    assert main(exporting) == 1 and "the depth has no skill" in capsys.readouterr().err  # after so few steps
    assert main([*exporting, "--allow-no-skill"]) == 0
    report, scores = tmp_path / "report.html", tmp_path / "scores.json"
    evaluation = ["--html", str(report), "--json", str(scores), "--run", str(run)]
    assert main(["evaluate", "--model", str(model), "--data", *data, *evaluation]) == 0
    assert {"cityscapes_miou", "cityscapes_abs_rel"} <= set(json.loads(scores.read_text())["scores"])
    assert "data:image" in report.read_text()

    probe.listen("segmentation/mask")
    start("node", model=str(model), backend="openvino")
    probe.wait_for_node()
    sent = probe.send(1_000_000_000)
    mask = array_from_image(probe.until(lambda: probe.received["segmentation/mask"])[0])
    assert mask.shape == (sent.height, sent.width)
    capsys.readouterr()


def kill_after_first_epoch(arguments: list[str], checkpoint: Path) -> None:
    """Train in a process of its own until `checkpoint` appears; then SIGKILL, which nothing can catch."""
    process = subprocess.Popen([sys.executable, "-m", "mt_perception_training", *arguments])
    try:
        end = time.monotonic() + 300
        while not checkpoint.is_file():
            assert process.poll() is None, "the training ended before its first checkpoint"
            assert time.monotonic() < end, "no checkpoint within 300 s"
            time.sleep(0.01)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
