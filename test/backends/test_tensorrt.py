# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the TensorRT backend asks of Torch-TensorRT, held against facts of its releases, and against it where it is."""

import dataclasses
import inspect
import json
import sys
import types
from importlib.util import find_spec

import pytest

torch = pytest.importorskip("torch")

from engine_operators import FACTS, operators, unsupported
from helpers import SIZE

from mt_perception.backends import BackendError, fastest_installed, open_backend
from mt_perception.backends.engines import graph_version
from mt_perception.backends.tensorrt import build_engine, exported, precision_for
from mt_perception.model.spec import DepthEncodingSpec, NetworkSpec
from mt_perception.network.graph import DeployedGraph
from mt_perception.settings import Settings

CONVERT = "convert_exported_program_to_serialized_trt_engine"
installed = pytest.mark.skipif(not find_spec("torch_tensorrt"), reason="torch_tensorrt is not installed")
no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
RELEASES = ("2.8.0", "2.12.1", "2.14.0")


@pytest.fixture(scope="module")
def facts():
    return json.loads(FACTS.read_text())


@pytest.fixture(scope="module")
def program(bundle):
    """What becomes an engine, and its example input."""
    return exported(bundle, SIZE, "fp16", "cpu")


def test_the_engine_holds_only_what_is_converted(program):
    program, (example,) = program
    assert unsupported(program) == (set(), set())
    assert len(operators(program)[0]) > 8 and "aten.as_strided.default" not in operators(program)[0]
    assert example.shape == (1, 3, *SIZE)
    outputs = [node.meta["val"] for node in program.graph.output_node().args[0]]
    assert [tuple(each.shape) for each in outputs] == [(1, 20, 16, 32), (1, 1, 16, 32)]
    assert {each.dtype for each in outputs} == {example.dtype}


def test_of_the_whole_graph_only_the_bytes_stay_outside(bundle, lively_network):
    graph = DeployedGraph(lively_network, bundle.card.input, bundle.card.labels.sky_id)
    pixels = torch.zeros(1, *SIZE, 3, dtype=torch.uint8)
    with torch.no_grad():
        program = torch.export.export(graph, (pixels, torch.ones(1)))
    assert unsupported(program) == (set(), {"torch.uint8"})


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_takes_the_arguments(program, bundle, facts, release, tmp_path, monkeypatch):
    """A stand-in with that release's parameters records the call: another name would be a TypeError."""
    names = facts[f"parameters_of_{CONVERT}"][release]
    known = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names])
    calls = []

    def convert(*args, **kwargs):
        calls.append(known.bind_partial(*args, **kwargs).arguments)
        return b"engine"

    convert.__signature__ = known
    dynamo = types.ModuleType("torch_tensorrt.dynamo")
    setattr(dynamo, CONVERT, convert)
    monkeypatch.setattr("mt_perception.backends.tensorrt.is_plain", lambda: False)
    monkeypatch.setitem(sys.modules, "torch_tensorrt", types.ModuleType("torch_tensorrt"))
    monkeypatch.setitem(sys.modules, "torch_tensorrt.dynamo", dynamo)
    monkeypatch.setattr("mt_perception.backends.tensorrt.exported", lambda *_: program)
    timing = tmp_path / "timing.bin"
    assert build_engine(bundle, SIZE, "fp16", timing) == b"engine"
    explicit = {} if release == "2.14.0" else {"use_explicit_typing": True}
    assert calls == [
        {
            "exported_program": program[0],
            "arg_inputs": list(program[1]),
            "require_full_compilation": True,
            "timing_cache_path": str(timing),
            **explicit,
        }
    ]


@installed
def test_the_installed_release_takes_the_arguments():
    dynamo = pytest.importorskip("torch_tensorrt.dynamo", exc_type=Exception)
    parameters = inspect.signature(getattr(dynamo, CONVERT)).parameters
    assert {"arg_inputs", "require_full_compilation", "timing_cache_path"} <= set(parameters)


@installed
def test_the_installed_release_has_the_converters(program, facts):
    registry = pytest.importorskip("torch_tensorrt.dynamo.conversion._ConverterRegistry", exc_type=Exception)
    there = {str(target) for target in registry.DYNAMO_ATEN_CONVERTERS}
    assert operators(program[0])[0] - set(facts["rewritten"]) <= there


@pytest.mark.gpu
@installed
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU")
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_an_engine_says_what_pytorch_says(bundle, precision, cache_home):
    settings = Settings(backend="tensorrt", precision=precision)
    for _ in range(2):  # built, then out of the cache
        backend = open_backend(bundle, settings, SIZE)
        assert (backend.name, backend.precision, backend.fallback) == ("tensorrt", precision, "")


def test_the_graphs_version_follows_the_network():
    spec = NetworkSpec(decoder_width=64)
    assert graph_version(spec) == graph_version(NetworkSpec(decoder_width=64))
    for other in ({"decoder_width": 128}, {"train_ids": (0, 1)}, {"depth_encoding": DepthEncodingSpec("sqrt")}):
        assert graph_version(dataclasses.replace(spec, **other)) != graph_version(spec)


@no_gpu
def test_without_a_gpu_it_says_so():
    with pytest.raises(BackendError, match="tensorrt needs an NVIDIA GPU and PyTorch finds none; set backend to"):
        precision_for("auto")


@pytest.mark.parametrize(
    ("driver", "packages", "best"),
    [
        (True, {"torch", "torch_tensorrt", "openvino"}, "tensorrt"),
        (True, {"torch", "openvino"}, "torch"),
        (True, {"openvino"}, "openvino"),
        (False, {"torch", "torch_tensorrt", "openvino"}, "openvino"),
        (False, {"torch"}, "torch"),
        (False, set(), "openvino"),
    ],
)
def test_the_fastest_that_is_installed(tmp_path, monkeypatch, driver, packages, best):
    if driver:
        (tmp_path / "version").touch()
    monkeypatch.setattr("mt_perception.backends.NVIDIA_DRIVER", tmp_path / "version")
    monkeypatch.setattr("mt_perception.backends.find_spec", lambda name: name in packages or None)
    assert fastest_installed() == best
