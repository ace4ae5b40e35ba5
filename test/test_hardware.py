"""Profiles by what the kernel's files say, in real directory trees."""

import os

import pytest
import yaml

from mt_perception.hardware import Machine, detect, processor
from mt_perception.settings import Settings


@pytest.fixture
def machine(tmp_path):
    """Write files of /proc below a folder of the test's own; the folder."""

    def build(files: dict[str, str]):
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return tmp_path

    return build


def gpu(name: str) -> dict[str, str]:
    return {
        "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.1\n",
        "proc/driver/nvidia/gpus/0000:01:00.0/information": f"Model: \t\t {name}\nIRQ:   \t\t 120\nBus Type: \t PCIe\n",
    }


@pytest.mark.parametrize(
    ("files", "profile", "reason"),
    [
        ({}, "cpu", "there is no NVIDIA GPU"),
        ({"proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0"}, "cpu", "there is no NVIDIA GPU"),
        (
            {"proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0"},
            "jetson_orin_nano",
            "the board is NVIDIA Jetson Orin Nano Developer Kit",
        ),
        (
            {"proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0"},
            "jetson_agx_orin",
            "the board is NVIDIA Jetson AGX Orin Developer Kit",
        ),
        ({"proc/device-tree/model": "Jetson-AGX\0"}, "jetson_orin_nano", "the board is Jetson-AGX"),
        (gpu("NVIDIA GeForce RTX 3060 Laptop GPU"), "rtx_laptop", "NVIDIA GeForce RTX 3060 Laptop GPU"),
        (gpu("NVIDIA RTX A1000"), "rtx_laptop", "NVIDIA RTX A1000"),
        (gpu("NVIDIA H200"), "datacenter_gpu", "NVIDIA H200"),
        (gpu("NVIDIA A100-SXM4-80GB"), "datacenter_gpu", "NVIDIA A100-SXM4-80GB"),
        (gpu("Tesla V100-SXM2-16GB"), "datacenter_gpu", "Tesla V100-SXM2-16GB"),
        (gpu("Unknown"), "rtx_laptop", "an NVIDIA GPU of an unknown name"),
        ({"proc/driver/nvidia/version": "NVRM"}, "rtx_laptop", "an NVIDIA GPU of an unknown name"),
    ],
)
def test_the_profile_and_the_reason(machine, files, profile, reason):
    found = detect(machine(files))
    assert found.profile == profile and reason in found.reason


def test_a_jetson_with_a_driver_is_a_jetson(machine):
    root = machine({"proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0", **gpu("Orin")})
    assert detect(root) == Machine("jetson_agx_orin", "the board is NVIDIA Jetson AGX Orin Developer Kit")


def test_the_first_gpu_with_a_name_counts(machine):
    second = {"proc/driver/nvidia/gpus/0000:02:00.0/information": "Model: NVIDIA L40S\n"}
    assert detect(machine({**gpu("Unknown"), **second})).profile == "datacenter_gpu"


def test_the_processor_is_named(machine):
    root = machine(
        {"proc/cpuinfo": "processor\t: 0\nmodel name\t: Fast CPU 9\nprocessor\t: 1\nmodel name\t: Fast CPU 9\n"}
    )
    assert processor(root).startswith(f"Fast CPU 9 ({len(os.sched_getaffinity(0))} core")
    assert os.uname().machine in processor(root / "none")


def test_every_profile_exists_and_holds_allowed_settings(root, machine):
    found = {file.stem: yaml.safe_load(file.read_text()) for file in (root / "config" / "profiles").glob("*.yaml")}
    assert set(found) == {"cpu", "jetson_orin_nano", "jetson_agx_orin", "rtx_laptop", "datacenter_gpu"}
    for content in found.values():
        Settings.from_mapping(content["/**"]["ros__parameters"])
    for file in (root / "config" / "profiles").glob("*.yaml"):
        assert "NOT MEASURED" in file.read_text() or file.stem == "cpu"
