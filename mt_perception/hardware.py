"""What machine this is, found in the files of the kernel: no driver or vendor's library is asked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
DATACENTER = ("tesla", "a100", "a10", "a16", "a30", "a40", "h100", "h200", "h800", "gh200", "b100", "b200", "gb200",
              "l4", "l20", "l40", "l40s", "t4", "v100", "p100", "p4", "p40")  # fmt: skip


@dataclass(frozen=True)
class Machine:
    """The profile of `config/profiles` that fits, and why, in words."""

    profile: str
    reason: str


def detect(root: Path = ROOT) -> Machine:
    """The profile for the machine whose file system lies at `root`."""
    board = _text(root / "proc/device-tree/model")
    if "jetson" in board.lower() or "orin" in board.lower():
        profile = "jetson_agx_orin" if "agx orin" in board.lower() else "jetson_orin_nano"
        return Machine(profile, f"the board is {board}")
    if (root / "proc/driver/nvidia/version").is_file():
        names = [_gpu_name(file) for file in sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))]
        name = next(filter(None, names), "")
        words = name.lower().replace("-", " ").split()
        profile = "datacenter_gpu" if any(word in DATACENTER for word in words) else "rtx_laptop"
        return Machine(profile, f"there is a GPU, {name}" if name else "there is an NVIDIA GPU of an unknown name")
    return Machine("cpu", "there is no NVIDIA GPU")


def processor(root: Path = ROOT) -> str:
    """The CPU's name and the number of cores that this process may use."""
    lines = _text(root / "proc/cpuinfo").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cores = usable_cores()
    return f"{names[0] if names else os.uname().machine} ({cores} core{'s' if cores > 1 else ''})"


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def status_kb(pid: int | str, name: str) -> int:
    """What Linux says of a process (`self`: this one) under VmRSS, its resident memory, or VmHWM, the peak of that."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.split(f"{name}:")[1].split()[0])


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
