# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/offline.py prints its table."""

from __future__ import annotations

import json
import subprocess
import sys

from recordings import write_street


def test_processing_stands_beside_the_bare_network(root, tmp_path, cache_home):
    street = write_street(tmp_path / "street", 3, start_ns=10**9)
    command = [sys.executable, str(root / "benchmarks" / "offline.py"), "--input", str(street), "--size", "64x128"]
    options = ["--images", "4", "--rounds", "1", "--json", str(tmp_path / "rows.json")]
    result = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["variant"] for row in rows] == ["network alone", "bag process", "bag process, kept"]
    assert rows[0]["ratio"] == 1.0 and all(row["images"] == 4 and row["per_second"] > 0 for row in rows)
