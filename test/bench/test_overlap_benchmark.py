# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""benchmarks/overlap.py prints its table."""

from __future__ import annotations

import json
import runpy


def test_each_way_stands_beside_the_bare_network_and_tells_the_age_of_its_images(root, tmp_path, cache_home, capsys):
    main = runpy.run_path(str(root / "benchmarks" / "overlap.py"))["main"]
    options = ["--size", "64x128", "--camera-sizes", "96x160", "--images", "2", "--rounds", "1"]
    main([*options, "--json", str(tmp_path / "rows.json")])
    assert "decoded ahead" in capsys.readouterr().out
    rows = json.loads((tmp_path / "rows.json").read_text())
    ways = ["network alone", "one by one", "decoded ahead", "one a core"]
    assert [(row["transport"], row["way"]) for row in rows] == [(t, w) for t in ("raw", "compressed") for w in ways]
    assert rows[0]["ratio"] == 1.0 and all(row["per_second"] > 0 and row["age_ms"] > 0 for row in rows)
