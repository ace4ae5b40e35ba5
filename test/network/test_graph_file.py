# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A graph whose constants lie among the weights: the same numbers, said once, and older bundles as before."""

import shutil

import numpy as np
import pytest

ov = pytest.importorskip("openvino")
pytest.importorskip("torch")

from helpers import SIZE, make_image
from openvino import opset13 as ops
from safetensors.numpy import load_file, save_file

from mt_perception.backends import open_backend
from mt_perception.model.bundle import OPENVINO_GRAPH, WEIGHTS, load_bundle, new_bundle
from mt_perception.model.card import BundleError
from mt_perception.network.cpu_graph import CpuGraph
from mt_perception.network.export import export_openvino, read_network
from mt_perception.network.graph_file import read_graph, save_graph, share_constants
from mt_perception.settings import Settings


@pytest.fixture(scope="module")
def old_bundle(bundle, tmp_path_factory):
    """The test bundle as it was written before: the graph with a .bin of its own."""
    out = tmp_path_factory.mktemp("old") / "model"
    with new_bundle(out, bundle.card) as folder:
        weights = load_file(bundle.file(WEIGHTS))
        del weights[OPENVINO_GRAPH]
        save_file(weights, folder / WEIGHTS)
        graph = CpuGraph(read_network(bundle), bundle.card.input, bundle.card.labels.sky_id)
        export_openvino(graph, folder / OPENVINO_GRAPH)
    return load_bundle(out)


def constants(bundle):
    model = read_graph(ov.Core(), bundle, OPENVINO_GRAPH)
    arrays = (each.data for each in model.get_ops() if each.get_type_name() == "Constant")
    return sorted((str(each.dtype), each.shape, each.tobytes()) for each in arrays)


def test_what_the_weights_hold_is_not_written_twice_by_hand(tmp_path):
    """Of [1, 2] in half precision, [7] in whole numbers and [5] in single precision, the weights know the first."""
    x = ops.parameter([2], np.float32)
    known = ops.convert(ops.constant(np.float16([1, 2])), "f32")
    left = ops.add(ops.convert(ops.constant(np.int64([7])), "f32"), ops.constant(np.float32([5, 6])))
    save_graph(ov.Model([ops.add(ops.multiply(x, known), left)], [x]), tmp_path / OPENVINO_GRAPH)
    save_file({"a": np.float16([9]), "layer.weight": np.float16([1, 2])}, tmp_path / WEIGHTS)
    share_constants(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == [OPENVINO_GRAPH, WEIGHTS]
    kept = load_file(tmp_path / WEIGHTS)
    assert kept["layer.weight"].tolist() == [1, 2] and kept["a"].tolist() == [9]
    assert kept[OPENVINO_GRAPH].nbytes == 16
    run = ov.compile_model(ov.Core().read_model(tmp_path / OPENVINO_GRAPH, tmp_path / WEIGHTS), "CPU")
    assert run(np.float32([10, 10]))[0].tolist() == [22, 33]


def test_a_number_of_another_type_is_no_number_of_the_weights(tmp_path):
    """Eight zero bytes are four halves or one whole number; the latter must lie where eight bytes may lie."""
    x = ops.parameter([], np.int64)
    save_graph(ov.Model([ops.add(x, ops.constant(np.int64(0)))], [x]), tmp_path / OPENVINO_GRAPH)
    save_file({"bias": np.zeros(4, np.float16)}, tmp_path / WEIGHTS)
    share_constants(tmp_path)
    assert load_file(tmp_path / WEIGHTS)[OPENVINO_GRAPH].tolist() == [0]


def test_a_shared_graph_has_every_number_that_one_of_its_own_had(bundle, old_bundle):
    ours = constants(bundle)
    assert len(ours) > 100 and ours == constants(old_bundle)


def test_an_older_bundle_says_the_same(bundle, old_bundle):
    assert OPENVINO_GRAPH.replace("xml", "bin") in old_bundle.card.files
    settings, image = Settings(backend="openvino", precision="fp32"), make_image(*SIZE)
    ours, before = (open_backend(each, settings, SIZE) for each in (bundle, old_bundle))
    first, second = (each.infer(image, 1.5, ("mask", "confidence", "depth_m")) for each in (ours, before))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_the_bundle_is_little_more_than_its_weights(bundle, old_bundle):
    ours, before = (sum(each.stat().st_size for each in one.folder.iterdir()) for one in (bundle, old_bundle))
    text = bundle.file(OPENVINO_GRAPH).stat().st_size
    assert ours - text < 2.2 * bundle.card.parameters and ours < 0.7 * before


def test_an_older_bundle_is_rewritten_as_a_new_one(bundle, old_bundle, tmp_path):
    folder = shutil.copytree(old_bundle.folder, tmp_path / "model")
    share_constants(folder)
    written = {name: (folder / name).read_bytes() for name in (OPENVINO_GRAPH, WEIGHTS)}
    share_constants(folder)  # once and for all
    assert written == {name: (folder / name).read_bytes() for name in written}
    assert not (folder / "graph.bin").exists()
    assert len(written[WEIGHTS]) == bundle.file(WEIGHTS).stat().st_size


def test_a_graph_without_constants_is_incomplete(bundle, tmp_path):
    with pytest.raises(BundleError, match=r"names graph\.xml without its graph\.bin"):
        with new_bundle(tmp_path / "model", bundle.card) as folder:
            shutil.copy(bundle.file(OPENVINO_GRAPH), folder)
            weights = load_file(bundle.file(WEIGHTS))
            del weights[OPENVINO_GRAPH]
            save_file(weights, folder / WEIGHTS)
        load_bundle(tmp_path / "model")
