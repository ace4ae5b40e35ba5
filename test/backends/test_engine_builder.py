# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From the cache, built first, or built while another serves: weights run by PyTorch in the place of an engine."""

import threading

import pytest

torch = pytest.importorskip("torch")

from helpers import SIZE, make_image
from safetensors.torch import load, save

from mt_perception.backends import BackendError
from mt_perception.backends.engine_builder import Engine, export_command, open_engine
from mt_perception.backends.engines import EngineCache, EngineKey
from mt_perception.backends.torch import TorchBackend
from mt_perception.commands.main import build_parser, main
from mt_perception.network.export import read_network

KEY = EngineKey("w", "g", *SIZE, "fp32", "GPU", "9.0", "11.1", "2.15", "2.14", "580")


@pytest.fixture
def built():
    """How often an engine was built."""
    return []


@pytest.fixture
def engine(bundle, tmp_path, built):
    """Runs a network of its own, from the bytes that were built: the same weights, unless the test changes them."""

    def build():
        built.append(1)
        return save(read_network(bundle).state_dict())

    def run(content):
        network = read_network(bundle)
        network.load_state_dict(load(content))
        backend = TorchBackend(bundle, SIZE, "fp32", network=network)
        backend.name = "engine"
        return backend

    return Engine(EngineCache(tmp_path), KEY, build, run, lambda: TorchBackend(bundle, SIZE, "fp32"))


@pytest.fixture
def fallback_backend(bundle):
    return TorchBackend(bundle, SIZE, "fp32")


def infers(backend):
    return set(backend.infer(make_image(*SIZE), 1.0, ("mask", "depth_m"))) == {"mask", "depth_m"}


def test_built_once_then_out_of_the_cache(engine, fallback_backend, built):
    for _ in range(2):
        backend = open_engine(engine, fallback_backend)
        assert (backend.name, backend.fallback, len(built)) == ("engine", "", 1)
        assert infers(backend)
    assert open_engine(engine, fallback_backend, force=True).name == "engine" and len(built) == 2


def changed(content):
    """One convolution of the last layers turned upside down."""
    weights = load(content)
    weights["heads.segmentation.predict.weight"].mul_(-1)
    return save(weights)


def test_an_engine_that_says_something_else_is_refused(engine, fallback_backend, bundle):
    engine.cache.store(KEY, changed(engine.build()))
    backend = open_engine(engine, fallback_backend)
    assert backend.name == "torch" and infers(backend)
    assert "torch fp32 serves instead, because the engine engine differs from torch: " in backend.fallback
    assert "of the labels are the same (at least 98%)" in backend.fallback
    assert open_engine(engine, fallback_backend, force=True).fallback == "", "built anew, it is right again"


@pytest.mark.parametrize("content", [b"", b"rubbish" * 100])
def test_an_engine_that_cannot_be_run_is_no_end(engine, fallback_backend, content):
    engine.cache.store(KEY, content)
    backend = open_engine(engine, fallback_backend)
    assert backend.name == "torch" and backend.fallback.startswith("backend fallback: torch fp32 serves instead")


def wait_until(condition):
    ended = threading.Event()
    for _ in range(1000):
        if condition():
            return
        ended.wait(0.01)
    raise AssertionError("it did not happen within 10 s")


def test_images_are_served_while_another_process_builds(engine, fallback_backend, built):
    go = threading.Event()

    def outside(cancelled):
        assert go.wait(10)
        engine.cache.store(KEY, engine.build())

    backend = open_engine(engine, fallback_backend, outside=outside)
    wait_until(lambda: backend.progress)
    assert backend.progress == f"torch serves while the engine {KEY.file_name} is built"
    assert backend.name == "torch" and infers(backend)
    go.set()
    wait_until(lambda: backend.name == "engine")
    assert infers(backend) and len(built) == 1


def test_an_engine_that_is_there_is_not_waited_for(engine, fallback_backend):
    engine.ensure()
    backend = open_engine(engine, fallback_backend, outside=lambda cancelled: pytest.fail("it is there"))
    assert backend.name == "engine"


def test_a_process_that_cannot_build_is_told(engine, fallback_backend):
    def outside(cancelled):
        raise BackendError("mt-perception export failed: error: no memory")

    backend = open_engine(engine, fallback_backend, outside=outside)
    wait_until(lambda: backend.fallback)
    assert backend.fallback.endswith("because mt-perception export failed: error: no memory")
    assert backend.name == "torch" and infers(backend)


def test_the_command_that_builds_is_understood(bundle):
    options = build_parser().parse_args(export_command(bundle.folder, SIZE, "fp16", force=True))
    assert (options.backend, options.precision, options.force_rebuild) == ("tensorrt", "fp16", True)
    assert (options.input_height, options.input_width, options.model) == (*SIZE, str(bundle.folder))
    assert not build_parser().parse_args(export_command(bundle.folder, SIZE, "fp16", force=False)).force_rebuild


def test_export_says_what_is_missing(capsys, monkeypatch):
    assert main(["export"]) == 1
    assert "give --images PATH ... and --out DIR" in capsys.readouterr().err
    monkeypatch.setattr("mt_perception.backends.find_spec", lambda name: None)
    assert main(["export", "--backend", "tensorrt"]) == 1
    assert "pip install 'mt_perception[tensorrt]'" in capsys.readouterr().err
