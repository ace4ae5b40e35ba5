# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An int8 graph from images: made, checked, carried by the bundle, run by the CPU backend."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nncf")
ov = pytest.importorskip("openvino")

from helpers import SIZE, make_image

from mt_perception.backends import BackendError, open_backend
from mt_perception.commands.main import main
from mt_perception.model.bundle import OPENVINO_INT8_GRAPH, WEIGHTS, load_bundle
from mt_perception.model.card import BundleError
from mt_perception.model.text import describe
from mt_perception.network.graph_file import read_graph
from mt_perception.quantize import AccuracyDrop, QuantizeError, add_int8, parity_check, prepare
from mt_perception.settings import Settings
from mt_perception.types import Frame

FRAMES = [Frame(make_image(90, 160, seed)) for seed in range(8)]


@pytest.fixture(scope="session")
def quantized(bundle, tmp_path_factory):
    """The test bundle with an int8 graph, and the drops that were measured."""
    check = parity_check(bundle, prepare(bundle, FRAMES[:3]), masks=0.5, depths=0.5)
    return add_int8(bundle, FRAMES, check, tmp_path_factory.mktemp("int8") / "model")


def infer(model, size, precision, outputs=("mask", "depth_m")):
    backend = open_backend(model, Settings(backend="openvino", precision=precision), size)
    assert backend.precision == precision
    return {name: array.copy() for name, array in backend.infer(make_image(*size), 1.5, outputs).items()}


def test_the_bundle_carries_graph_and_scores(bundle, quantized):
    ours, drops = quantized
    assert set(ours.card.files) == {*bundle.card.files, OPENVINO_INT8_GRAPH, "graph_int8.bin"}
    assert ours.model_hash == bundle.model_hash
    assert ours.card.int8_scores == {drop.name: round(drop.after, 4) for drop in drops}
    assert "same_labels" in describe(ours)
    assert ours.file("graph_int8.bin").stat().st_size < bundle.file(WEIGHTS).stat().st_size


@pytest.mark.parametrize("size", [SIZE, (96, 160)])
def test_int8_says_nearly_what_fp32_says_at_any_size(quantized, size):
    fp32, int8 = (infer(quantized[0], size, precision) for precision in ("fp32", "int8"))
    assert len(np.unique(fp32["mask"])) > 3
    assert (int8["mask"] == fp32["mask"]).mean() > 0.7
    both = np.isfinite(int8["depth_m"]) & np.isfinite(fp32["depth_m"])
    assert np.median(np.abs(int8["depth_m"][both] / fp32["depth_m"][both] - 1)) < 0.2


def test_the_first_convolution_is_not_in_int8(quantized):
    graph = read_graph(ov.Core(), quantized[0], OPENVINO_INT8_GRAPH)
    layers = [each for each in graph.get_ordered_ops() if each.get_type_name() == "Convolution"]
    rounded = [each.input_value(0).get_node().get_type_name() == "FakeQuantize" for each in layers]
    assert not rounded[0] and sum(rounded) > len(rounded) // 2


def test_depth_has_no_steps_in_int8(quantized):
    depth_m = infer(quantized[0], (192, 320), "int8")["depth_m"]
    assert len(np.unique(depth_m[np.isfinite(depth_m)])) > 10_000


def test_what_surrounds_the_network_is_left_alone(quantized):
    """On the way from a result back to the first convolution met, and from the image to it, nothing is rounded."""
    model = ov.Core().read_model(quantized[0].file(OPENVINO_INT8_GRAPH))
    kinds = [each.get_type_name() for each in model.get_ops()]
    assert kinds.count("FakeQuantize") > 30
    waiting = [each.get_node() for each in model.outputs]
    met = set()
    while waiting:
        node = waiting.pop()
        met.add(node.get_type_name())
        if "Convolution" not in node.get_type_name():
            waiting += [value.get_node() for value in node.input_values()]
    assert "Convolution" in met and "TopK" in met and "FakeQuantize" not in met


def test_auto_takes_int8_where_there_is_a_graph_for_it(bundle, quantized):
    if "INT8" not in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor does not compute in int8")
    settings = Settings(backend="openvino")
    assert open_backend(quantized[0], settings, SIZE).precision == "int8"
    assert open_backend(bundle, settings, SIZE).precision != "int8"


def test_a_model_without_int8_says_how_to_make_it(bundle):
    with pytest.raises(BackendError, match="no int8 graph; make one with mt-perception export") as error:
        open_backend(bundle, Settings(backend="openvino", precision="int8"), SIZE)
    assert "\n" not in str(error.value)


def test_too_much_loss_is_refused_after_sparing_the_heads(bundle, tmp_path):
    tried = []

    def check(trial):
        model = ov.Core().read_model(load_bundle(trial).file(OPENVINO_INT8_GRAPH))
        tried.append(sum(each.get_type_name() == "FakeQuantize" for each in model.get_ops()))
        return [AccuracyDrop("camvid_miou", 0.6, 0.5, 0.1, 0.01)]

    said = (
        "int8 loses too much of lively, nothing was written: camvid_miou: 0.6000 -> 0.5000, costs 10.00% .at most 1.00%"
    )
    with pytest.raises(QuantizeError, match=said):
        add_int8(bundle, FRAMES[:2], check, tmp_path / "model")
    assert len(tried) == 2 and tried[1] < tried[0]
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_score_counts_as_too_much():
    assert not AccuracyDrop("abs_rel", 0.1, float("nan"), float("nan"), 0.03).holds
    assert AccuracyDrop("abs_rel", 0.1, 0.1, 0.0, 0.0).holds


def test_the_command_replaces_a_model_in_place(bundle, tmp_path, capsys):
    import cv2

    model = shutil.copytree(bundle.folder, tmp_path / "model")
    (tmp_path / "images").mkdir()
    for number, frame in enumerate(FRAMES[:4]):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), frame.image)
    bounds = ["--max-label-change", "1", "--max-depth-change", "9"]
    arguments = ["export", "--model", str(model), "--images", str(tmp_path / "images"), "--out", str(model)]
    assert main([*arguments, *bounds]) == 0
    assert load_bundle(model).has_int8
    assert "same_labels" in capsys.readouterr().out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images to quantise on."""
    import cv2

    folder = tmp_path_factory.mktemp("images")
    for number, frame in enumerate(FRAMES[:4]):
        cv2.imwrite(str(folder / f"{number}.png"), frame.image)
    return folder


def test_as_onnx_in_int8_every_zero_point_is_a_signed_zero(bundle, folder, tmp_path, capsys):
    """What TensorRT takes; made by the command, into a model that ONNX Runtime then runs."""
    onnx, _ = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    arguments = ["export", "--format", "onnx", "--precision", "int8", "--model", str(bundle.folder)]
    bounds = ["--max-label-change", "1", "--max-depth-change", "9"]
    assert main([*arguments, *bounds, "--images", str(folder), "--out", str(tmp_path / "model")]) == 0
    *losses, path = capsys.readouterr().out.splitlines()
    assert any("same_labels" in line for line in losses)
    model = onnx.load(path)
    tensors = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    pairs = [each for each in model.graph.node if each.op_type in ("QuantizeLinear", "DequantizeLinear")]
    zeros = [tensors[each.input[2]] for each in pairs]
    assert len(pairs) > 50 and all(each.dtype == np.int8 and not each.any() for each in zeros)
    assert all(tensors[each.input[1]].min() > 0 for each in pairs)
    ours = load_bundle(tmp_path / "model")
    int8, fp32 = (
        open_backend(ours, Settings(backend="onnxruntime", precision=each), SIZE).infer(FRAMES_OF_SIZE, 1.0, ("mask",))
        for each in ("int8", "fp32")
    )
    assert (int8["mask"] == fp32["mask"]).mean() > 0.7
    # the last layer of depth, and what is computed of the camera, stay as they are
    quantized = {each.input[0] for each in pairs if each.op_type == "QuantizeLinear"}
    assert not quantized & {each.name for each in model.graph.input}


FRAMES_OF_SIZE = make_image(*SIZE)


def test_onnx_is_written_to_a_file_or_into_a_model_and_bad_wishes_are_one_sentence(bundle, tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    arguments = ["export", "--format", "onnx", "--model", str(bundle.folder)]
    assert main([*arguments, "--out", str(tmp_path / "new" / "a.onnx")]) == 0
    assert main([*arguments, "--out", str(tmp_path / "model")]) == 0
    file, inside = capsys.readouterr().out.splitlines()
    assert file.endswith("a.onnx") and load_bundle(tmp_path / "model").file(f"graph-{SIZE[1]}x{SIZE[0]}-fp32.onnx")
    assert Path(file).read_bytes() == Path(inside).read_bytes()
    for wrong, said in (
        (["--precision", "bf16", "--out", "x"], "as ONNX there are fp32, fp16 and int8"),
        ([], "--out FILE.onnx"),
        (["--precision", "int8", "--out", "x"], "give --images"),
    ):
        assert main([*arguments, *wrong]) == 1
        assert said in capsys.readouterr().err


def test_where_it_cannot_go_is_told_before_anything_is_read(bundle, tmp_path):
    place = tmp_path / "notes.txt"
    place.write_text("mine")

    def frames():
        raise AssertionError("images are read")
        yield

    with pytest.raises(BundleError, match="is a file; give a folder for the model"):
        add_int8(bundle, frames(), lambda trial: [], place)
    assert place.read_text() == "mine"
