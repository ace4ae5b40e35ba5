# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/gpu_proof.py, as far as it goes without a GPU: every row is walked, and each answers for itself."""

import importlib.util
import json
import os
import subprocess
import sys
from itertools import product

import pytest

from mt_perception.backends import NVIDIA_DRIVER


@pytest.fixture(scope="module")
def proof(root):
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("gpu_proof", root / "benchmarks" / "gpu_proof.py")
    module = sys.modules["gpu_proof"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gpu_proof"]


def test_a_dry_run_walks_every_row_and_says_why_it_is_skipped(root, tmp_path):
    command = [str(root / "benchmarks" / "gpu_proof.sh"), "--dry-run", "--out", str(tmp_path)]
    result = subprocess.run(command, env=os.environ | {"PYTHON": sys.executable}, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    rows = json.loads((tmp_path / "gpu_proof.json").read_text())["rows"]
    assert (tmp_path / "gpu_proof.md").read_text() == result.stdout
    names = [row["row"] for row in rows]
    expected = {f"{b} {p} 400x1024" for b in ("torch", "tensorrt") for p in ("fp32", "fp16", "bf16")}
    expected |= {f"batch of {n} {b}" for n, b in product(range(1, 7), ("torch", "tensorrt_rtx"))}
    assert expected <= set(names) and len(set(names)) == len(names) > 40
    assert {row["status"] for row in rows} <= {"would run", "skipped"}
    assert all(row["note"] for row in rows if row["status"] == "skipped")
    if not NVIDIA_DRIVER.exists():
        assert {row["note"] for row in rows if row["row"].startswith("torch")} == {
            "there is no NVIDIA GPU, or no driver"
        }


def test_a_row_is_measured_in_a_process_of_its_own(proof):
    line = proof._apart("machine", "", 120)
    assert line["status"] == "ok" and line["note"].startswith("profile ")


@pytest.mark.parametrize(
    ("row", "limit_s", "said"), [("no such row", 120, "status 1: "), ("machine", 0.01, "no answer within 0 s")]
)
def test_one_that_fails_or_hangs_says_so(proof, row, limit_s, said):
    line = proof._apart(row, "", limit_s)
    assert line["status"] == "FAILED" and line["note"].startswith(said)


def test_when_the_time_is_over_the_rest_is_skipped(proof, tmp_path, capsys):
    proof.main(["--minutes", "0", "--out", str(tmp_path)])
    rows = json.loads((tmp_path / "gpu_proof.json").read_text())["rows"]
    assert rows[0] == {"row": "machine", "status": "skipped", "note": "the 0 minutes are over"}
