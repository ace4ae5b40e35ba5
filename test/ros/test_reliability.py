# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/reliability, short: the long run is docs/reliability.md's."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("rclpy")


def test_a_short_run_of_each_part_holds(root, tmp_path, cache_home):
    command = [sys.executable, str(root / "benchmarks" / "reliability"), "--json", str(tmp_path / "rows.json")]
    parts = ["soak", "compressed", "recording_has_flipped_bits"]
    ended = subprocess.run(
        [*command, "--frames", "40", "--malformed", "100", "--only", *parts],
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["frames"] for row in rows["soak"]] == list(range(0, 41, 4)) and rows["soak"][-1]["answered"] == 40
    (flood,) = rows["malformed"]
    assert flood["input"] == "compressed" and flood["malformed"] == 100 and flood["deaths"] == 0 < flood["valid"]
    (fault,) = rows["faults"]
    assert fault["lost"].endswith("of 1000 messages") and "## soak" in ended.stdout
