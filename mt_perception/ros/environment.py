# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the machine and the environment's variables give to ROS 2, found without importing it."""

from __future__ import annotations

import fcntl
import os
from importlib.util import find_spec
from pathlib import Path

from mt_perception.utils.distribution import FASTDDS_PROFILES, discovery_range, distribution, fastdds_profiles
from mt_perception.utils.finding import Finding
from mt_perception.utils.hardware import ROOT
from mt_perception.utils.resources import share_folder

_MESSAGES = (
    "sensor_msgs", "stereo_msgs", "std_msgs", "diagnostic_msgs",
    "lifecycle_msgs", "rcl_interfaces", "builtin_interfaces",
)  # fmt: skip
_HD_IMAGE_BYTES = 1920 * 1080 * 3
_ENOUGH_SHARED_BYTES = 256e6  # eight processes with the segments of config/fastdds.xml
_LAST_DOMAIN = 101  # Linux gives the ports of those above to any program that asks for one


def findings(root: Path = ROOT) -> list[Finding]:
    """What does not need a running node; `root` holds the kernel's files. Without ROS that alone."""
    ros = _ros(root)
    if ros.state == "missing":
        return [ros]
    return [ros, *_packages(), _discovery(), _shared_memory(root), *_receive_buffer(root)]


def large_images(rmw: str) -> list[Finding]:
    """Whether Fast DDS, where it is the middleware, has shared memory that holds an image."""
    if "fastrtps" not in rmw:
        return []
    remedy = f"export {fastdds_profiles()}={share_folder() / 'config' / 'fastdds.xml'}, for all nodes with images"
    file = next((os.environ[each] for each in FASTDDS_PROFILES if os.environ.get(each)), "")
    if not file:
        text = "Fast DDS sends those of more than 0.5 MB in pieces, of which a best-effort subscriber loses some"
        return [Finding("large images", "note", text, remedy)]
    if not Path(file).is_file():
        return [Finding("large images", "note", f"{file} is no file", remedy)]
    return [Finding("large images", "ok", file)]


def _ros(root: Path) -> Finding:
    name = distribution()
    sourced = bool(os.environ.get("AMENT_PREFIX_PATH"))
    if find_spec("rclpy"):
        return Finding(
            "ROS 2", "ok", f"{name or 'of an unknown distribution'}{'' if sourced else ', as Python wheels'}"
        )
    if sourced:
        text = f"{name} is sourced, but its rclpy is not for this Python"
        return Finding("ROS 2", "missing", text, "use /usr/bin/python3, or python3 -m venv --system-site-packages")
    found = sorted(root.glob("opt/ros/*/setup.bash"))
    remedy = (
        f"source {found[-1]}" if found else "pip install 'mt_perception[ros-jazzy]', or install ROS 2 and source it"
    )
    text = "not sourced" if found else "not installed"
    return Finding("ROS 2", "missing", f"{text}; run, bag, evaluate and the library work without", remedy)


def _packages() -> list[Finding]:
    """The ROS packages beside rclpy."""
    found = []
    if missing := [each for each in _MESSAGES if not find_spec(each)]:
        found.append(Finding("messages", "missing", ", ".join(missing), _install(*missing)))
    if not find_spec("launch_ros"):
        text = "not installed: no launch files, but perception_node starts by itself"
        found.append(Finding("ros2 launch", "note", text, _install("ros2launch")))
    if not find_spec("vision_msgs"):
        found.append(
            Finding("vision_msgs", "note", "not installed: no segmentation/label_info", _install("vision_msgs"))
        )
    return found


def _install(*packages: str) -> str:
    if not os.environ.get("AMENT_PREFIX_PATH"):
        return "install ROS 2 itself, and source it: not all of it comes as Python wheels"
    prefix = f"ros-{distribution() or '$ROS_DISTRO'}-"
    return " ".join(["apt install", *(prefix + each.replace("_", "-") for each in packages)])


def _discovery() -> Finding:
    domain = os.environ.get("ROS_DOMAIN_ID") or "0"
    reach, variable = discovery_range()
    text = f"ROS_DOMAIN_ID {domain}, range {reach}"
    if not domain.isdecimal() or int(domain) > _LAST_DOMAIN:
        return Finding("discovery", "note", text, f"export ROS_DOMAIN_ID with a number of 0 to {_LAST_DOMAIN}")
    if reach in ("LOCALHOST", "OFF"):
        return Finding("discovery", "note", f"{text}: cameras of other machines are not seen", f"unset {variable}")
    return Finding("discovery", "ok", text)


def _shared_memory(root: Path) -> Finding:
    try:
        disk = os.statvfs(root / "dev/shm")
    except OSError:
        return Finding("shared memory", "note", "there is no /dev/shm: images go through sockets")
    size, free = disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize
    text = f"{size / 1e6:.0f} MB in /dev/shm, {free / 1e6:.0f} of them free"
    if left := _bytes_of_ended_nodes(root / "dev/shm"):
        text += f"; nodes that were killed have left {left / 1e6:.1f} MB there"
        return Finding("shared memory", "note", text, "fastdds shm clean")
    if free >= _ENOUGH_SHARED_BYTES:
        return Finding("shared memory", "ok", text)
    remedy = "in a container: docker run --shm-size 1g, or --ipc host; else remove what other programs left there"
    return Finding("shared memory", "note", f"{text}: little for images", remedy)


def _bytes_of_ended_nodes(folder: Path) -> int:
    """Those of Fast DDS's segments there of which no process holds a lock (`_el`, or `_sl` where several share one)."""
    locks = [*folder.glob("fast*_el"), *folder.glob("fast*_sl")]
    held = {each.name[:-3] for each in locks if _is_held(each)}
    names = {each.name[:-3] for each in locks} - held
    return sum((folder / name).stat().st_size for name in names if (folder / name).is_file())


def _is_held(lock: Path) -> bool:
    """Also where that cannot be told: the file is another user's, or has just gone."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free again as the file is closed
    except OSError:
        return True
    return False


def _receive_buffer(root: Path) -> list[Finding]:
    """That of UDP, through which images of other machines come; nothing where the kernel does not tell."""
    try:
        size = int((root / "proc/sys/net/core/rmem_max").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return []
    text = f"net.core.rmem_max is {size / 1e6:.1f} MB"
    if size >= _HD_IMAGE_BYTES:
        return [Finding("UDP buffer", "ok", text)]
    text += f", less than a raw image of 1920x1080 ({_HD_IMAGE_BYTES / 1e6:.1f} MB): those of other machines get lost"
    return [Finding("UDP buffer", "note", text, "sudo sysctl -w net.core.rmem_max=16777216")]
