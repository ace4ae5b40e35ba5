# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("openvino")

from helpers import SIZE, make_image
from outputs import infer

from mt_perception.backends import BackendError, choose_precision, open_backend
from mt_perception.settings import Settings
from mt_perception.testing import assert_alike


@pytest.mark.parametrize("size", [SIZE, (96, 160), (75, 117)])
def test_the_cpu_graph_matches_pytorch(bundle, size):
    ours = infer(bundle, size, backend="openvino", precision="fp32")
    reference = infer(bundle, size, backend="torch", precision="fp32")
    assert len(np.unique(reference["mask"])) > 3, "a mask of one class proves nothing"
    assert_alike(ours, reference, size)
    both = np.isfinite(reference["depth_m"]) & np.isfinite(ours["depth_m"])
    assert np.ptp(reference["depth_m"][both]) > 1


def test_depth_scale_multiplies_metres(bundle):
    once = infer(bundle, SIZE, scale=1.0, backend="openvino", precision="fp32")["depth_m"]
    twice = infer(bundle, SIZE, scale=2.0, backend="openvino", precision="fp32")["depth_m"]
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-5)


@pytest.mark.parametrize("outputs", [("mask",), ("depth_m",), ("confidence", "mask")])
def test_parts_equal_the_whole(bundle, outputs):
    whole = infer(bundle, SIZE, backend="openvino", precision="fp32")
    part = infer(bundle, SIZE, outputs=outputs, backend="openvino", precision="fp32")
    assert set(part) == set(outputs)
    for name in outputs:
        np.testing.assert_allclose(part[name], whole[name], rtol=1e-4)


def test_changing_wishes_are_answered(bundle):
    backend = open_backend(bundle, Settings(backend="openvino"), SIZE)
    for outputs in (("mask",), ("depth_m",), ("confidence",), ("mask",), ("mask", "depth_m")):
        assert set(backend.infer(make_image(*SIZE), 1.0, outputs)) == set(outputs)


def test_precision_that_the_machine_lacks():
    assert choose_precision("auto", ["bf16", "fp32"], "openvino", "cpu") == "bf16"
    with pytest.raises(BackendError, match="precision is fp16; openvino on cpu computes in bf16, fp32, or auto"):
        choose_precision("fp16", ["bf16", "fp32"], "openvino", "cpu")


def test_a_backend_that_is_not_installed(bundle, monkeypatch):
    monkeypatch.setattr("mt_perception.backends.find_spec", lambda name: None)
    with pytest.raises(BackendError, match=r"pip install 'mt_perception\[torch\]'"):
        open_backend(bundle, Settings(backend="torch"), SIZE)
