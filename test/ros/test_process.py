"""A node's process ends well however often it is told to end."""

import random
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

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
    assert (process.returncode, errors) == (0, "")
