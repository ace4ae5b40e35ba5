# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What `mt-perception info` says of the backends, for machines that differ in driver and packages."""

import pytest

from mt_perception.backends import MODULES
from mt_perception.backends.readiness import readiness
from mt_perception.commands.main import main


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Make this one look as if it had these packages, and a driver or none."""

    def pretend(packages, driver):
        if driver:
            (tmp_path / "version").touch()
        monkeypatch.setattr("mt_perception.backends.readiness.NVIDIA_DRIVER", tmp_path / "version")
        monkeypatch.setattr("mt_perception.backends.readiness.find_spec", lambda name: name in packages or None)
        return {name: str(each) for name, each in readiness().items()}

    return pretend


def test_a_bare_machine_is_told_one_command_for_each(machine):
    found = machine(set(), driver=False)
    assert set(MODULES) <= set(found)
    for name in MODULES:
        assert found[name].startswith("missing: ") and f"pip install 'mt_perception[{name}]'" in found[name]
        assert ("NVIDIA GPU" in found[name]) == name.startswith("tensorrt")


def test_a_machine_without_a_gpu_builds_engines_for_others(machine):
    found = machine({"torch", "tensorrt_rtx", "openvino", "onnxruntime"}, driver=False)
    assert found["openvino"] == "ready, on the processor"
    assert found["torch"] == "ready, on the processor: there is no NVIDIA GPU"
    assert found["tensorrt_rtx"].startswith("missing: an NVIDIA GPU with its driver; builds engines for other machines")
    assert "pip install" not in found["tensorrt_rtx"]


@pytest.mark.parametrize("module", MODULES["tensorrt"])
def test_tensorrt_is_ready_with_torch_tensorrt_or_without(machine, module):
    found = machine({"torch", module}, driver=True)
    assert found["tensorrt"] == found["torch"] == "ready, on the GPU"
    assert found["tensorrt_rtx"] == "missing: tensorrt_rtx: pip install 'mt_perception[tensorrt_rtx]'"
    assert "torch: pip install" in machine({module}, driver=True)["tensorrt"]


def test_info_ends_with_a_line_for_each(capsys):
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("backends on this machine:")
    assert [each.split(":")[0].strip() for each in lines[start + 1 :]] == sorted(readiness())
