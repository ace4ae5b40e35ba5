# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Many recordings in one call."""

from __future__ import annotations

import json

import pytest

from mt_perception.bags.bag import BagError
from mt_perception.bags.batch import listed, places
from mt_perception.commands.main import main
from recordings import contents, write_results, write_street


def test_lists_stand_for_their_lines(tmp_path):
    (tmp_path / "list.txt").write_text("one\n\n  two\none\n/three\n")
    names = ["zero", f"@{tmp_path / 'list.txt'}"]
    assert [str(path) for path in listed(names)] == ["zero", str(tmp_path / "one"), str(tmp_path / "two"), "/three"]
    with pytest.raises(BagError, match="one path a line"):
        listed(["@/none"])
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(BagError, match="names no recording"):
        listed([f"@{tmp_path / 'empty.txt'}"])


def test_results_are_named_after_their_inputs(tmp_path):
    file = write_street(tmp_path / "a" / "street", frames=1) / "street.mcap"
    assert places([file, tmp_path / "other"], tmp_path / "out") == [
        (file, tmp_path / "out" / "street"),
        (tmp_path / "other", tmp_path / "out" / "other"),
    ]
    with pytest.raises(BagError, match="several inputs are named street"):
        places([file, tmp_path / "b" / "street"], tmp_path / "out")


def test_one_bad_recording_does_not_stop_the_others(bundle, tmp_path, capsys):
    streets = [write_street(tmp_path / name, start_ns=10**9) for name in ("first", "last")]
    (tmp_path / "broken").mkdir()
    (tmp_path / "list.txt").write_text("broken\nlast\n")
    arguments = ["bag", "process", str(streets[0]), f"@{tmp_path / 'list.txt'}", str(tmp_path / "out")]
    arguments += ["--model", str(bundle.folder), "--precision", "fp32"]
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out.count("8 images") == 2 and said.err.count("error: ") == 1
    assert f"error: {tmp_path / 'broken'} is no recording" in said.err.splitlines()[-1]
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["first", "last"]
    assert contents(tmp_path / "out" / "first") == contents(tmp_path / "out" / "last")
    assert main(arguments) == 1  # called again, it has only the broken one to try
    assert "2 of 3 results are there already" in capsys.readouterr().err


def test_evaluation_over_processes_gives_the_same_numbers(tmp_path, capsys):
    bags = [write_results(tmp_path / name, 10, wrong_columns=10 * n) for n, name in enumerate(("a", "b", "c"), 1)]
    scores = [tmp_path / "one.json", tmp_path / "two.json"]
    for workers, file in zip("12", scores, strict=True):
        paths = [str(bags[0]), str(tmp_path / "none"), *map(str, bags[1:])]
        assert main(["bag", "evaluate", *paths, "--workers", workers, "--json", str(file)]) == 1
        assert "none" in capsys.readouterr().err.splitlines()[-1]
    found, again = (json.loads(file.read_text()) for file in scores)
    assert found == again
    assert [each["scores"]["miou"]["value"] for each in found["recordings"]] == pytest.approx([0.9, 0.8, 0.7])
    assert {row["against"] for row in found["differences"]} == {str(bags[0])}
