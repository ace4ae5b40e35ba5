# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The whole node measured over DDS, and the scripts in benchmarks/, all with tiny sizes."""

import importlib.util
import json

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("openvino")

from mt_perception.bench.interleaved import BenchError
from mt_perception.bench.node import Load, running_nodes
from mt_perception.commands.main import main
from mt_perception.settings import Settings

SMALL = ["--size", "32x64"]


@pytest.fixture
def script(root, tmp_path, capsys, cache_home):
    """Run a script of benchmarks/ with some arguments; its rows."""

    def run(name: str, *arguments: str) -> list[dict]:
        spec = importlib.util.spec_from_file_location(name, root / "benchmarks" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        file = tmp_path / f"{name}.json"
        module.main([*arguments, "--json", str(file)])
        rows = json.loads(file.read_text())
        assert capsys.readouterr().out.count("\n") == len(rows) + 2, "one table"
        return rows

    return run


def test_the_nodes_row_is_complete(tmp_path, cache_home, capsys):
    file = tmp_path / "node.json"
    options = ["--image-size", "60x100", "--images", "12", "--rounds", "2", "--json", str(file)]
    assert main(["bench", "--node", *SMALL, *options]) == 0
    (row,) = json.loads(file.read_text())
    assert row["dropped"] == 0 and row["size"] == "32x64" and row["image"] == "60x100"
    assert row["network_p50_ms"] > 0 and 0 < row["node_p50_ms"] <= row["node_p99_ms"]
    assert row["overhead"] == pytest.approx(row["node_p50_ms"] / row["network_p50_ms"], abs=0.02, rel=0.02)
    assert row["ready_s"] > 0 and 50 < row["rss_mb"] < 1000 and row["fps"] > 0 and row["cpu_percent"] > 0
    assert "overhead" in capsys.readouterr().out


def test_a_camera_faster_than_the_node_is_counted(cache_home):
    with running_nodes(Settings(input_width=640, input_height=384), Load((64, 128))) as (node,):
        node.ask(100, rate=2000.0)
        node.collect()
        assert node.dropped > 0 and len(node.latencies_ms) == 100 - node.dropped > 0


def test_a_node_that_does_not_start_is_quoted(cache_home):
    with (
        pytest.raises(BenchError, match=r"the node did not start; it said: .*/none does not exist"),
        running_nodes(Settings(model="/none"), Load()),
    ):
        pass


def test_an_empty_load_is_refused(capsys):
    assert main(["bench", "--node", "--images", "0"]) == 1
    assert "images is 0; allowed: 1 or more" in capsys.readouterr().err
    assert Load(images=3, rounds=5).turn == 1 and Load(images=11, rounds=5).turn == 3


def test_node_overhead(script):
    rows = script("node_overhead", *SMALL, "--camera-sizes", "60x100", "--images", "10")
    assert [(row["image"], row["transport"], row["output_size"]) for row in rows] == [
        ("60x100", transport, size) for transport in ("raw", "compressed") for size in ("input", "network")
    ]
    assert all(row["overhead"] > 0 and row["dropped"] == 0 for row in rows)


def test_scaling(script):
    rows = script("scaling", "--sizes", "32x64", "64x96", "--cameras", "1", "2", "--images", "8")
    found = [(row["size"], row["cameras"], row["nodes"]) for row in rows]
    assert found == [("32x64", 1, 1), ("64x96", 1, 1), ("32x64", 2, 1), ("32x64", 2, 2)]
    assert all(row["dropped"] == 0 and row["rss_mb"] > 0 for row in rows)
    shared, separate = (row["all_rss_mb"] for row in rows[2:])
    assert shared < 0.75 * separate


def test_soak(script):
    rows = script("soak", *SMALL, "--image-size", "60x100", "--images", "20", "--step", "10")
    assert [(row["images"], row["dropped"]) for row in rows] == [(10, 0), (20, 0)]
    assert rows[0]["growth_percent"] == 0


def test_transport(script):
    rows = script("transport", "--image-size", "60x100", "--images", "5", "--rate", "20")
    assert [row["transport"] for row in rows] == ["Fast DDS as it is", "with config/fastdds.xml"]
    assert all(0 < row["answered"] <= row["sent"] == 5 for row in rows)


def test_peers(script):
    pytest.importorskip("torchvision")
    rows = script("peers", *SMALL, "--rounds", "1")
    assert [row["variant"].split()[0] for row in rows[:3]] == ["baseline", "two", "LR-ASPP"]
    assert len(rows) > 3 and rows[0]["ratio"] == 1.0 and all(row["p50_ms"] > 0 for row in rows)
