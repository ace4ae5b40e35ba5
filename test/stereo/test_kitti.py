# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A real pair: the benchmark's own numbers. Its images may not be part of this repository."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def kitti(root):
    """The pair 000046 of KITTI 2015: in $MT_PERCEPTION_REAL, or in ../shared/real."""
    folder = Path(os.environ.get("MT_PERCEPTION_REAL", root.parent / "shared" / "real")) / "kitti2015_000046"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: MT_PERCEPTION_REAL names the folder that holds kitti2015_000046")
    return folder


def test_fused_depth_of_a_real_pair(kitti, root, cache_home, tmp_path):
    command = [sys.executable, root / "benchmarks" / "stereo.py", kitti, "--sheet", tmp_path / "depth.png"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    rows = {name: numbers.split(" | ") for name, numbers in re.findall(r"^\| (\w+) \| (.*) \|$", said.stdout, re.M)}
    error = {name: float(rows[name][0]) for name in ("mono", "scaled", "fused")}
    coverage = float(rows["fused"][3])
    assert error["fused"] < 0.10 < error["mono"] and coverage > 0.99
    assert (tmp_path / "depth.png").stat().st_size > 50_000
