# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception import`: what it prints, what it refuses, and what takes the model that it makes."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest
import yaml
from foreign_networks import write_spec, write_tiny

from recordings import write_street

for each in ("onnx", "openvino"):
    pytest.importorskip(each)

from mt_perception.bags.bag import Bag
from mt_perception.bench.networks import all_of_ours, usual_size
from mt_perception.bench.tune import default_sizes
from mt_perception.commands.main import main
from mt_perception.evaluation.datasets.evaluate import evaluate

SHAPE = [1, 3, 64, 96]
BOTH = {"scores": ("FLOAT", SHAPE), "depth": ("FLOAT", [1, 1, 64, 96])}
SPEC = {
    "input": {"name": "image"},
    "labels": {"name": "three", "labels": [{"name": "road"}, {"name": "tree"}, {"name": "sky"}], "sky": "sky"},
    "segmentation": {"name": "scores", "meaning": "logits"},
    "depth": {"name": "depth", "meaning": "inverse"},
    "terms": "CC-BY-4.0",
}


@pytest.fixture(autouse=True)
def own_cache(cache_home):
    """Compiled graphs stay out of the user's cache."""


def write_network(path, shape=SHAPE, **more):
    """Scores are the three channels, and the inverse depth is their mean."""
    nodes = [("Identity", ["image"], "scores", {}), ("ReduceMean", ["image"], "depth", {"axes": [1]})]
    return write_tiny(path, nodes, BOTH, shape, **more)


def changed(changes):
    """`SPEC` with some keys replaced, by dots; None takes one away."""
    spec = json.loads(json.dumps(SPEC))
    for path, value in changes.items():
        *parents, key = path.split(".")
        inner = spec
        for each in parents:
            inner = inner[each]
        inner.pop(key, None)
        if value is not None:
            inner[key] = value
    return spec


def run(folder, network, spec):
    out = folder / "model"
    file = write_spec(folder / "spec.yaml", spec)
    return main(["import", str(network), "--spec", str(file), "--out", str(out)]), out


def test_a_recording_is_processed_and_scored_with_an_imported_model(tmp_path, capsys):
    status, model = run(tmp_path, write_network(tmp_path / "net.onnx"), SPEC)
    said = capsys.readouterr().out
    assert status == 0 and "checked against the network itself" in said and "metres are taken as they come" in said
    street = write_street(tmp_path / "street", frames=2)
    assert main(["bag", "process", str(street), str(tmp_path / "out"), "--model", str(model)]) == 0
    with Bag(tmp_path / "out") as bag:
        topics = {each.topic for each in bag.messages({"/segmentation/mask", "/depth/image"})}
    assert len(topics) == 2
    assert main(["evaluate", str(tmp_path / "out"), "--json", str(tmp_path / "scores.json")]) == 0
    assert main(["info", str(model)]) == 0
    told = capsys.readouterr().out
    assert "imported from net.onnx" in told and "CC-BY-4.0" in told


@pytest.mark.parametrize(
    ("left", "judged", "other"), [("segmentation", "labels", "depths"), ("depth", "depths", "labels")]
)
def test_a_model_is_judged_by_what_it_tells(tmp_path, capsys, left, judged, other):
    pytest.importorskip("mt_city")
    from miniature import write_camvid, write_city

    spec = {key: each for key, each in SPEC.items() if key in (left, "input")}
    spec |= {"labels": SPEC["labels"]} if left == "segmentation" else {}
    _, model = run(tmp_path, write_network(tmp_path / "net.onnx"), spec)
    board = evaluate(model, {"city": write_city(tmp_path / "city", 2)})
    assert set(getattr(board, judged)) == {"city"} and not getattr(board, other)
    if left == "depth":
        camvid = write_camvid(tmp_path / "camvid")
        assert main(["evaluate", str(model), "--data", f"camvid={camvid}"]) == 1
        assert "nothing of camvid could be scored: its 2 images have no depth to compare" in capsys.readouterr().err


def test_it_is_timed_at_its_own_size_and_what_cannot_run_it_is_told(tmp_path):
    _, model = run(tmp_path, write_network(tmp_path / "net.onnx"), SPEC)
    models = [str(model)]
    cases, skipped = all_of_ours(usual_size(models), models, ["openvino", "tensorrt"], ["fp32"])
    assert [each.facts["size"] for each in cases] == ["64x96"] and cases[0].facts["variant"] == "net, imported"
    assert skipped == [
        "tensorrt fp32 is left out: backend is tensorrt, but the model net was imported, as a graph that only openvino "
        "and onnxruntime run; leave backend on auto"
    ]
    assert default_sizes(str(model)) == [(64, 96)] and usual_size([""]) == (400, 1024)


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (("Identity", ["image"], "scores", {}), "the network has no convolution, which is what int8 is for"),
        (
            ("Conv", ["image", np.eye(3, dtype=np.float32)[..., None, None]], "scores", {}),
            "the network has no convolution between its first and its last, which stay out of int8",
        ),
    ],
)
def test_int8_of_a_network_that_has_nothing_for_it_is_refused_in_one_sentence(tmp_path, capsys, image, scores, said):
    pytest.importorskip("nncf")
    network = write_tiny(
        tmp_path / "net.onnx", [scores, ("ReduceMean", ["image"], "depth", {"axes": [1]})], BOTH, SHAPE
    )
    _, model = run(tmp_path, network, SPEC)
    cv2.imwrite(str(tmp_path / "image.png"), image)
    capsys.readouterr()
    assert main(["export", "--model", str(model), "--images", str(tmp_path), "--out", str(tmp_path / "int8")]) == 1
    assert capsys.readouterr().err.endswith(f"{said}\n")


def test_without_a_spec_it_prints_one_that_can_be_filled_in(tmp_path, capsys):
    network = write_network(tmp_path / "net.onnx", ["n", 3, "h", "w"])
    assert main(["import", str(network)]) == 0
    text = capsys.readouterr().out
    assert "in:  image: ? x 3 x ? x ?, float32" in text and "scores: 1 x 3 x 64 x 96, float32; depth" in text
    spec = yaml.safe_load(text)
    assert spec["segmentation"]["name"] == "scores" and spec["depth"]["name"] == "depth"
    spec["labels"] = SPEC["labels"]
    spec["input"] |= {"width": 96, "height": 64}
    assert run(tmp_path, network, spec)[0] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": 1}, "has the unknown key 'colour'; known: file, input"),
        ({"input.colour": 1}, "spec.yaml.input has the unknown key 'colour'; known: name, layout"),
        ({"segmentation": None, "depth": None}, "it names no output; give segmentation, depth, or both"),
        ({"input.name": "img"}, "net.onnx has no input 'img'; it has image"),
        ({"depth.name": "far"}, "net.onnx has no output 'far'; it has scores, depth"),
        ({"depth.name": None}, "depth needs the name of an output; "),
        ({"depth.name": "scores"}, "scores of .* is \\(1, 3, 64, 96\\); depth is expected to have one plane"),
        ({"labels": "cityscapes"}, "segmentation is expected to have 19 channels, one for each of train_ids"),
        ({"segmentation.train_ids": [0, 1]}, "expected to have 2 channels"),
        ({"segmentation.train_ids": [0, 1, 9]}, "train_ids has 9; allowed: 0, 1, 2, and 255"),
        ({"segmentation.meaning": "votes"}, "meaning is 'votes'; allowed: logits, probabilities, labels"),
        ({"depth.meaning": "relative"}, "relative depth has no metres, and nothing else is published as depth"),
        ({"depth.meaning": "disparity"}, "disparity needs `factor`"),
        ({"depth.factor": -1}, "factor is -1; it must be above 0"),
        ({"input.layout": "NHWC"}, "with layout NHWC these are 96 channels, but channels rgb gives 3"),
        ({"input.channels": "mono"}, "these are 3 channels, but channels mono gives 1"),
        ({"input.width": 320}, "input.width is 320, but .* takes 96 px alone"),
        ({"labels": "none.yaml"}, "none.yaml does not exist"),
        ({"input.std": 1}, "input.std is 1; expected a list of numbers"),
        ({"labels": {"name": "x"}}, "with `labels` a list of classes"),
        ({"file": "other.onnx"}, "describes .*other.onnx, not .*net.onnx; correct its `file`"),
    ],
)
def test_a_spec_that_does_not_fit_is_refused_in_one_sentence(tmp_path, capsys, changes, message):
    check_refused(capsys, *run(tmp_path, write_network(tmp_path / "net.onnx"), changed(changes)), message)


def test_a_folder_is_no_network_and_a_file_no_folder_for_a_model(tmp_path, capsys):
    assert main(["import", str(tmp_path)]) == 1 and "is a folder; give a file in ONNX" in capsys.readouterr().err
    network, file = write_network(tmp_path / "net.onnx"), write_spec(tmp_path / "spec.yaml", SPEC)
    assert main(["import", str(network), "--spec", str(file), "--out", str(network)]) == 1
    assert f"{network} is a file; give a folder for the model" in capsys.readouterr().err


def check_refused(capsys, status, out, message):
    said = capsys.readouterr().err
    assert status == 1 and said.count("\n") == 1 and not out.exists()
    assert re.search(message, said), said


@pytest.mark.parametrize(
    ("shape", "more", "message"),
    [
        (["n", 3, "h", 96], {}, "net.onnx takes any height; say with input.height at which it sees well"),
        ([3, 64, 96], {}, "has 3 axes, image: 3 x 64 x 96, float32; expected 4, as of NCHW"),
        ([4, 3, 64, 96], {}, "takes 4 images at a time; export it for one"),
        (SHAPE, {"inputs": ("image", "pose")}, "has the inputs image, pose; only an image can be fed to it"),
    ],
)
def test_a_network_that_cannot_be_fed_is_refused_in_one_sentence(tmp_path, capsys, shape, more, message):
    check_refused(capsys, *run(tmp_path, write_network(tmp_path / "net.onnx", shape, **more), SPEC), message)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "does not exist"), (b"", "cannot be read as ONNX"), (b"no network", "cannot be read as ONNX")],
)
def test_a_file_that_is_no_network_is_refused_in_one_sentence(tmp_path, capsys, content, message):
    if content is not None:
        (tmp_path / "net.onnx").write_bytes(content)
    check_refused(capsys, *run(tmp_path, tmp_path / "net.onnx", SPEC), message)
    assert main(["import", str(tmp_path / "net.onnx")]) == 1 and message in capsys.readouterr().err


def test_a_folder_needs_a_spec_and_a_spec_a_folder(tmp_path, capsys):
    network = write_network(tmp_path / "net.onnx")
    assert main(["import", str(network), "--out", str(tmp_path / "model")]) == 1
    assert "--out needs --spec FILE.yaml" in capsys.readouterr().err
    assert main(["import", str(network), "--spec", str(write_spec(tmp_path / "spec.yaml", SPEC))]) == 1
    assert "say where the model goes: --out BUNDLE" in capsys.readouterr().err


def test_a_graph_that_says_something_else_is_not_written():
    from mt_perception.foreign.description import DescriptionError
    from mt_perception.foreign.reference import EXACT, check

    right = {
        "mask": np.zeros((10, 20), np.uint8),
        "confidence": np.full((10, 20), 9, np.uint8),
        "depth_m": np.ones((10, 20), np.float32),
    }
    assert "0.00 % of the labels, 0.00 % of the confidences, 0.00 % of the metres differ" in check(right, right, EXACT)
    for key, value in (("mask", 1), ("confidence", 20), ("depth_m", 1.01), ("depth_m", np.nan)):
        other = right[key].copy()
        other[:1] = value
        with pytest.raises(DescriptionError, match=r"10\.00 % of the .*differ"):
            check({**right, key: other}, right, EXACT)
