# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How the scripts in benchmarks/ end when they are given what is not there."""

import runpy
import sys

import pytest


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["stereo.py", "/none"], "/none/left.png cannot be read: it is missing, or no image"),
        (["ground.py", "/none"], "No such file or directory: '/none/image'"),
        (["offline.py", "--input", "/none"], "/none is no recording that can be read"),
    ],
)
def test_a_folder_that_is_not_there_is_one_sentence_and_status_1(command, said, root, monkeypatch, capsys):
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
