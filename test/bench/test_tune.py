# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The choice by hand, and one made for real."""

from importlib.util import find_spec

import pytest
import yaml

pytest.importorskip("openvino")

from mt_perception.bench.interleaved import BenchError
from mt_perception.bench.tune import Goal, _preference, default_sizes, parameters_of
from mt_perception.commands.main import main
from mt_perception.settings import Settings


def test_the_budget_by_hand():
    assert Goal(20.0).budget_ms == pytest.approx(37.5)  # 50 ms less a quarter
    assert Goal(20.0, max_latency_ms=20.0).budget_ms == pytest.approx(15.0)
    assert Goal(20.0, max_latency_ms=500.0).budget_ms == pytest.approx(37.5)


@pytest.mark.parametrize(("values", "said"), [((0.0,), "fps is 0"), ((5.0, -1.0), "max-latency-ms is -1")])
def test_impossible_goals_are_refused(values, said):
    with pytest.raises(BenchError, match=said):
        Goal(*values)


def test_the_most_exact_precision_comes_first_then_the_fastest():
    rows = [{"precision": p, "p50_ms": t} for p, t in (("int8", 1.0), ("bf16", 2.0), ("fp32", 9.0), ("fp32", 7.0))]
    assert min(rows, key=_preference) == rows[3]
    assert min(rows[:2], key=_preference) == rows[1]


def test_the_parameters_are_those_that_were_measured(tmp_path):
    row = {
        "size": "64x96",
        "backend": "openvino",
        "precision": "bf16",
        "threads": 1,
        "model": str(tmp_path / "a" / ".."),
    }
    found = parameters_of(row)
    assert found.pop("model") == str(tmp_path)
    assert found == {"backend": "openvino", "precision": "bf16", "threads": 1, "input_width": 96, "input_height": 64}


def test_sizes_start_at_the_models_own_and_fall(root):
    own = yaml.safe_load((root / "models" / "street" / "bundle.json").read_text())["input"]
    sizes = default_sizes("")
    assert sizes[0] == (own["height"], own["width"])
    assert all(h % 32 == w % 32 == 0 for h, w in sizes[1:]) and len(sizes) == len(set(sizes)) > 3


def test_the_profile_is_a_parameter_file_with_its_reasons(tmp_path, cache_home, capsys):
    out = tmp_path / "profile.yaml"
    options = ["--sizes", "32x64", "64x96", "--backends", "openvino", "--precisions", "fp32", "--image-size", "60x100"]
    assert main(["tune", "--fps", "4", "--out", str(out), *options]) == 0
    chosen = yaml.safe_load(out.read_text())["/**"]["ros__parameters"]
    assert chosen == {"backend": "openvino", "precision": "fp32", "input_width": 96, "input_height": 64}
    Settings.from_mapping(chosen)
    comments = [line for line in out.read_text().splitlines() if line.startswith("#")]
    assert "4 images a second of 100x60 px" in comments[0] and "25% of the time to spare" in comments[1]
    (measured,) = [line for line in comments if "openvino" in line]
    assert "| 64x96 | openvino | fp32" in measured and measured.endswith("yes   |"), "the smaller one was not needed"
    assert ("0 of 12" in measured) == bool(find_spec("rclpy"))
    assert str(out) in capsys.readouterr().out


def test_a_rate_that_nothing_holds_is_refused_in_one_sentence(tmp_path, cache_home, capsys):
    out = tmp_path / "profile.yaml"
    options = ["--sizes", "32x64", "--backends", "openvino", "--precisions", "fp32", "--out", str(out)]
    assert main(["tune", "--fps", "1e9", *options]) == 1
    assert "nothing holds 1e+09 images a second here: fp32 at 32x64 takes" in capsys.readouterr().err
    assert not out.exists()
