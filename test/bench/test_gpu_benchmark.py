# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/gpu.py, as far as it goes without a GPU."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("mt_perception.bench")


def test_it_prints_one_table_with_the_published_way_first(root, bundle, tmp_path):
    command = [sys.executable, str(root / "benchmarks" / "gpu.py"), "--device", "cpu", "--model", str(bundle.folder)]
    options = ["--size", "32x64", "--rounds", "1", "--turn-s", "0", "--json", str(tmp_path / "rows.json")]
    result = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [(row["backend"], row["precision"]) for row in rows] == [
        ("eager", "fp32"), ("torch", "fp32"), ("torch", "bf16"),
    ]  # fmt: skip
    assert rows[0]["ratio"] == 1.0 and all(row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] for row in rows)
    assert "left out: precision is fp16; torch on cpu computes in fp32, bf16, or auto" in result.stdout
    assert result.stdout.count("| 32x64 |") == 3
