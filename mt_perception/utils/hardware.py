# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What machine this is and what it cannot do, found in the files of the kernel: no vendor's library is asked."""

from __future__ import annotations

import math
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt_perception.utils import gpus

ROOT = Path("/")
_INSTRUCTIONS = (
    "avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8",
    "asimd", "asimddp", "i8mm", "bf16", "sve",
)  # fmt: skip
_NATIVE_BF16 = {"avx512_bf16", "amx_bf16"}
"""Flags of processors that multiply bfloat16; others emulate it, and are slower in it than in fp32."""
# one that the table does not know: a server's chip is named by its letter and number alone, and the next one will be
_DATACENTER = re.compile(r"tesla|g?[bhr]\d{2,3}|[alt]\d{1,3}[a-z]?", re.IGNORECASE)


@dataclass(frozen=True)
class Machine:
    """The profile of `config/profiles` that fits, and why, in words."""

    profile: str
    reason: str


def detect(root: Path = ROOT) -> Machine:
    """The profile for the machine whose file system lies at `root`."""
    board = _text(root / "proc/device-tree/model")
    if re.search("jetson|orin|nvidia.*thor", board, re.IGNORECASE):
        chip = gpus.board(board, memory_gb(root))
        return Machine(chip.profile, f"the board is {board} ({chip.facts})")
    if (root / "proc/driver/nvidia/version").is_file():
        names = [_gpu_name(file) for file in sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))]
        return _by_card(list(filter(None, names)))
    return Machine("cpu", "there is no NVIDIA GPU")


def _by_card(names: list[str]) -> Machine:
    """The first GPU decides: it is the one in use, unless the setting `device` names another."""
    if not names:
        return Machine("rtx_laptop", "there is an NVIDIA GPU of an unknown name")
    more = f"; the first of {len(names)}, device takes another" if len(names) > 1 else ""
    if known := gpus.card(names[0]):
        return Machine(known.profile, f"there is a GPU, {names[0]} ({known.facts}){more}")
    words = names[0].lower().replace("-", " ").split()
    profile = "datacenter_gpu" if any(map(_DATACENTER.fullmatch, words)) else "rtx_laptop"
    return Machine(profile, f"there is a GPU, {names[0]}, of which nothing is known{more}")


def memory_gb(root: Path = ROOT) -> float | None:
    """The processor's memory in GB; None where the kernel does not tell."""
    for line in _text(root / "proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024 / 1e9
    return None


def processor(root: Path = ROOT) -> str:
    """The CPU's name, how many cores this process may use, and what else it cannot do, in one line."""
    name = _cpuinfo(root, "model name") or os.uname().machine
    used = usable_cores(root)
    cores = f"{used} core{'s' if used > 1 else ''}"
    if limited_threads(root):
        cores += f" of {_allowed_cores()}, since the container's quota is {_quota(root):.4g}"
    return f"{name} ({cores}, {'' if computes_bf16(root) else 'no '}native bfloat16)"


def computes_bf16(root: Path = ROOT) -> bool:
    """Whether the CPU multiplies bfloat16 itself, as far as that is known."""
    return bool(_NATIVE_BF16 & set(_cpuinfo(root, "flags").split()))


def machine_facts(root: Path = ROOT) -> dict[str, str | float | list[str]]:
    """What a measurement should tell of the machine, and what it was doing: for its JSON, and for `machine_line`."""
    governor = _text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return {
        "processor": processor(root),
        "instruction_sets": instruction_sets(root),
        "load": round(os.getloadavg()[0], 1),
        "governor": governor or "not told",
    }


def machine_line(facts: Mapping[str, Any]) -> str:
    """The same for people."""
    sets = " ".join(facts["instruction_sets"]) or "instruction sets not told"
    return f"on {facts['processor']}, {sets}, load {facts['load']} at the start, governor {facts['governor']}"


def instruction_sets(root: Path = ROOT) -> list[str]:
    """Those of the CPU that decide how quick a network is, as Linux calls them; empty where that is not told."""
    flags = {*_cpuinfo(root, "flags").split(), *_cpuinfo(root, "Features").split()}  # of x86, and of ARM
    return [each for each in _INSTRUCTIONS if each in flags]


def usable_cores(root: Path = ROOT) -> int:
    """How many cores this process may keep busy: those it is tied to, or fewer where a container has a quota."""
    return max(1, min(_allowed_cores(), math.ceil(min(_quota(root), 1e6))))


def limited_threads(root: Path = ROOT) -> int:
    """`usable_cores` for a library that counts cores itself and sees no quota; 0 where there is none to see."""
    return cores if (cores := usable_cores(root)) < _allowed_cores() else 0


def _allowed_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS ties no process to cores


def _quota(root: Path) -> float:
    """How many processors' time the control groups of this process grant; infinite without a limit."""
    return min((quota / period for quota, period in _quotas(root) if quota > 0), default=math.inf)


def _quotas(root: Path) -> Iterator[tuple[float, float]]:
    """(quota, period) of the groups that this process is in, from its own to the outermost that can be seen."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
        own = top / group.strip("/")
        for folder in (own, *own.parents):
            files = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
            values = " ".join(_text(folder / file) for file in files).replace("max", "-1").split()
            if len(values) == 2:
                yield float(values[0]), float(values[1])
            if folder == top:
                break


def resident_mb(pid: int | str = "self") -> float:
    """Resident memory of a process (`self`: this one) in megabytes."""
    try:
        return status_kb(pid, "VmRSS") * 1024 / 1e6
    except FileNotFoundError:  # no Linux
        command = ["ps", "-o", "rss=", "-p", str(os.getpid() if pid == "self" else pid)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) * 1024 / 1e6


def status_kb(pid: int | str, name: str) -> int:
    """What Linux says of a process (`self`: this one) under VmRSS, its resident memory, or VmHWM, the peak of that."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.split(f"{name}:")[1].split()[0])


def _cpuinfo(root: Path, key: str) -> str:
    """What the first processor of /proc/cpuinfo says under `key`; empty where it says nothing of it."""
    for line in _text(root / "proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _gpu_name(file: Path) -> str:
    """`Model:  NVIDIA GeForce RTX 3060 Laptop GPU` -> the name; empty where the driver does not know it."""
    for line in _text(file).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "Model" and value.strip().lower() != "unknown":
            return value.strip()
    return ""


def _text(file: Path) -> str:
    """What a file of the kernel says, which may end in a zero; empty when there is none."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip("\0 \n")
    except OSError:
        return ""
