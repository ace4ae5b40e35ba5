# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which GPU a process uses, told to CUDA before it starts."""

import os

import pytest

from mt_perception.backends import BackendError, gpu, open_backend
from mt_perception.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A process that has chosen nothing."""
    monkeypatch.setattr(gpu, "_chosen", {})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.mark.parametrize(
    ("visible", "device", "told"),
    [
        ("", "cuda:1", "1"),
        ("2,5", "cuda:1", "5"),
        ("GPU-aaaa, GPU-bbbb", "cuda:0", "GPU-aaaa"),
        ("0", "MIG-1f2e3d4c", "MIG-1f2e3d4c"),
    ],
)
def test_cuda_is_told_the_one_that_was_meant(monkeypatch, visible, device, told):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    for _ in range(2):
        gpu.choose_gpu(device)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == told


def test_a_second_gpu_in_one_process_is_refused():
    gpu.choose_gpu("cuda:1")
    with pytest.raises(BackendError, match="device is cuda:0, but this process already uses cuda:1; start another"):
        gpu.choose_gpu("cuda:0")


def test_a_gpu_that_is_not_shown_is_refused(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    with pytest.raises(BackendError, match="device is cuda:1, but CUDA_VISIBLE_DEVICES is 3: it shows 1"):
        gpu.choose_gpu("cuda:1")


def test_what_is_no_device_is_refused(bundle):
    for wrong in ("cuda", "cuda:-1", "1", "gpu0", "MIG-"):
        with pytest.raises(SettingsError, match=r"device is .*; allowed: cuda:0, cuda:1"):
            Settings(device=wrong)
    pytest.importorskip("openvino")
    with pytest.raises(BackendError, match="openvino runs on the processor: leave device empty"):
        open_backend(bundle, Settings(backend="openvino", device="cuda:0"), (64, 96))
