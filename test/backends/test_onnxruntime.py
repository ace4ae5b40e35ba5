# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The graph as ONNX, and what runs it on a CPU: PyTorch's answers, from a model with the file or without."""

import numpy as np
import pytest

pytest.importorskip("torch")
ort = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")

from helpers import SIZE, make_image
from outputs import infer

from mt_perception.backends import BackendError, open_backend
from mt_perception.backends import onnx_file as module
from mt_perception.backends.onnx_file import read_onnx
from mt_perception.backends.onnxruntime import providers_for
from mt_perception.model.spec import NetworkSpec
from mt_perception.settings import Settings
from mt_perception.testing import BackendContract, assert_alike
from mt_perception.types import OUTPUTS

BYTES, FLOATS = onnx.TensorProto.UINT8, onnx.TensorProto.FLOAT


class TestOnnxRuntime(BackendContract):
    backend = "onnxruntime"
    reference = "torch"
    size = SIZE

    @pytest.fixture(scope="class")
    def model(self, bundle):
        return bundle


@pytest.mark.parametrize(
    "spec",
    [
        NetworkSpec(decoder_width=32, rays=True, depth_bins=16),
        NetworkSpec(decoder_width=32, depth=False, train_ids=(0, 3, 13)),
    ],
    ids=["rays and bins", "labels of its own, no depth"],
)
def test_every_kind_of_network_says_what_pytorch_says(lively_bundle, spec):
    bundle = lively_bundle(spec)
    ours, reference = (infer(bundle, (64, 96), backend=name, precision="fp32") for name in ("onnxruntime", "torch"))
    assert len(np.unique(reference["mask"])) > 1
    if spec.depth:
        assert_alike(ours, reference, (64, 96))
    else:
        assert (ours["mask"] == reference["mask"]).mean() >= 0.999 and np.isnan(ours["depth_m"]).all()


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_graph_has_bytes_outside_and_its_precision_inside(bundle, precision):
    model = onnx.load_from_string(read_onnx(bundle, SIZE, precision))
    onnx.checker.check_model(model, full_check=True)
    kinds = {each.name: each.type.tensor_type for each in (*model.graph.input, *model.graph.output)}
    shapes = {name: [d.dim_param or d.dim_value for d in kind.shape.dim] for name, kind in kinds.items()}
    assert {name: kind.elem_type for name, kind in kinds.items()} == {
        "image": BYTES, "depth_scale": FLOATS, "mask": BYTES, "confidence": BYTES, "depth_m": FLOATS,
    }  # fmt: skip
    assert shapes["image"] == ["batch", *SIZE, 3]
    weights = {each.data_type for each in model.graph.initializer if len(each.dims) == 4}
    assert weights == {onnx.TensorProto.FLOAT16 if precision == "fp16" else FLOATS}


def test_fp16_agrees_with_fp32(bundle):
    half, full = (infer(bundle, SIZE, backend="onnxruntime", precision=each) for each in ("fp16", "fp32"))
    assert (half["mask"] == full["mask"]).mean() > 0.97
    both = np.isfinite(half["depth_m"]) & np.isfinite(full["depth_m"])
    # this network's last layers are eight times as loud as a trained one's
    assert np.median(np.abs(half["depth_m"][both] / full["depth_m"][both] - 1)) < 0.02


def test_images_in_one_batch_are_answered_as_one_by_one(bundle):
    session = ort.InferenceSession(read_onnx(bundle, SIZE, "fp32"), providers=["CPUExecutionProvider"])
    images = np.stack([make_image(*SIZE, seed) for seed in range(3)])
    scales = np.float32([1.0, 2.0, 0.5])
    whole = session.run(list(OUTPUTS), {"image": images, "depth_scale": scales})
    for index in range(3):
        one = slice(index, index + 1)
        alone = session.run(list(OUTPUTS), {"image": images[one], "depth_scale": scales[one]})
        both = (dict(zip(OUTPUTS, (a[0] for a in each), strict=True)) for each in ([a[one] for a in whole], alone))
        assert_alike(*both, SIZE)


def test_a_graph_is_made_once_and_then_read(bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = read_onnx(bundle, SIZE, "fp32")
    monkeypatch.setattr(module, "require", lambda *_: pytest.fail("it is in the cache"))
    assert read_onnx(bundle, SIZE, "fp32") == first


def test_without_pytorch_it_says_where_the_graph_comes_from(bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("mt_perception.backends.find_spec", lambda name: None)
    with pytest.raises(BackendError, match=r"has no graph-.*fp32\.onnx, made by: .*--format onnx .*\[torch\]") as error:
        read_onnx(bundle, SIZE, "fp32")
    assert "\n" not in str(error.value)


def test_providers_are_taken_by_name_and_unknown_ones_refused():
    assert providers_for("")[-1] == "CPUExecutionProvider"
    assert providers_for(" CPUExecutionProvider,") == ["CPUExecutionProvider"]
    with pytest.raises(BackendError, match=r"names NoneExecutionProvider; this .* has .*CPUExecutionProvider"):
        providers_for("NoneExecutionProvider, CPUExecutionProvider")


def test_int8_that_was_never_made_says_how(bundle):
    with pytest.raises(BackendError, match=r"--precision int8 .*--images FOLDER"):
        open_backend(bundle, Settings(backend="onnxruntime", precision="int8"), SIZE)
