"""Imports run one way, no ROS outside ros/, no torch on the CPU path: read from the source, then tried."""

import ast
import subprocess
import sys

import pytest

ROS = {"rclpy", "sensor_msgs", "std_msgs", "diagnostic_msgs", "stereo_msgs", "rcl_interfaces", "builtin_interfaces",
       "lifecycle_msgs", "vision_msgs", "message_filters", "cv_bridge", "launch", "launch_ros",
       "tf2_ros"}  # fmt: skip
LAYERS = [
    {"types", "labels", "settings", "mailbox", "pairing", "resources", "pool", "damaged", "results", "hardware"}
    | {"scale", "errors", "entry", "plain_values", "files", "label_mapping", "registry", "ranks"},
    {"geometry", "network", "bundle", "render", "metrics", "row_prior", "image_encodings", "messages", "instants"}
    | {
        "bags",
        "bag_files",
        "bag_types",
        "calibration",
        "bag_messages",
        "bag_metadata",
        "bag_storage",
        "topics",
        "camera_topics",
        "bag_topics",
        "message_builder",
        "image_files",
        "sources",
        "datasets",
        "cloud",
        "recorded_labels",
    }
    | {"model_text", "prediction"},
    {"backends", "stereo", "ground", "report", "outputs"},
    {"pipeline", "evaluation", "processes", "testing"},
    {"batch", "demo", "city", "offline", "bench", "quantize"},
    {"export_command", "models_command", "evaluate_command"},
    {"cli", "ros"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
WITH_TORCH = {"network", "backends.torch", "backends.tensorrt"}


def imports_of(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "mt_perception"
                else [node.module]
            )


@pytest.fixture(scope="module")
def modules(root):
    package = root / "mt_perception"
    files = [f for f in package.rglob("*.py") if f != package / "__init__.py"]
    return {".".join(f.relative_to(package).with_suffix("").parts): set(imports_of(f)) for f in files}


def room(name):
    return name.removeprefix("mt_perception.").split(".")[0]


def test_every_room_has_its_place(modules):
    assert {room(name) for name in modules} == set(LEVEL)


def test_imports_run_one_way(modules):
    wrong = [
        f"{name} imports {each}"
        for name, imported in modules.items()
        for each in imported
        if each.startswith("mt_perception.") and LEVEL[room(each)] > LEVEL[room(name)]
    ]
    assert wrong == []


def test_ros_is_imported_in_its_folder_alone(modules):
    outside = {n: i for n, i in modules.items() if room(n) != "ros"}
    assert [n for n, i in outside.items() if {each.split(".")[0] for each in i} & ROS] == []
    assert [n for n, i in outside.items() if any(each.startswith("mt_perception.ros") for each in i)] == []


def test_nothing_imports_training(modules):
    assert [n for n, i in modules.items() if any(each.startswith("mt_perception_training") for each in i)] == []


def test_torch_is_imported_where_it_belongs(modules):
    users = {n for n, i in modules.items() if {each.split(".")[0] for each in i} & {"torch", "torchvision"}}
    assert {n if n.startswith("backends") else room(n) for n in users} <= WITH_TORCH


def test_the_front_door_opens_without_a_room_behind_it():
    """Importing the package imports none of its modules; each name of `__all__` is there when it is asked for."""
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
        "[]", str([True] * 8), "True False False", "module 'mt_perception' has no attribute 'Perceptron'"
    ], result.stderr  # fmt: skip


def test_the_cpu_path_runs_without_torch(bundle, cache_home):
    """The real thing: a prediction in a process in which importing torch, rclpy or training fails."""
    program = f"""
import sys
for name in ("torch", "torchvision", "rclpy", "rosbags", "mt_perception_training", "mujoco"):
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
