# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("openvino")
pytest.importorskip("torch")

from helpers import SIZE, make_image

from mt_perception.backends import BackendError, open_backend
from mt_perception.backends import openvino as module
from mt_perception.backends.openvino import OpenVinoBackend, _Compiler
from mt_perception.model.bundle import CARD, load_bundle, sha256
from mt_perception.settings import Settings
from mt_perception.types import OUTPUTS
from mt_perception.utils.hardware import computes_bf16

LARGE = (192, 320)


def depth_m(bundle, precision):
    backend = open_backend(bundle, Settings(backend="openvino", precision=precision), LARGE)
    return backend.infer(make_image(*LARGE), 1.0, ("depth_m",))["depth_m"].copy()


@pytest.fixture(scope="module")
def in_bf16(bundle):
    if not computes_bf16():
        pytest.skip("this processor does not compute in bf16")
    return depth_m(bundle, "bf16")


def test_depth_has_no_steps_in_bf16(bundle, in_bf16):
    """Through bf16 it had a few hundred values: steps of up to 2 %."""
    finite = np.isfinite(in_bf16)
    assert finite.mean() > 0.3
    assert len(np.unique(in_bf16[finite])) > 0.5 * finite.sum()


def test_depth_in_bf16_is_close_to_fp32(bundle, in_bf16):
    exact = depth_m(bundle, "fp32")
    both = np.isfinite(exact) & np.isfinite(in_bf16)
    # this network's last layers are eight times as loud as a trained one's
    assert np.median(np.abs(in_bf16[both] / exact[both] - 1)) < 0.02


@pytest.mark.parametrize("values", [{"threads": 1}, {"streams": 2}, {"pinning": True}])
def test_how_threads_are_used_changes_no_result(bundle, values):
    plain, ours = (
        open_backend(bundle, Settings(backend="openvino", precision="fp32", **each), SIZE) for each in ({}, values)
    )
    expected, got = (each.infer(make_image(*SIZE), 1.0, ("mask",))["mask"].copy() for each in (plain, ours))
    assert (got == expected).mean() > 0.999


def test_a_new_set_of_outputs_is_served_at_once_and_then_by_a_graph_of_its_own(bundle):
    backend = open_backend(bundle, Settings(backend="openvino", precision="fp32"), SIZE, background=True)
    image = make_image(*SIZE)
    expected = {name: array.copy() for name, array in backend.infer(image, 2.0, tuple(OUTPUTS)).items()}
    for outputs in (("mask",), ("depth_m",)):
        first = {name: array.copy() for name, array in backend.infer(image, 2.0, outputs).items()}
        assert list(first) == list(outputs)
        np.testing.assert_array_equal(first[outputs[0]], expected[outputs[0]], "the graph with all outputs serves")
        backend._compiled._pending[1].result(30)
        names = backend._compiled.get(outputs)[0]
        own = backend.infer(image, 2.0, outputs)[outputs[0]]
        assert names == outputs
        np.testing.assert_allclose(own, expected[outputs[0]], rtol=1e-4)


def fresh_cache(folder, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "mt_perception" / "openvino"


def answer(bundle, monkeypatch=None):
    if monkeypatch:  # what is in the cache is not compiled again
        monkeypatch.setattr(_Compiler, "_model", lambda *_: pytest.fail("it is in the cache"))
    return OpenVinoBackend(bundle, SIZE, "fp32").infer(make_image(*SIZE), 1.0, ("depth_m",))["depth_m"].copy()


def test_a_compiled_graph_comes_out_of_the_cache(bundle, tmp_path, monkeypatch):
    folder = fresh_cache(tmp_path, monkeypatch)
    first = answer(bundle)
    assert [file.suffix for file in folder.iterdir()] == [".blob"]
    np.testing.assert_array_equal(answer(bundle, monkeypatch), first)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999])
def test_a_flipped_bit_in_the_cache_changes_no_metre(bundle, tmp_path, monkeypatch, share, caplog):
    folder = fresh_cache(tmp_path, monkeypatch)
    first = answer(bundle)
    (blob,) = folder.iterdir()
    content = bytearray(blob.read_bytes())
    content[int(share * len(content))] ^= 4
    blob.write_bytes(content)
    np.testing.assert_array_equal(answer(bundle), first)
    assert "is damaged and will be built anew" in caplog.text
    np.testing.assert_array_equal(answer(bundle, monkeypatch), first)


def test_a_cache_that_cannot_be_made_does_not_stop_it(bundle, tmp_path, monkeypatch, caplog):
    (tmp_path / "taken").write_text("a file")
    fresh_cache(tmp_path / "taken", monkeypatch)
    assert answer(bundle).shape == SIZE
    assert "going on without a cache" in caplog.text


def test_a_graph_that_openvino_cannot_read_is_said_in_one_sentence(bundle, tmp_path):
    folder = shutil.copytree(bundle.folder, tmp_path / "model")
    (folder / "graph.xml").write_text("<net>")
    card = json.loads((folder / CARD).read_text())
    card["files"]["graph.xml"] = sha256(folder / "graph.xml")
    (folder / CARD).write_text(json.dumps(card))
    with pytest.raises(BackendError, match=r"OpenVINO cannot run .*graph\.xml; copy the model again") as error:
        answer(load_bundle(folder))
    assert "\n" not in str(error.value)


def test_bf16_is_not_chosen_where_it_would_be_emulated(bundle, monkeypatch):
    monkeypatch.setattr(module, "computes_bf16", lambda: False)
    assert OpenVinoBackend(bundle, SIZE).precision in ("fp16", "fp32")
    with pytest.raises(BackendError, match=r"precision is bf16; openvino on cpu computes in .*fp32, or auto"):
        OpenVinoBackend(bundle, SIZE, "bf16")


def test_a_containers_quota_bounds_the_threads(bundle, monkeypatch):
    monkeypatch.setattr(module, "limited_threads", lambda: 1)
    backend = OpenVinoBackend(bundle, SIZE)
    backend.infer(make_image(*SIZE), 1.0, ("mask",))
    _, compiled = backend._compiled.get(("mask",))
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 1


def test_siblings_share_the_compiled_graph_and_answer_alike_at_the_same_time(bundle):
    backend = OpenVinoBackend(bundle, SIZE, "fp32", streams=3)
    images = [make_image(*SIZE, seed=seed) for seed in range(3)]
    expected = [backend.infer(each, 1.0, ("mask",))["mask"].copy() for each in images]
    backends = [backend, *backend.siblings()]
    assert len(backends) == 3

    def infer(own, image):
        return [own.infer(image, 1.0, ("mask",))["mask"].copy() for _ in range(20)]

    with ThreadPoolExecutor(3) as threads:
        for results, mask in zip(threads.map(infer, backends, images), expected, strict=True):
            for each in results:
                np.testing.assert_array_equal(each, mask)
    assert len({id(each._compiled.get(("mask",))[1]) for each in backends}) == 1
