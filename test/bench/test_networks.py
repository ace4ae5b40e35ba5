# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The baseline is the published network, and everything that runs here gets its row."""

import json
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from mt_perception.bench.interleaved import BenchError
from mt_perception.bench.networks import all_of_ours, unrest
from mt_perception.bench.node import Load
from mt_perception.commands import bench
from mt_perception.commands.main import main
from mt_perception.model.card import BundleError
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.types import OUTPUTS as ALL_OUTPUTS

SMALL = (32, 64)
REQUIRED = {"backend", "precision", "variant", "size", "p50_ms", "p95_ms", "p99_ms", "ratio"}


@pytest.fixture
def baseline():
    pytest.importorskip("torch")
    from mt_perception.network import baseline

    return baseline


def test_the_baseline_network_has_the_published_size(baseline):
    from mt_perception.network.cost import multiply_adds

    network = baseline.baseline_network()
    counts = [sum(p.numel() for p in part.parameters()) for part in (network.encoder, network.decoder, network.heads)]
    assert (counts[0], counts[1] + counts[2]) == (870_560, 1_116_949)
    assert multiply_adds(network, (200, 512)) == pytest.approx(1.18e9, abs=0.005e9)


def test_pooling_in_one_piece_gives_the_same(baseline):
    import torch

    from mt_perception.network.multitask import build_network

    pooled, split = baseline.baseline_network(), build_network(baseline.SPEC).eval()
    split.load_state_dict(pooled.state_dict())
    image = torch.randn(1, 3, *SMALL)
    with torch.no_grad():
        ours, theirs = split(image), pooled(image)
    for task in ("segmentation", "depth"):
        torch.testing.assert_close(ours[task], theirs[task])


def test_the_baseline_loop_by_hand(baseline):
    loop = baseline.BaselineLoop()
    image = np.zeros((*SMALL, 3), np.uint8)
    image[..., 2] = 255  # red, in OpenCV's order
    tensor = loop.prepare(image)
    assert tensor.shape == (1, 3, *SMALL)
    assert tensor[0, :, 5, 7].tolist() == pytest.approx([(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225], rel=1e-5)
    outputs = loop.infer(tensor)
    assert outputs["segmentation"].shape == (20, *SMALL) and outputs["depth"].shape == (1, *SMALL)
    scores = np.zeros((20, 1, 2), np.float32)
    scores[[3, 19], 0, [0, 1]] = 1
    results = loop.finish({"segmentation": scores, "depth": np.array([[[0.0, 0.2]]], np.float32)})
    assert results["mask"].tolist() == [[3, 19]]
    assert results["depth_m"][0].tolist() == pytest.approx([1.0, np.e])


def test_what_runs_here_is_found_and_the_rest_is_explained(cache_home):
    pytest.importorskip("openvino")
    found, skipped = all_of_ours(SMALL, backends=["openvino"], precisions=["fp32", "fp16"])
    assert {"backend": "openvino", "precision": "fp32", "size": "32x64"}.items() <= found[0].facts.items()
    assert set(found[0].run()) == {"prepare", "network", "restore"}
    assert len(found) + len(skipped) == 2
    assert all(reason.startswith("openvino fp16 is left out: precision is fp16; openvino on") for reason in skipped)


def test_a_row_for_each_number_of_streams_and_a_reason_where_a_backend_has_but_one(cache_home):
    pytest.importorskip("openvino")
    pytest.importorskip("torch")
    found, skipped = all_of_ours(SMALL, backends=["openvino", "torch"], precisions=["fp32"], streams=[1, 2])
    assert [(each.facts["backend"], each.facts["streams"]) for each in found] == [
        ("openvino", 1),
        ("openvino", 2),
        ("torch", 1),
    ]
    assert skipped == ["torch fp32 is left out: it has no 2 streams; openvino has"]
    assert set(found[1].run()) == {"prepare", "network", "restore"}


@pytest.mark.parametrize("option", ["--layers", "--node"])
def test_streams_that_would_be_ignored_are_refused(option, capsys):
    assert main(["bench", option, "--streams", "2"]) == 1
    assert "leave --layers, or --node, out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--images", "5"], "--images is for the whole node: add --node, or leave it out"),
        (["--layers", "--image-size", "64x128"], "--image-size is for the whole node"),
    ],
)
def test_what_is_for_the_node_is_refused_without_it(options, said, capsys):
    assert main(["bench", *options]) == 1
    assert said in capsys.readouterr().err


def test_layers_and_the_node_are_two_measurements(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "--layers", "--node"])
    assert "--node: not allowed with argument --layers" in capsys.readouterr().err


@pytest.mark.parametrize("rate", [-1.0, float("inf"), float("nan")])
def test_a_rate_that_no_camera_has_is_refused(rate):
    with pytest.raises(BenchError, match=rf"^rate is {rate:g}; allowed: images per second, or 0"):
        Load(rate=rate)


def test_a_model_that_is_not_there_is_named(capsys):
    with pytest.raises(BundleError, match="does not exist"):
        Perceiver.open(Settings(model="/none"))
    assert main(["bench", "--models", "/none", "--backends", "openvino", "--precisions", "fp32"]) == 1
    said = capsys.readouterr().err
    assert "nothing that was requested runs here" in said and "/none does not exist" in said


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from mt_perception.commands.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_without_torch_the_other_rows_remain(tmp_path, cache_home):
    pytest.importorskip("openvino")
    file = tmp_path / "rows.json"
    options = ["bench", "--size", "32x64", "--backends", "openvino", "--precisions", "fp32", "--rounds", "1"]
    command = [sys.executable, "-c", WITHOUT_TORCH, *options, "--json", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    (row,) = json.loads(file.read_text())
    assert set(row) >= REQUIRED and row["ratio"] is None and row["backend"] == "openvino"
    assert result.stdout.count("\n") == 3
    assert "the first row, the baseline, needs PyTorch" in result.stderr and "Traceback" not in result.stderr


def test_the_published_way_comes_first(tmp_path, cache_home, capsys):
    pytest.importorskip("torch")
    file = tmp_path / "rows.json"
    options = ["--backends", "openvino", "--precisions", "fp32", "--rounds", "1", "--json", str(file)]
    assert main(["bench", "--size", "32x64", *options]) == 0
    rows = json.loads(file.read_text())
    assert [row["backend"] for row in rows] == ["eager", "openvino"] and all(set(row) >= REQUIRED for row in rows)
    assert rows[0]["ratio"] == 1.0 and rows[0]["variant"].startswith("baseline")
    assert rows[1]["ratio"] == pytest.approx(rows[0]["p50_ms"] / rows[1]["p50_ms"], abs=0.006)
    assert "network p50" in capsys.readouterr().out


def test_ctrl_c_ends_it_in_one_line(cache_home):
    pytest.importorskip("openvino")
    options = ["bench", "--size", "32x64", "--backends", "openvino", "--precisions", "fp32", "--rounds", "100000"]
    command = [sys.executable, "-c", WITHOUT_TORCH, *options]
    # tests that run in the background inherit that SIGINT is ignored
    take_sigint = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=take_sigint)
    said = ""
    while "measuring" not in said:
        said += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=60)[1]
    assert process.returncode == 130 and said.endswith("stopped\n") and "Traceback" not in said


def test_a_busy_machine_is_said_by_the_spread_of_the_baseline():
    row = {"variant": "baseline on cpu", "p50_ms": 100.0, "p95_ms": 114.0}
    assert unrest(row) == ""
    assert "the p95 of the baseline on cpu is 1.26 times its p50" in unrest(row | {"p95_ms": 126.0})


def test_any_output_can_be_asked_for():
    assert set(bench.OUTPUTS) == set(ALL_OUTPUTS)
