# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Networks from other hands become bundles that say what the networks themselves say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from foreign_networks import CAMERA, DEPTH, SEGMENTATION, SIZE, write_depth, write_segmentation, write_spec
from helpers import make_image

ort = pytest.importorskip("onnxruntime")
for each in ("onnx", "openvino", "torchvision", "timm"):
    pytest.importorskip(each)

from mt_perception import Camera, Frame, Perceiver
from mt_perception.backends import BackendError
from mt_perception.foreign.description import load_description
from mt_perception.foreign.importing import import_network
from mt_perception.model.card import BundleError
from mt_perception.model.text import describe

HEIGHT, WIDTH = SIZE


@pytest.fixture(scope="module")
def segmentation(cache_home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("segmentation")
    return imported(write_segmentation(folder / "lraspp.onnx"), SEGMENTATION)


@pytest.fixture(scope="module")
def depth(cache_home, tmp_path_factory):
    return imported(write_depth(tmp_path_factory.mktemp("depth") / "timm.onnx"), DEPTH)


def imported(network, spec):
    description = load_description(write_spec(network.with_suffix(".yaml"), spec))
    bundle, checked = import_network(network, description, network.with_suffix(""))
    assert checked.startswith("checked against the network itself")
    return bundle


def said_by_itself(bundle, tensor):
    """What the network in ONNX gives by ONNX Runtime, (C, h, w)."""
    session = ort.InferenceSession(str(bundle.folder.with_suffix(".onnx")), providers=["CPUExecutionProvider"])
    return session.run(None, {"input": tensor.astype(np.float32)})[0][0]


def enlarged(plane):
    return cv2.resize(plane, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_labels_are_those_of_the_network_from_torchvision(segmentation, backend):
    image = make_image(HEIGHT, WIDTH)
    said = Perceiver.open(model=str(segmentation.folder), backend=backend)(image)
    tensor = (image / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    scores = said_by_itself(segmentation, tensor.transpose(2, 0, 1)[None])
    shares = np.exp(scores) / np.exp(scores).sum(axis=0)
    assert len(np.unique(scores.argmax(axis=0))) > 2
    assert np.mean(said.mask == scores.argmax(axis=0)) > 0.995
    np.testing.assert_allclose(said.confidence, 255 * shares.max(axis=0), atol=1.5)
    assert np.isnan(said.depth_m).all() and said.classes.name == "seven"


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_metres_are_those_of_the_network_over_timm_for_the_camera_in_use(depth, backend):
    image = make_image(HEIGHT, WIDTH)
    camera = Camera(WIDTH, HEIGHT, 2 * CAMERA["fx_px"], 2 * CAMERA["fx_px"], 79.5, 47.5)
    said = Perceiver.open(model=str(depth.folder), backend=backend)(Frame(image, camera=camera))
    blue_first = image[..., ::-1].transpose(2, 0, 1)[None] / 127.5 - 1
    metres = 8 / enlarged(said_by_itself(depth, blue_first)[0])
    expected = 2 * np.where((metres >= 8.5) & (metres <= 15), metres, np.nan)
    assert 0.2 < np.isfinite(expected).mean() < 0.98
    agree = np.isclose(said.depth_m, expected, rtol=1e-3, equal_nan=True)
    assert agree.mean() > 0.995
    assert (said.mask == 255).all() and (said.confidence == 0).all()


@pytest.mark.parametrize("outputs", [("mask",), ("confidence", "depth_m")])
def test_any_outputs_may_be_asked_for(segmentation, depth, outputs):
    for bundle in (segmentation, depth):
        for backend in ("openvino", "onnxruntime"):
            said = Perceiver.open(model=str(bundle.folder), backend=backend)(make_image(50, 60), outputs)
            assert set(said.outputs) == set(outputs) and said.size == (50, 60)


def test_the_card_tells_where_it_comes_from_and_no_score(segmentation, depth):
    card = segmentation.card
    assert card.imported and card.license == "BSD-3-Clause" and not card.scores and card.training_camera is None
    assert card.source["file"] == "lraspp.onnx" and len(card.source["sha256"]) == 64
    assert depth.card.license == "unknown" and depth.card.training_camera.fx_px == CAMERA["fx_px"]
    text = describe(segmentation)
    assert "imported from lraspp.onnx" in text and "scores:       none" in text and "depth:        none" in text
    assert "classes:      none" in describe(depth)


def test_what_an_imported_network_cannot_do_is_refused_in_a_sentence(segmentation):
    from mt_perception.network.export import read_network

    for values, message in (
        ({"backend": "torch"}, "backend is torch, but the model lraspp was imported"),
        ({"input_width": 320}, "imported for 160x96 px alone, and not for 320x96"),
        ({"backend": "onnxruntime", "precision": "fp16"}, "computes in fp32, or auto"),
    ):
        with pytest.raises(BackendError, match=message):
            Perceiver.open(model=str(segmentation.folder), **values)
    with pytest.raises(BundleError, match="its graph alone, and none in PyTorch"):
        read_network(segmentation)


def test_it_gets_an_int8_graph_that_is_judged_by_what_it_tells(depth, tmp_path):
    pytest.importorskip("nncf")
    from mt_perception.quantize import QuantizeError, add_int8, parity_check
    from mt_perception.quantize.onnx import onnx_int8

    frames = [Frame(make_image(HEIGHT, WIDTH, seed)) for seed in range(4)]
    bundle, drops = add_int8(depth, frames, parity_check(depth, frames, 0.01, 0.2), tmp_path / "int8")
    with pytest.raises(QuantizeError, match="was imported; it gets int8 for OpenVINO alone"):
        onnx_int8(depth, frames, list)
    assert [each.name for each in drops] == ["depth_change"] and bundle.has_int8 and bundle.card.source
    said = Perceiver.open(model=str(bundle.folder), precision="int8")(frames[0])
    assert 0.2 < np.isfinite(said.depth_m).mean() < 0.98


def test_auto_takes_what_runs_it_even_beside_an_nvidia_gpu(segmentation, monkeypatch, tmp_path):
    monkeypatch.setattr("mt_perception.backends.NVIDIA_DRIVER", tmp_path)
    assert Perceiver.open(model=str(segmentation.folder)).backend.name == "openvino"
