# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The command line: it renders a data set, and refuses in one sentence what it cannot render."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mt_city import CityFolder
from mt_city.command import main


@pytest.mark.usefixtures("rendering")
def test_the_command_renders_both_splits(tmp_path: Path) -> None:
    options = ["--seeds", "1", "--val-seeds", "1", "--frames", "1", "--width", "96", "--height", "64", "--stereo"]
    program = [sys.executable, "-m", "mt_city", "--out", str(tmp_path), *options, "--camera", "hfov_deg=60"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    frames = [CityFolder(tmp_path, split)[0] for split in ("train", "val")]
    assert all(frame.left.shape == frame.right.shape == (64, 96, 3) for frame in frames)
    assert frames[0].camera.fx_px == frames[1].camera.fx_px == pytest.approx(48 / 0.57735, rel=1e-4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--camera", "fx=900"], "--camera is 'fx=900'; expected NAME=VALUE"),
        (["--width", "4"], "width_px is 4; it must be between 16 and 4096"),
        (["--frames", "0"], "--frames is 0; it must be 1 or more"),
        (["--workers", "-1"], "--workers is -1; it must be 1 or more"),
        (["--seeds", "0", "--val-seeds", "0"], "there is nothing to render"),
    ],
)
def test_what_cannot_be_rendered_ends_in_one_sentence(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path / "city"), *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("mt-city: ") and said in error and error.count("\n") == 1
    assert not (tmp_path / "city").exists()
