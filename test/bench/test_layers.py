# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where the time goes: each layer in its part, and their sum beside the whole."""

import json

import pytest

ov = pytest.importorskip("openvino")

from mt_perception.backends import BackendError, openvino_layers
from mt_perception.bench.interleaved import BenchError
from mt_perception.bench.layers import limit_ms, parts_of, profile, shares
from mt_perception.commands.main import main
from mt_perception.settings import Settings
from mt_perception.utils.hardware import machine_line


def test_a_layer_belongs_to_the_part_of_the_module_in_its_name_or_of_the_layer_before():
    names = ["camera", "rays.0/Add", "encoder.0/Conv", "Multiply_7", "decoder.1/Pool", "heads.depth/Add", "Convert_9"]
    assert parts_of(names) == ["input", "rays", "encoder", "encoder", "decoder", "heads", "heads"]


def test_after_the_heads_comes_the_last_mile_and_what_resembles_it_before_does_not_count():
    names = ["aten::pad/Pad", "heads.a/Conv", "aten::exp/Exp", "Reorder_1", "heads.b/Conv"]
    assert parts_of(names) == ["input", "heads", "last mile", "last mile", "heads"]


def test_shares_by_hand():
    layers = [{"part": part, "ms": ms, "limit_ms": 0.5} for part, ms in (("a", 1.0), ("b", 6.0), ("a", 1.0))]
    expected = [
        {"part": "b", "ms": 6.0, "share": "75 %", "limit_ms": 0.5},
        {"part": "a", "ms": 2.0, "share": "25 %", "limit_ms": 1.0},
    ]
    assert shares(layers, "part") == expected


def test_a_layer_that_computes_nothing_is_limited_by_what_it_moves():
    layer = {"multiply_adds": 0, "arithmetic": "", "bytes": 3e4}
    assert limit_ms(layer, {"f32": 1e6, "bytes": 1e4}) == 3.0


def test_every_part_of_a_real_network_takes_time(bundle, cache_home):
    found = profile(Settings(model=str(bundle.folder), backend="openvino", precision="fp32"), runs=3)
    parts = {each["part"]: each["ms"] for each in shares(found["layers"], "part")}
    assert {"encoder", "decoder", "heads", "last mile"} <= parts.keys() and min(parts.values()) >= 0
    assert found["sum_ms"] == pytest.approx(sum(parts.values()))
    assert "Convolution" in {each["kind"] for each in found["layers"]}
    assert set(found["per_ms"]) == {"f32", "bytes"} and min(found["per_ms"].values()) > 0
    counted = sum(each["multiply_adds"] for each in found["layers"])
    assert counted == pytest.approx(1e9 * bundle.card.gmacs, rel=0.25)


def test_the_command_prints_the_sum_beside_the_whole(bundle, cache_home, tmp_path, capsys):
    arguments = ["--layers", "--models", str(bundle.folder), "--rounds", "2", "--json", str(tmp_path / "rows.json")]
    main(["bench", *arguments, "--outputs", "mask"])
    printed = capsys.readouterr()
    assert "the layers take" in printed.out and "a frame without counters" in printed.out
    (row,) = json.loads((tmp_path / "rows.json").read_text())
    assert sum(each["ms"] for each in row["layers"]) == pytest.approx(row["sum_ms"])
    assert not any("heads.depth" in each["names"] for each in row["layers"])
    assert machine_line(row["machine"]) in printed.err


def test_a_probe_of_which_nothing_was_counted_is_told():
    addition = openvino_layers._addition()
    with pytest.raises(BackendError, match="counts no time of an addition"):
        openvino_layers._best(ov.Core(), addition, "f32", {}, "multiply_adds")  # of which it has none
    assert openvino_layers._best(ov.Core(), addition, "f32", {}, "bytes") > 0


def test_a_backend_without_counters_is_named(bundle, cache_home):
    pytest.importorskip("torch")
    with pytest.raises(BenchError, match="torch does not tell the times of its layers"):
        profile(Settings(model=str(bundle.folder), backend="torch"))
