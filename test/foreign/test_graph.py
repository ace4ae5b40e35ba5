# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The graph around a network from elsewhere, on networks that are small enough to reckon by hand."""

from __future__ import annotations

import numpy as np
import pytest
from foreign_networks import write_spec, write_tiny

for each in ("onnx", "openvino", "onnxruntime"):
    pytest.importorskip(each)

from mt_perception import Camera, Frame, Perceiver
from mt_perception.foreign.description import load_description
from mt_perception.foreign.importing import import_network

HEIGHT, WIDTH = 32, 64
SAME = ("Identity", ["image"], "out", {})
SCORES = {"out": ("FLOAT", [1, 3, HEIGHT, WIDTH])}
LABELS = {"name": "three", "sky": "sky", "labels": [{"name": "grass"}, {"name": "sky"}, {"name": "crop"}]}


def perceive(path, spec, image, backend="openvino", camera=None):
    """What the imported network says of an image of its size."""
    description = load_description(write_spec(path.with_suffix(".yaml"), {"labels": LABELS, **spec}))
    bundle, _ = import_network(path, description, path.with_suffix(""))
    return Perceiver.open(model=str(bundle.folder), backend=backend)(Frame(image, camera=camera))


def image_of(*columns):
    """(32, 64, 3), with these colours from left to right in equal parts."""
    return np.repeat(np.array([columns], np.uint8), HEIGHT, axis=0).repeat(WIDTH // len(columns), axis=1)


def parts(array, count):
    """The values of the parts, each of which has but one."""
    found = [np.unique(each) for each in np.split(array, count, axis=1)]
    assert all(len(each) == 1 for each in found), found
    return [float(each[0]) for each in found]


@pytest.fixture(autouse=True)
def own_cache(cache_home):
    """Compiled graphs stay out of the user's cache."""


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("opset", [11, 13, 18])
def test_channels_in_blue_green_red_and_probabilities(tmp_path, backend, opset):
    same = ("Add", ["image", np.float32(0)], "out", {})
    path = write_tiny(tmp_path / "n.onnx", [same], SCORES, opset=opset)
    spec = {
        "input": {"name": "image", "channels": "bgr"},
        "segmentation": {"meaning": "probabilities", "train_ids": [2, 255, 1]},
    }
    said = perceive(path, spec, image_of((10, 20, 200), (10, 90, 20), (255, 0, 0), (0, 40, 0)), backend)
    assert parts(said.mask, 4) == [2, 255, 1, 255]
    assert parts(said.confidence, 4) == [200, 90, 255, 40]


def test_logits_make_the_share_of_the_best_class(tmp_path):
    path = write_tiny(tmp_path / "n.onnx", [SAME], SCORES)
    spec = {"input": {"name": "image", "range": [0, 255]}, "segmentation": {"meaning": "logits"}}
    said = perceive(path, spec, image_of((5, 4, 4), (0, 0, 100)))
    assert parts(said.mask, 2) == [0, 2]
    assert parts(said.confidence, 2) == [round(255 * np.e / (np.e + 2)), 255]


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_map_of_numbers_last_axis_channels_at_half_the_size(tmp_path, backend):
    red = ("Gather", ["image", np.int64(0)], "red", {"axis": 3})
    half = (
        "Slice",
        ["red", np.array([0, 0]), np.array([HEIGHT, WIDTH]), np.array([1, 2]), np.array([2, 2])],
        "small",
        {},
    )
    path = write_tiny(
        tmp_path / "n.onnx",
        [red, half, ("Cast", ["small"], "out", {"to": 7})],
        {"out": ("INT64", [1, HEIGHT // 2, WIDTH // 2])},
        shape=(1, HEIGHT, WIDTH, 3),
    )
    spec = {
        "input": {"name": "image", "layout": "NHWC", "range": [-1, 254]},
        "segmentation": {"meaning": "labels", "train_ids": [2, 0, 255]},
    }
    said = perceive(path, spec, image_of((0, 0, 0), (1, 0, 0), (2, 0, 0), (4, 0, 0)), backend)
    assert parts(said.mask, 4) == [255, 2, 0, 255]  # -1, 0, 1 and 3: only two of them are places in train_ids
    assert (said.confidence == 255).all()


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_metres_of_a_grey_image_within_what_is_valid_whatever_the_camera(tmp_path, backend):
    path = write_tiny(
        tmp_path / "n.onnx", [SAME], {"out": ("FLOAT", [1, 1, HEIGHT, WIDTH])}, shape=("n", 1, HEIGHT, "w")
    )
    spec = {
        "input": {"name": "image", "channels": "mono", "range": [0, 255], "width": WIDTH},
        "depth": {"meaning": "metres", "factor": 0.5, "offset": 10, "valid_m": [10, 100]},
    }
    camera = Camera(WIDTH, HEIGHT, 500.0, 500.0, 31.5, 15.5)
    image = image_of((5, 5, 5), (30, 30, 30), (170, 170, 170), (250, 250, 250))
    said = perceive(path, spec, image, backend, camera)
    np.testing.assert_allclose(parts(said.depth_m, 4), [np.nan, 20, 90, np.nan], rtol=1e-5)


def test_sky_is_infinitely_far_where_labels_say_so(tmp_path):
    nodes = [SAME, ("ReduceSum", ["image", np.array([1])], "disparity", {})]
    outputs = {**SCORES, "disparity": ("FLOAT", [1, 1, HEIGHT, WIDTH])}
    path = write_tiny(tmp_path / "n.onnx", nodes, outputs)
    spec = {
        "input": {"name": "image", "range": [0, 255]},
        "segmentation": {"name": "out", "meaning": "logits"},
        "depth": {"name": "disparity", "meaning": "disparity", "factor": 300},
    }
    said = perceive(path, spec, image_of((20, 0, 10), (0, 60, 0)))
    np.testing.assert_allclose(parts(said.depth_m, 2), [10, np.inf])
    assert parts(said.mask, 2) == [0, 1]


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_network_in_half_precision_is_fed_and_read_as_such(tmp_path, backend):
    third = ("Mul", ["image", np.float16(1 / 3)], "out", {})
    path = write_tiny(tmp_path / "n.onnx", [third], {"out": ("FLOAT16", [1, 1, HEIGHT, WIDTH])},
                      shape=(1, 1, HEIGHT, WIDTH), kind="FLOAT16")  # fmt: skip
    spec = {"input": {"name": "image", "channels": "mono", "range": [0, 255]}, "depth": {"meaning": "metres"}}
    said = perceive(path, spec, image_of((10, 10, 10), (200, 200, 200)), backend)
    np.testing.assert_allclose(parts(said.depth_m, 2), [10 / 3, 200 / 3], rtol=2e-3)
