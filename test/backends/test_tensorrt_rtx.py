# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Engines for RTX cards, really built, which needs no card; running them does, and is refused in one sentence."""

import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest

torch = pytest.importorskip("torch")

from helpers import SIZE

from mt_perception.backends import BackendError, open_backend
from mt_perception.backends.engines import EngineCache
from mt_perception.commands.main import main
from mt_perception.model.bundle import WEIGHTS, load_bundle, open_model
from mt_perception.settings import Settings

installed = pytest.mark.skipif(
    not find_spec("tensorrt_rtx"), reason="TensorRT for RTX is not installed (pip install tensorrt-rtx-cu13)"
)
pytestmark = pytest.mark.tensorrt_rtx
no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="here is a GPU")
TARGETS = ("sm75", "sm86", "sm120")


@pytest.fixture(scope="module")
def built(bundle, tmp_path_factory):
    """A model with engines for three kinds of card in two precisions, made by the command; and what it printed."""
    out = tmp_path_factory.mktemp("rtx") / "model"
    arguments = ["export", "--backend", "tensorrt_rtx", "--model", str(bundle.folder), "--targets", ",".join(TARGETS)]
    assert main([*arguments, "--precision", "fp16,fp32", "--out", str(out)]) == 0
    return load_bundle(out)


def engine_bytes(bundle, precision, target):
    from mt_perception.backends.tensorrt_rtx import engine_key

    return EngineCache(bundle.folder).load(engine_key(bundle, SIZE, precision, target))


@installed
def test_the_model_carries_an_engine_for_each_card_and_precision(bundle, built):
    sizes = {(p, t): len(engine_bytes(built, p, t)) for p in ("fp16", "fp32") for t in TARGETS}
    weights = bundle.file(WEIGHTS).stat().st_size
    assert all(weights / 3 < size < 5 * weights + 3e6 for size in sizes.values()), (sizes, weights)
    assert all(sizes["fp16", target] < sizes["fp32", target] for target in TARGETS)
    names = [name for name in built.card.files if name.endswith(".rtx")]
    assert len(names) == 6 and sum("-fp16-sm120-" in name for name in names) == 1
    assert built.model_hash == bundle.model_hash


@installed
def test_what_the_model_carries_is_not_built_again(built, monkeypatch):
    from mt_perception.backends import tensorrt_rtx

    monkeypatch.setattr(tensorrt_rtx, "build_engine", lambda *_: pytest.fail("it is in the bundle"))
    engine = tensorrt_rtx.rtx_engine(built, SIZE, "fp16", "sm86")
    assert engine.ensure() == engine_bytes(built, "fp16", "sm86")
    assert engine.path.parent == built.folder


@installed
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
@pytest.mark.parametrize("model", ["lively", "street", "street-fast"])
def test_every_layer_has_its_precision_and_bytes_are_outside(bundle, model, precision):
    import tensorrt_rtx as trt

    from mt_perception.backends.onnx_file import read_onnx
    from mt_perception.backends.trt_engine import parse

    graph = read_onnx(bundle if model == "lively" else open_model(model), SIZE, precision)
    _builder, network, _parser = parse(trt, graph)
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    convolutions = [each for each in layers if each.type == trt.LayerType.CONVOLUTION]
    kind = trt.float16 if precision == "fp16" else trt.float32
    assert len(convolutions) > 30 and {each.get_output(0).dtype for each in convolutions} == {kind}
    inputs, outputs = (
        {each.name: (each.dtype, tuple(each.shape)) for each in map(get, range(count))}
        for get, count in ((network.get_input, network.num_inputs), (network.get_output, network.num_outputs))
    )
    assert inputs["image"] == (trt.uint8, (-1, *SIZE, 3)) and inputs["depth_scale"] == (trt.float32, (-1,))
    whole = (-1, *SIZE)
    assert outputs == {
        "mask": (trt.uint8, whole), "confidence": (trt.uint8, whole), "depth_m": (trt.float32, whole),
    }  # fmt: skip


@installed
def test_two_builds_are_alike_if_not_to_the_byte(built):
    """They were seen to differ by 8 bytes of 7 MB: nothing may rely on the hash of an engine that was built again."""
    from mt_perception.backends.tensorrt_rtx import build_engine

    first, again = engine_bytes(built, "fp16", "sm86"), build_engine(built, SIZE, "fp16", "sm86")
    assert abs(len(again) - len(first)) < 1e-4 * len(first)


@installed
def test_an_engine_of_another_card_version_or_model_is_not_taken(built):
    from mt_perception.backends.tensorrt_rtx import engine_key

    cache, key = EngineCache(built.folder), engine_key(built, SIZE, "fp16", "sm86")
    assert cache.load(key)
    for other in ({"target": "sm89"}, {"tensorrt_rtx": "1.0"}, {"weights": "0" * 64}, {"width": 64}):
        assert cache.load(replace(key, **other)) is None
    assert engine_bytes(built, "fp16", "sm75") != engine_bytes(built, "fp16", "sm86")


@installed
@pytest.mark.parametrize(
    "engine", [b"", b"no engine" * 99, None], ids=["empty", "rubbish", "of a card that is not here"]
)
def test_an_engine_that_does_not_fit_is_refused_in_one_sentence(built, engine):
    import tensorrt_rtx as trt

    from mt_perception.backends.trt_engine import EngineGraph

    if engine is None and torch.cuda.is_available():
        pytest.skip("here is a GPU, which it may fit")
    with pytest.raises(BackendError, match=r"does not fit this machine .*; build it anew") as error:
        EngineGraph(trt, engine_bytes(built, "fp16", "sm75") if engine is None else engine, SIZE)
    assert "\n" not in str(error.value)


@installed
def test_a_graph_with_something_unknown_is_refused_with_its_name(bundle):
    import tensorrt_rtx as trt

    onnx = pytest.importorskip("onnx")
    from mt_perception.backends.onnx_file import read_onnx
    from mt_perception.backends.trt_engine import parse

    model = onnx.load_from_string(read_onnx(bundle, SIZE, "fp32"))
    next(each for each in model.graph.node if each.op_type == "ArgMax").op_type = "ArgMiddle"
    with pytest.raises(BackendError, match=r"tensorrt_rtx [\d.]+ does not take the graph: .*ArgMiddle") as error:
        parse(trt, model.SerializeToString())
    assert "\n" not in str(error.value)


@installed
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--targets", "sm61"], "targets names sm61; tensorrt_rtx .* builds for sm75, "),
        (["--precision", "bf16"], "precision is bf16; tensorrt_rtx on cuda computes in fp16, fp32, int8, or auto"),
        (["--precision", "fp16,half"], "precision is 'half'; allowed: one of auto"),
        (["--precision", "int8"], r"has no graph-.*int8\.onnx; make it: mt-perception export --format onnx"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(bundle, wrong, said, capsys):
    import re

    assert main(["export", "--backend", "tensorrt_rtx", "--model", str(bundle.folder), *wrong]) == 1
    line = capsys.readouterr().err
    assert re.search(said, line) and line.count("\n") == 1


@no_gpu
@installed
def test_without_a_card_the_backend_says_so(bundle):
    with pytest.raises(BackendError, match="tensorrt_rtx needs an NVIDIA GPU and PyTorch finds none; set backend to"):
        open_backend(bundle, Settings(backend="tensorrt_rtx"), SIZE)


def test_without_the_library_the_command_that_installs_it_is_told(bundle, monkeypatch, capsys):
    monkeypatch.setattr("mt_perception.backends.find_spec", lambda name: None)
    assert main(["export", "--backend", "tensorrt_rtx", "--model", str(bundle.folder)]) == 1
    assert "pip install 'mt_perception[tensorrt_rtx]'" in capsys.readouterr().err


def test_a_library_that_cannot_be_loaded_is_said_in_one_sentence(monkeypatch):
    from mt_perception.backends.tensorrt_rtx import library

    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    with pytest.raises(BackendError, match=r"tensorrt_rtx cannot be loaded \(.*; pip install tensorrt-rtx-cu13"):
        library()


@pytest.mark.gpu
@installed
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU")
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_an_engine_says_what_pytorch_says(bundle, precision, cache_home):
    backend = open_backend(bundle, Settings(backend="tensorrt_rtx", precision=precision), SIZE)
    assert (backend.name, backend.precision, backend.fallback) == ("tensorrt_rtx", precision, "")
