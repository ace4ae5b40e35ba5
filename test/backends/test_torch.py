# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from helpers import SIZE, make_image

from mt_perception.backends.parity_check import check_parity
from mt_perception.backends.torch import TorchBackend
from mt_perception.network.folding import folded
from mt_perception.types import OUTPUTS

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU")


@pytest.fixture(scope="module")
def backend(bundle):
    return TorchBackend(bundle, SIZE, "fp32")


def answer(backend, seed=0, scale=1.0, outputs=tuple(OUTPUTS)):
    return {name: array.copy() for name, array in backend.infer(make_image(*SIZE, seed), scale, outputs).items()}


@pytest.mark.parametrize("outputs", [("mask",), ("depth_m",), ("confidence",), ("confidence", "mask")])
def test_parts_equal_the_whole(backend, outputs):
    whole, part = answer(backend), answer(backend, outputs=outputs)
    assert set(part) == set(outputs)
    for name in outputs:
        np.testing.assert_allclose(part[name], whole[name], rtol=1e-5)


def test_each_image_has_its_own_answer(backend):
    first, second, again = answer(backend, 0), answer(backend, 1, scale=3.0), answer(backend, 0)
    assert (first["mask"] != second["mask"]).mean() > 0.05
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])


def test_the_scale_multiplies_metres(backend):
    once, twice = answer(backend)["depth_m"], answer(backend, scale=2.0)["depth_m"]
    assert np.isfinite(once).any()
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-5)


def test_images_of_any_row_stride_are_taken(backend):
    wide = make_image(SIZE[0], SIZE[1] + 9)
    view = wide[:, 4:-5]
    assert not view.flags.c_contiguous
    expected = backend.infer(np.ascontiguousarray(view), 1.0, ("mask",))["mask"].copy()
    np.testing.assert_array_equal(backend.infer(view, 1.0, ("mask",))["mask"], expected)


def test_half_precision_says_much_the_same(bundle, backend):
    half = TorchBackend(bundle, SIZE, "bf16")
    parity = check_parity(half, backend, SIZE)
    assert 0.9 < parity.mask < 1 and 0 < parity.depth < 0.05
    assert answer(half)["depth_m"].dtype == np.float32


@pytest.mark.parametrize("benchmark", [False, True])
def test_the_switches_of_the_host_program_stay_as_they_were(bundle, monkeypatch, benchmark):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", benchmark)
    before = torch.get_num_threads()
    backend = TorchBackend(bundle, SIZE, "fp32", threads=before + 1)
    within = []
    backend._runs = lambda wanted: lambda image, scale, camera: within.append(torch.get_num_threads())
    backend.infer(make_image(*SIZE), 1.0, ("mask",))
    assert within == [before + 1] and torch.get_num_threads() == before
    answer(TorchBackend(bundle, SIZE, "fp32"))
    assert torch.backends.cudnn.benchmark is benchmark


def test_folding_changes_no_result(lively_network):
    x = torch.randn(2, 3, 50, 70)
    plain = lively_network(x)
    simple = folded(copy.deepcopy(lively_network))
    kinds = [type(module) for module in simple.modules()]
    assert torch.nn.BatchNorm2d not in kinds and torch.nn.AdaptiveAvgPool2d not in kinds
    assert torch.nn.BatchNorm2d in [type(module) for module in lively_network.modules()]
    for task, result in simple(x).items():
        torch.testing.assert_close(result, plain[task], rtol=1e-3, atol=1e-3)


@pytest.mark.gpu
@gpu
@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_a_recorded_graph_says_what_the_kernels_say_one_by_one(bundle, precision):
    recorded = TorchBackend(bundle, SIZE, precision)
    plain = TorchBackend(bundle, SIZE, precision, cuda_graph=False)
    for seed, outputs in ((0, tuple(OUTPUTS)), (1, ("mask",)), (2, tuple(OUTPUTS)), (3, ("depth_m",))):
        ours, theirs = (answer(each, seed, 1.5, outputs) for each in (recorded, plain))
        for name in outputs:
            close = np.isclose(ours[name], theirs[name], rtol=1e-2, atol=1)
            assert close.mean() > 0.99


@pytest.mark.gpu
@gpu
def test_a_gpu_says_what_the_cpu_says(bundle, backend, monkeypatch):
    on_gpu = TorchBackend(bundle, SIZE, "fp32")
    assert on_gpu.device == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    on_cpu = TorchBackend(bundle, SIZE, "fp32")
    assert check_parity(on_gpu, on_cpu, SIZE).is_good
