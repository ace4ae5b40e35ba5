# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What `lint-imports` cannot see of the imports: the drawing of them, the front door, and the CPU path as it runs."""

import importlib.util
import subprocess
import sys

import pytest

import mt_perception


def test_the_drawing_is_that_of_the_imports(root):
    pytest.importorskip("grimp")
    spec = importlib.util.spec_from_file_location("draw_imports", root / "docs" / "draw_imports.py")
    draw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw)
    assert draw.drawing() in (root / "ARCHITECTURE.md").read_text(), "run: python docs/draw_imports.py --write"


def test_the_top_level_stays_small(root):
    assert len([*(root / "mt_perception").glob("*.py")]) <= 14


def test_the_front_door_opens_without_a_room_behind_it():
    """Importing the package imports none of its modules; each name of `__all__` is there when it is requested."""
    program = """
import sys
import mt_perception
print([name for name in sys.modules if name.startswith("mt_perception.") or name in ("numpy", "cv2", "openvino")])
from mt_perception import *
print([getattr(mt_perception, name) is globals()[name] for name in mt_perception.__all__])
print(set(mt_perception.__all__) <= set(dir(mt_perception)), "rclpy" in sys.modules, "torch" in sys.modules)
try:
    mt_perception.Perceptron
except AttributeError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert result.stdout.splitlines() == [
        "[]", str([True] * 10), "True False False", "module 'mt_perception' has no attribute 'Perceptron'"
    ], result.stderr  # fmt: skip


def test_former_names_are_the_new_ones_and_say_so():
    for former, name in (("CameraModel", "Camera"), ("MtPerceptionError", "Error")):
        with pytest.warns(DeprecationWarning, match=f"{former} is now mt_perception.{name}"):
            assert getattr(mt_perception, former) is getattr(mt_perception, name)


def test_the_cpu_path_runs_without_torch(bundle, cache_home):
    """The real thing: a prediction in a process in which importing torch, rclpy or training fails."""
    program = f"""
import sys
for name in ("torch", "torchvision", "rclpy", "rosbags", "mt_perception_training", "mt_city", "mujoco"):
    sys.modules[name] = None
import numpy as np
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.types import Frame
perceiver = Perceiver.open(Settings(model={str(bundle.folder)!r}, backend="openvino"))
print(perceiver(Frame(np.zeros((50, 80, 3), np.uint8))).size)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "(50, 80)", result.stderr
