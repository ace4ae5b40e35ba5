# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A node's process ends well however often it is told to end."""

import gc
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

rclpy = pytest.importorskip("rclpy", reason="needs rclpy")

from mt_perception.ros.process import _Executor

PROGRAM = """
import sys
from rclpy.node import Node
from mt_perception.ros.process import run_node

def make_node():
    node = Node("restless")
    node.create_timer(0.1, lambda: print("ready", flush=True))  # it spins
    return node

sys.exit(run_node(make_node))
"""


PYTHONS_OWN = re.compile(
    r"Exception ignored in: .*\n(Traceback .*\n( .*\n)*)?OSError: Signal \d+ ignored due to race condition\n"
)
"""What CPython says of a signal that comes in the very moment in which signals begin to be ignored."""


@pytest.mark.parametrize("seed", range(3))
def test_many_signals_are_one(seed):
    rng = random.Random(seed)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    while process.poll() is None:  # until it is gone: at every moment of its ending
        process.send_signal(rng.choice((signal.SIGINT, signal.SIGTERM)))
        time.sleep(rng.random() * 0.002)
    _, errors = process.communicate()
    assert (process.returncode, PYTHONS_OWN.sub("", errors)) == (0, "")


def test_a_thread_that_is_busy_for_long_is_not_waited_for_and_what_is_to_be_tidied_is():
    busy = """import atexit, gc, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
atexit.register(print, "tidied")
"""
    managed = PROGRAM.replace("rclpy.node import Node", "rclpy.lifecycle import LifecycleNode as Node")
    frozen = managed.replace("    return node", "    gc.freeze()  # as the node does with its model\n    return node")
    process = subprocess.Popen(
        [sys.executable, "-c", busy + frozen], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    files = [Path(os.readlink(each)) for each in Path(f"/proc/{process.pid}/fd").iterdir()]
    shared = [each for each in files if re.fullmatch(r"/dev/shm/fast(rtps|dds)_[0-9a-f]{16}_el", str(each))]
    assert shared or "fastrtps" not in rclpy.get_rmw_implementation_identifier()
    process.send_signal(signal.SIGTERM)
    said, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "") and said.splitlines()[-1] == "tidied"
    assert not any(each.exists() for each in shared), "of its shared memory"


def test_an_executor_that_a_signal_left_half_made_is_freed_without_a_word(ros, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    said = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    monkeypatch.setattr(rclpy.executors, "GuardCondition", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _Executor()
    gc.collect()
    assert said == []


BROKEN = "a: ["  # no YAML
OUTSIDE = {
    "a domain that is no number": ({"ROS_DOMAIN_ID": "abc"}, (), "ROS_DOMAIN_ID is not an integral number"),
    "a keystore that is missing": (
        {"ROS_SECURITY_ENABLE": "true", "ROS_SECURITY_STRATEGY": "Enforce", "ROS_SECURITY_KEYSTORE": "/nowhere"},
        (),
        "SECURITY ERROR: directory '/nowhere/enclaves' does not exist",
    ),
    "a parameter file that is missing": ({}, ("--params-file", "/nowhere.yaml"), "Error opening YAML file"),
    "a parameter file that is none": ({}, ("--params-file", "FILE"), "Sequences can only be values"),
    "a remapping that is none": ({}, ("-r", "x"), "Couldn't parse remap rule: '-r x'"),
    "a log folder that cannot be made": (
        {"ROS_LOG_DIR": "/proc/none"},
        (),
        "Failed to create log directory '/proc/none': 2; set ROS_LOG_DIR to a folder that can be written",
    ),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_rcl_refuses_ends_with_one_sentence_and_status_1(name, tmp_path):
    environment, arguments, said = OUTSIDE[name]
    file = tmp_path / "broken.yaml"
    file.write_text(BROKEN)
    arguments = [str(file) if each == "FILE" else each for each in arguments]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *(["--ros-args", *arguments] if arguments else [])],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    ours = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert ended.returncode == 1 and len(ours) == 1 and said in ours[0], ended.stderr
    assert "Traceback" not in ended.stderr and ".c:" not in ours[0] and ".cpp:" not in ours[0]


def test_a_parameter_of_another_type_ends_with_one_sentence_and_status_1():
    program = "import sys; from mt_perception.ros.recorder import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", program, "--ros-args", "-p", "output:=5"], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert ended.stderr.startswith("error: ") and "output" in ended.stderr and "STRING" in ended.stderr


@pytest.mark.parametrize("name", ["node", "player", "recorder", "city"])
def test_every_node_says_so(name):
    program = f"import sys; from mt_perception.ros.{name} import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "ROS_DOMAIN_ID": "abc"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert ended.stderr == "error: failed to initialize rcl: ROS_DOMAIN_ID is not an integral number\n"
