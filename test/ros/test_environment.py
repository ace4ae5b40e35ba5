# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the kernel's files and the environment's variables give to ROS, for machines that differ in them."""

import fcntl
import os

import pytest

pytest.importorskip("rclpy")

from mt_perception.ros import environment
from mt_perception.ros.environment import findings, large_images


@pytest.fixture
def kernel(tmp_path):
    """A root with a /dev/shm and a receive buffer of 8 MB."""
    (tmp_path / "dev/shm").mkdir(parents=True)
    (tmp_path / "proc/sys/net/core").mkdir(parents=True)
    (tmp_path / "proc/sys/net/core/rmem_max").write_text("8388608\n")
    return tmp_path


def finding(root, part):
    return next(each for each in findings(root) if each.part == part)


def test_a_buffer_that_holds_a_raw_image_is_enough(kernel):
    assert finding(kernel, "UDP buffer").state == "ok"
    (kernel / "proc/sys/net/core/rmem_max").write_text("212992\n")
    small = finding(kernel, "UDP buffer")
    assert small.state == "note" and "0.2 MB" in small.text and "sysctl -w net.core.rmem_max=" in small.remedy
    (kernel / "proc/sys/net/core/rmem_max").unlink()
    assert "UDP buffer" not in [each.part for each in findings(kernel)], "not told in some containers"


def test_the_shared_memory_of_a_container_is_told_to_be_small(kernel, monkeypatch):
    blocks = os.statvfs(kernel)
    small = os.statvfs_result((4096, 4096, 16384, 16000, 16000, *blocks[5:]))
    monkeypatch.setattr(environment.os, "statvfs", lambda _: small)
    found = finding(kernel, "shared memory")
    assert found.state == "note" and found.text.startswith("67 MB in /dev/shm, 66 of them free")
    assert "--shm-size" in found.remedy


def test_shared_memory_of_ended_nodes_is_what_nobody_holds_a_lock_of(kernel):
    def segment(name, size, *locks):
        (kernel / "dev/shm" / name).write_bytes(bytes(size))
        return [(kernel / "dev/shm" / f"{name}{each}").open("w") for each in locks]

    (held,) = segment("fastrtps_0123456789abcdef", 1_000_000, "_el")
    _, shared = segment("fastrtps_port7400", 2_000_000, "_el", "_sl")
    segment("lttng-ust-wait-6", 4_000_000)
    fcntl.flock(held, fcntl.LOCK_EX)
    fcntl.flock(shared, fcntl.LOCK_SH)
    assert "left" not in finding(kernel, "shared memory").text, "all of it is in use"
    segment("fastrtps_fedcba9876543210", 300_000, "_el")
    segment("fastdds_port7411", 500_000, "_sl")
    (kernel / "dev/shm/fastdds_gone_el").touch()
    found = finding(kernel, "shared memory")
    assert found.state == "note" and found.text.endswith("; nodes that were killed have left 0.8 MB there")
    assert found.remedy == "fastdds shm clean"
    held.close()
    assert "left 1.8 MB" in finding(kernel, "shared memory").text


def test_a_machine_without_shared_memory_is_told(kernel):
    (kernel / "dev/shm").rmdir()
    assert "there is no /dev/shm" in finding(kernel, "shared memory").text


@pytest.mark.parametrize(
    ("variables", "state", "said"),
    [
        ({"ROS_DOMAIN_ID": ""}, "ok", "ROS_DOMAIN_ID 0, range SUBNET"),
        ({"ROS_DOMAIN_ID": "7"}, "ok", "ROS_DOMAIN_ID 7, range SUBNET"),
        ({"ROS_DOMAIN_ID": "seven"}, "note", "number of 0 to 101"),
        ({"ROS_DOMAIN_ID": "150"}, "note", "number of 0 to 101"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}, "note", "unset ROS_AUTOMATIC_DISCOVERY_RANGE"),
        ({"ROS_LOCALHOST_ONLY": "1"}, "note", "unset ROS_LOCALHOST_ONLY"),
    ],
)
def test_who_is_found_depends_on_variables(kernel, monkeypatch, variables, state, said):
    for name in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_LOCALHOST_ONLY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"ROS_DISTRO": "jazzy"} | variables).items():
        monkeypatch.setenv(name, value)
    found = finding(kernel, "discovery")
    assert found.state == state and said in f"{found.text} {found.remedy}"


def test_ros_that_is_sourced_for_another_python_is_told_apart_from_none(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "find_spec", lambda _: None)
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    (ros,) = findings(tmp_path)
    assert ros.state == "missing" and "pip install 'mt_perception[ros-jazzy]'" in ros.remedy
    (tmp_path / "opt/ros/jazzy").mkdir(parents=True)
    (tmp_path / "opt/ros/jazzy/setup.bash").touch()
    (ros,) = findings(tmp_path)
    assert ros.remedy == f"source {tmp_path}/opt/ros/jazzy/setup.bash"
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/opt/ros/jazzy")
    (ros,) = findings(tmp_path)
    assert "not for this Python" in ros.text and "--system-site-packages" in ros.remedy


def test_packages_that_are_missing_are_named_as_apt_knows_them(kernel, monkeypatch):
    absent = ("stereo_msgs", "std_msgs", "vision_msgs")
    monkeypatch.setattr(environment, "find_spec", lambda name: None if name in absent else name)
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/opt/ros/kilted")
    monkeypatch.setenv("ROS_DISTRO", "kilted")
    messages = finding(kernel, "messages")
    assert messages.state == "missing" and messages.remedy == "apt install ros-kilted-stereo-msgs ros-kilted-std-msgs"
    vision = finding(kernel, "vision_msgs")
    assert vision.state == "note" and vision.remedy == "apt install ros-kilted-vision-msgs"


def test_fast_dds_is_told_of_the_file_for_large_images(tmp_path, monkeypatch):
    for name in ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    (found,) = large_images("rmw_fastrtps_cpp")
    assert found.state == "note" and found.remedy.startswith("export FASTRTPS_DEFAULT_PROFILES_FILE=")
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", str(tmp_path / "none.xml"))
    (found,) = large_images("rmw_fastrtps_cpp")
    assert found.state == "note" and "none.xml is no file" in found.text
    (tmp_path / "none.xml").touch()
    assert [each.state for each in large_images("rmw_fastrtps_cpp")] == ["ok"]
    assert large_images("rmw_zenoh_cpp") == []
