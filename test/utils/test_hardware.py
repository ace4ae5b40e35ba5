# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Profiles and limits by what the kernel's files say, in real directory trees."""

import os
import shutil
import subprocess
import sys

import pytest
import yaml

from mt_perception.settings import Settings
from mt_perception.utils import gpus, hardware
from mt_perception.utils.hardware import (
    computes_bf16,
    detect,
    instruction_sets,
    limited_threads,
    machine_facts,
    machine_line,
    processor,
    resident_mb,
    usable_cores,
)


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
        ({"proc/device-tree/model": "NVIDIA Jetson Xavier NX\0"}, "jetson_orin_nano", "Xavier NX"),
        ({"proc/device-tree/model": "NVIDIA Jetson AGX Thor Developer Kit\0"}, "jetson_agx_thor", "AGX Thor"),
        ({"proc/device-tree/model": "NVIDIA Jetson Thor T5000\0"}, "jetson_agx_thor", "T5000"),
        ({"proc/device-tree/model": "Thor96 Board\0"}, "cpu", "there is no NVIDIA GPU"),
        (gpu("NVIDIA GeForce RTX 3060 Laptop GPU"), "rtx_laptop", "NVIDIA GeForce RTX 3060 Laptop GPU"),
        (gpu("NVIDIA RTX A1000"), "rtx_laptop", "NVIDIA RTX A1000"),
        (gpu("NVIDIA RTX 6000 Ada Generation"), "rtx_laptop", "NVIDIA RTX 6000 Ada Generation"),
        (gpu("NVIDIA RTX PRO 6000 Blackwell"), "rtx_laptop", "NVIDIA RTX PRO 6000 Blackwell"),
        (gpu("NVIDIA T1000 8GB"), "rtx_laptop", "NVIDIA T1000 8GB"),
        (gpu("NVIDIA H200"), "datacenter_gpu", "NVIDIA H200"),
        (gpu("NVIDIA B300"), "datacenter_gpu", "NVIDIA B300"),
        (gpu("NVIDIA GB300"), "datacenter_gpu", "NVIDIA GB300"),
        (gpu("NVIDIA GB10"), "datacenter_gpu", "NVIDIA GB10"),
        (gpu("NVIDIA GH200 480GB"), "datacenter_gpu", "NVIDIA GH200 480GB"),
        (gpu("NVIDIA A10G"), "datacenter_gpu", "NVIDIA A10G"),
        (gpu("NVIDIA L40S"), "datacenter_gpu", "NVIDIA L40S"),
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
    reason = (
        "the board is NVIDIA Jetson AGX Orin Developer Kit (compute capability 8.7, memory shared with the processor"
    )
    found = detect(root)
    assert found.profile == "jetson_agx_orin" and found.reason.startswith(reason)


@pytest.mark.parametrize(("gigabytes", "profile"), [(8, "jetson_orin_nano"), (32, "jetson_agx_orin")])
def test_memory_tells_what_an_orin_on_a_strange_carrier_board_is(machine, gigabytes, profile):
    files = {
        "proc/device-tree/model": "Jetson Orin on ACME 5\0",
        "proc/meminfo": f"MemTotal: {gigabytes * 1000000} kB\n",
    }
    assert detect(machine(files)).profile == profile


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA GeForce RTX 2060", 7.5),
        ("NVIDIA GeForce RTX 3060 Laptop GPU", 8.6),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", 8.9),
        ("NVIDIA GeForce RTX 5090", 12.0),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", 12.0),
        ("NVIDIA RTX 6000 Ada Generation", 8.9),
        ("NVIDIA RTX A1000", 8.6),
        ("Quadro RTX 4000", 7.5),
        ("NVIDIA T1000 8GB", 7.5),
        ("Tesla T4", 7.5),
        ("Tesla V100-SXM2-16GB", 7.0),
        ("NVIDIA A100-SXM4-80GB", 8.0),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", 8.0),
        ("NVIDIA A10G", 8.6),
        ("NVIDIA L40S", 8.9),
        ("NVIDIA H100 80GB HBM3", 9.0),
        ("NVIDIA GH200 480GB", 9.0),
        ("NVIDIA B200", 10.0),
        ("NVIDIA GB300", 10.3),
        ("NVIDIA GB10", 12.1),
    ],
)
def test_the_compute_capability_by_name(name, capability):
    assert gpus.card(name).capability == capability


@pytest.mark.parametrize(
    ("model", "capability"),
    [
        ("NVIDIA Jetson AGX Thor Developer Kit", 11.0),
        ("NVIDIA Jetson Orin NX Engineering Reference Developer Kit", 8.7),
        ("NVIDIA Jetson AGX Xavier Developer Kit", 7.2),
        ("Jetson-AGX", 7.2),
        ("NVIDIA Jetson Nano Developer Kit", 5.3),
    ],
)
def test_the_compute_capability_of_a_board(model, capability):
    assert gpus.board(model, None).capability == capability


def test_what_is_too_old_or_has_no_engines_is_said(machine):
    assert "older than today's libraries run on, which is 7.5" in detect(machine(gpu("Tesla V100-SXM2-16GB"))).reason
    assert "TensorRT for RTX has no engines for it, TensorRT has" in detect(machine(gpu("NVIDIA H200"))).reason
    assert "of which nothing is known" in detect(machine(gpu("NVIDIA Z9999"))).reason


def test_the_first_gpu_with_a_name_counts(machine):
    second = {"proc/driver/nvidia/gpus/0000:02:00.0/information": "Model: NVIDIA L40S\n"}
    assert detect(machine({**gpu("Unknown"), **second})).profile == "datacenter_gpu"
    two = detect(machine({**gpu("NVIDIA GeForce RTX 4090"), **second}))
    assert two.profile == "rtx_laptop" and two.reason.endswith("the first of 2, device takes another")


V2_DOCKER = {"proc/self/cgroup": "0::/\n"}
V2_SLICE = {"proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope\n"}
V1_DOCKER = {"proc/self/cgroup": "9:cpuset:/docker/6f1\n4:cpu,cpuacct:/docker/6f1\n1:name=systemd:/a\n0::/b\n"}


def v1_quota(quota_us: int, period_us: int, controller: str = "cpu") -> dict[str, str]:
    folder = f"sys/fs/cgroup/{controller}"
    return {f"{folder}/cpu.cfs_quota_us": f"{quota_us}\n", f"{folder}/cpu.cfs_period_us": f"{period_us}\n"}


def cpuinfo(flags: str, name: str = "Fast CPU 9") -> dict[str, str]:
    one = f"processor\t: 0\nmodel name\t: {name}\nflags\t\t: {flags}\nbugs\t\t: spectre_v1\n\n"
    return {"proc/cpuinfo": one + one.replace(": 0", ": 1")}


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({**V2_DOCKER, "sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        ({**V2_DOCKER, "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        ({**V2_DOCKER, "sys/fs/cgroup/cpu.max": "20000 100000\n"}, 1),
        ({**V2_DOCKER, "sys/fs/cgroup/cpu.max": "1600000 100000\n"}, 8),
        ({**V2_SLICE, "sys/fs/cgroup/user.slice/cpu.max": "300000 100000\n"}, 3),
        (
            {
                **V2_SLICE,
                "sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope/cpu.max": "max 100000\n",
                "sys/fs/cgroup/user.slice/user-1000.slice/cpu.max": "400000 100000\n",
                "sys/fs/cgroup/user.slice/cpu.max": "500000 100000\n",
            },
            4,
        ),
        # in a container of version 1 the path is that of the host, and what it would lead to lies at the top
        (V1_DOCKER | v1_quota(-1, 100_000), 8),
        (V1_DOCKER | v1_quota(50_000, 25_000), 2),
        (V1_DOCKER | v1_quota(50_000, 100_000, "cpu/docker/6f1"), 1),
        (V1_DOCKER | v1_quota(50_000, 25_000, "cpuset"), 8),
    ],
)  # fmt: skip
def test_a_containers_quota_counts_as_cores(machine, monkeypatch, files, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    root = machine(files)
    assert usable_cores(root) == cores
    assert limited_threads(root) == (0 if cores == 8 else cores)  # libraries know of the other limits themselves


def test_cores_that_a_process_may_not_use_do_not_count():
    one = min(os.sched_getaffinity(0))
    tie = f"import os; os.sched_setaffinity(0, [{one}])"
    program = f"{tie}\nfrom mt_perception.utils.hardware import *; print(usable_cores())"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "1\n"


def test_where_processes_are_not_tied_to_cores_all_count(machine, monkeypatch):
    """macOS has no `sched_getaffinity`."""
    monkeypatch.delattr(os, "sched_getaffinity")
    assert usable_cores(machine({})) == os.cpu_count()


@pytest.mark.parametrize(
    ("flags", "native"),
    [
        ("fpu sse2 avx avx2 fma f16c", False),
        ("fpu avx2 avx512f avx512bw avx512vl avx512_vnni", False),
        ("fpu avx2 avx_vnni avx_ne_convert", False),  # converts, and multiplies in fp32
        ("fpu avx2 avx512f avx512_vnni avx512_bf16", True),
        ("fpu avx2 avx512f amx_tile amx_bf16 amx_int8", True),
    ],
)
def test_which_processors_compute_bfloat16(machine, flags, native):
    assert computes_bf16(machine(cpuinfo(flags))) is native


def test_the_processor_is_named_with_its_limits(machine, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2}, raising=False)
    assert processor(machine(cpuinfo("avx512_bf16"))) == "Fast CPU 9 (3 cores, native bfloat16)"
    assert processor(machine(cpuinfo("avx2"))) == "Fast CPU 9 (3 cores, no native bfloat16)"
    quota = {**V2_DOCKER, "sys/fs/cgroup/cpu.max": "50000 100000\n"}
    expected = "Fast CPU 9 (1 core of 3, since the container's quota is 0.5, native bfloat16)"
    assert processor(machine(cpuinfo("amx_bf16") | quota)) == expected
    assert os.uname().machine in processor(machine({}) / "none")


def test_a_measurement_tells_the_machine_and_what_else_it_did(machine):
    governor = {"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n"}
    facts = machine_facts(machine(cpuinfo("avx2") | governor))
    assert (facts["governor"], facts["instruction_sets"]) == ("powersave", ["avx2"])
    assert machine_line(facts).endswith(f"avx2, load {facts['load']} at the start, governor powersave")
    assert machine_facts(machine({}) / "none")["governor"] == "not told"


def test_memory_is_in_megabytes_whatever_a_page_is(monkeypatch):
    with open("/proc/self/statm") as file:
        expected = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    assert resident_mb() == pytest.approx(expected, rel=0.05)
    assert resident_mb(os.getpid()) == pytest.approx(expected, rel=0.05)


def test_memory_is_known_without_proc(monkeypatch):
    def nothing(pid, name):
        raise FileNotFoundError

    expected = resident_mb()
    monkeypatch.setattr(hardware, "status_kb", nothing)
    if not shutil.which("ps"):
        pytest.skip("there is no ps here")
    assert resident_mb() == pytest.approx(expected, rel=0.1)


def test_every_profile_exists_and_holds_allowed_settings(root, machine):
    found = {file.stem: yaml.safe_load(file.read_text()) for file in (root / "config" / "profiles").glob("*.yaml")}
    boards = {"jetson_orin_nano", "jetson_agx_orin", "jetson_agx_thor"}
    assert set(found) == {"cpu", "rtx_laptop", "datacenter_gpu"} | boards
    for content in found.values():
        Settings.from_mapping(content["/**"]["ros__parameters"])
    for file in (root / "config" / "profiles").glob("*.yaml"):
        assert "NOT MEASURED" in file.read_text() or file.stem == "cpu"


def test_the_instruction_sets_that_matter_are_named_for_both_kinds_of_processor(machine):
    assert instruction_sets(machine({})) == []
    x86 = machine({"proc/cpuinfo": "processor : 0\nflags\t\t: fpu amx_int8 avx2 sse4_2 avx512f\n"})
    assert instruction_sets(x86) == ["avx2", "avx512f", "amx_int8"]
    arm = machine({"proc/cpuinfo": "processor : 0\nFeatures\t: fp asimd i8mm\n"})
    assert instruction_sets(arm) == ["asimd", "i8mm"]
