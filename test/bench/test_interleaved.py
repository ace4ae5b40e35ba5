# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Turns, percentiles and ratios by hand."""

import pytest

from mt_perception.bench.interleaved import (
    BenchError,
    BenchmarkCase,
    per_image,
    run_interleaved,
    with_rate,
    with_ratio,
)
from mt_perception.bench.table import show, table


def scripted(name: str, log: list[str], network_ms: float) -> BenchmarkCase:
    def run():
        log.append(name)
        return {"prepare": 1.0, "network": network_ms}

    return BenchmarkCase({"backend": name}, run)


def test_cases_take_turns_and_the_first_run_of_a_turn_does_not_count():
    log: list[str] = []
    slow, fast = scripted("slow", log, 9.0), scripted("fast", log, 4.0)
    rows = run_interleaved([slow, fast], rounds=3, turn_s=0.0, progress=False)
    assert log == ["slow", "slow", "fast", "fast", *(["slow", "slow", "fast", "fast"] * 3)]
    assert len(slow.stages["total"]) == len(fast.stages["total"]) == 3
    assert [row["p50_ms"] for row in rows] == [10.0, 5.0]
    assert rows[0]["stages"] == {"prepare": dict.fromkeys(("p50", "p95", "p99"), 1.0),
                                 "network": dict.fromkeys(("p50", "p95", "p99"), 9.0)}  # fmt: skip
    assert [row["ratio"] for row in with_ratio(rows)] == [1.0, 2.0]


def test_work_on_several_images_is_told_for_one(monkeypatch):
    clock_s = iter([5.0, 5.6])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock_s))
    done = []
    assert per_image(lambda: done.append(1), 4)() == {"image": pytest.approx(150.0)}
    assert done == [1]


def test_images_a_second_are_those_of_all_streams():
    rows = [{"p50_ms": 20.0}, {"p50_ms": 25.0, "streams": 2}]
    assert [row["per_second"] for row in with_rate(rows)] == [50.0, 80.0]


def test_percentiles_are_those_of_the_whole_image():
    """The stages of one image belong together: the sum's percentile is not the sum of percentiles."""
    times = iter([(0, 0), (0, 0), (0, 0), (1, 9), (0, 0), (9, 1), (0, 0), (2, 2)])
    case = BenchmarkCase({}, lambda: dict(zip(("a", "b"), next(times), strict=True)))
    (row,) = run_interleaved([case], rounds=3, turn_s=0.0, progress=False)
    assert row["p50_ms"] == 10.0 and row["stages"]["a"]["p50"] == 2.0 and row["stages"]["b"]["p50"] == 2.0


def test_no_rounds_are_refused():
    with pytest.raises(BenchError, match="rounds is 0; allowed: 1 or more"):
        run_interleaved([], rounds=0)


def test_a_table_by_hand():
    assert table([{"a": "x", "bb": 1.5, "stages": {}}, {"a": None, "bb": 10}]).splitlines() == [
        "| a | bb   |",
        "| - | ---- |",
        "| x | 1.50 |",
        "|   | 10   |",
    ]


def test_stages_become_columns(capsys, tmp_path):
    rows = [{"a": 1, "b": 2, "stages": {"network": {"p50": 3.0}}}, {"a": 4, "b": 5}]
    show(rows, tmp_path / "rows.json", ("a", "stages"))
    assert capsys.readouterr().out.splitlines()[::2] == ["| a | network p50 |", "| 1 | 3.00        |"]
    assert '"b": 2' in (tmp_path / "rows.json").read_text()
