# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What all tests share: small models, made once, and images that are wider than high."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import SIZE, enliven, make_image
from hypothesis import settings

from mt_perception.utils.distribution import only_this_machine

pytest.register_assert_rewrite("network_contract", "mt_perception.testing")

# Nobody else's nodes: a domain of this run's own, on this machine only. Before anything imports rclpy.
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ |= only_this_machine()

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

_LONG = (
    "test_training.py", "test_contracts.py", "test_quantize_command.py", "test_onnxruntime.py", "test_compare.py",
    "test_tasks.py", "test_quantize.py", "test_trained_model.py", "test_own_labels.py", "test_bench_node.py",
)  # fmt: skip
"""Files with few tests that take long. They begin first: a process that began one of them last would end alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See `_LONG`; the rest as it was collected."""
    items.sort(key=lambda each: each.path.name not in _LONG)


@pytest.fixture(scope="session")
def cache_home(tmp_path_factory):
    """Compiled graphs of the tests do not mix with the user's."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def lively_network(cache_home):
    """A network whose random weights make it say many things: statistics and last layers are spread out."""
    torch = pytest.importorskip("torch")
    from mt_perception.model.spec import NetworkSpec
    from mt_perception.network.multitask import build_network

    torch.manual_seed(3)
    return enliven(build_network(NetworkSpec(decoder_width=32)), SIZE)


@pytest.fixture(scope="session")
def bundle(lively_network, tmp_path_factory):
    """A complete bundle of `SIZE`."""
    return _written(lively_network, tmp_path_factory.mktemp("models") / "lively", SIZE)


@pytest.fixture(scope="session")
def lively_bundle(cache_home, tmp_path_factory):
    """`lively_bundle(spec)`: a bundle for images of 64x96 whose random weights say many things, made once."""
    torch = pytest.importorskip("torch")
    from mt_perception.network.multitask import build_network

    size, made = (64, 96), {}

    def bundle_of(spec):
        if (key := repr(spec)) not in made:
            torch.manual_seed(3)
            network = enliven(build_network(spec), size, passes=3)
            made[key] = _written(network, tmp_path_factory.mktemp("models") / "model", size)
        return made[key]

    return bundle_of


def _written(network, folder, size):
    from mt_perception.model.card import TrainingCamera
    from mt_perception.model.spec import InputSpec
    from mt_perception.network.export import write_bundle

    facts = {"name": "lively", "trained": False, "training_camera": TrainingCamera(100.0, size[1])}
    return write_bundle(network, folder, facts, InputSpec(width=size[1], height=size[0]))


@pytest.fixture(scope="session")
def rendering():
    """For tests that draw the city, in processes of their own: torch and MuJoCo's OpenGL in one can crash.

    They are skipped, with the packages that are missing, where nothing can draw it.
    """
    pytest.importorskip("mt_city")
    probe = "from mt_city.gl import *; open_context(load_mujoco(), 16, 16).free()"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(done.stderr.strip().splitlines()[-1])


@pytest.fixture
def image() -> np.ndarray:
    """(90, 160, 3) uint8 with structure at several scales."""
    return make_image(90, 160)


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def small_disk(tmp_path):
    """The folder of a file system of 1 MB, which is soon full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"nothing can be mounted here ({error})")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
