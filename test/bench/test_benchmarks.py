# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How the scripts in benchmarks/ end when they are given what is not there."""

import runpy
import sys

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["stereo.py", "/none"], "/none/left.png cannot be read: it is missing, or no image"),
        (["ground.py", "/none"], "/none/image: No such file or directory"),
        (["grain.py", "/none"], "/none/val/image holds no images"),
        (["grain.py", "/none", "--every", "0"], "every is 0; allowed: 1 or more"),
        (["offline.py", "--input", "/none"], "/none is no recording that can be read"),
    ],
)
def test_a_folder_that_is_not_there_is_one_sentence_and_status_1(command, said, root, monkeypatch, capsys):
    if command[0] == "grain.py":
        pytest.importorskip("torch")
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(root / "benchmarks" / command[0]), run_name="__main__")
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and said in line


def test_every_script_ends_like_that(root):
    scripts = list((root / "benchmarks").glob("*.py"))
    assert len(scripts) > 10
    assert [each.name for each in scripts if 'raise SystemExit(run(main, "error"))' not in each.read_text()] == []


def test_boundaries_by_hand(root):
    pytest.importorskip("torch")
    grain = runpy.run_path(str(root / "benchmarks" / "grain.py"))
    truth = np.zeros((5, 12), np.uint8)
    truth[:, 6:] = 1
    moved, far = np.roll(truth, 3, axis=1), np.zeros_like(truth)
    moved[:, :3] = 0
    assert grain["boundary"](truth).nonzero()[1].tolist() == [6] * 5
    scores = [grain["BoundaryScore"]() for _ in range(2)]
    scores[0].update(moved, truth)  # 3 pixels beside it: met
    far[:, 10:] = 1
    scores[1].update(far, truth)  # 4 pixels: not
    assert [each.f for each in scores] == [1.0, 0.0]
