# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""nav2.launch.py with the real `ros2 launch`; programs that note how they were started stand in for Nav2's."""

import os
import shutil
import signal
from importlib.util import find_spec, module_from_spec, spec_from_file_location

import pytest
import yaml

pytest.importorskip("rclpy")
pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with a ROS installation")

from launch_ros.actions import Node
from nodes import Probe, launched

from launch import LaunchContext

pytestmark = pytest.mark.skipif(shutil.which("ros2") is None, reason="the ros2 command is not installed")
NAV2 = {"nav2_costmap_2d": "nav2_costmap_2d", "nav2_lifecycle_manager": "lifecycle_manager"}
NOTES = """#!/bin/sh
for each; do case "$each" in *launch_params*) cp "$each" "$0.yaml";; esac; done
echo "$@" > "$0.unfinished"
mv "$0.unfinished" "$0.arguments"
trap "exit 0" INT TERM
while :; do sleep 0.1; done
"""


@pytest.fixture
def nav2(tmp_path, monkeypatch):
    """Installs the stand-ins; the folder below which each lies as `PACKAGE/PROGRAM`, with what it noted beside it."""
    index = tmp_path / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    for package, program in NAV2.items():
        (index / package).touch()
        file = tmp_path / "lib" / package / program
        file.parent.mkdir(parents=True)
        file.write_text(NOTES)
        file.chmod(0o755)
    prefixes = filter(None, [str(tmp_path), os.getenv("AMENT_PREFIX_PATH")])
    monkeypatch.setenv("AMENT_PREFIX_PATH", os.pathsep.join(prefixes))
    return tmp_path / "lib"


@pytest.fixture
def file(root):
    """The launch file as a module."""
    spec = spec_from_file_location("nav2_launch", root / "launch" / "nav2.launch.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked(**arguments):
    """Launch arguments as the file reads them."""
    defaults = dict.fromkeys(("nav2_params_file", "model", "cameras", "namespace"), "")
    return {**defaults, "layer": "voxel", "global_frame": "odom", "robot_base_frame": "base_link", **arguments}


def nodes_of(actions):
    """Full names of the nodes among launch actions, by the programs that they run."""
    nodes = [each for each in actions if isinstance(each, Node)]
    for each in nodes:
        each._perform_substitutions(LaunchContext())
    return {each.node_executable: each.node_name for each in nodes}


@pytest.mark.parametrize(
    ("distribution", "costmap", "manager"),
    [("humble", "/costmap/costmap", "/"), ("jazzy", "/rover/local_costmap/local_costmap", "/rover/")],
)
def test_the_costmap_has_the_name_that_its_program_takes(file, nav2, monkeypatch, distribution, costmap, manager):
    """Else its parameters are another's, and nobody activates it."""
    monkeypatch.setenv("ROS_DISTRO", distribution)
    context = LaunchContext()
    context.launch_configurations.update(asked(namespace="rover"))
    names = nodes_of(file.start_costmap(context))
    assert names == {"nav2_costmap_2d": costmap, "lifecycle_manager": f"{manager}lifecycle_manager_costmap"}


def test_one_command_starts_costmap_manager_and_node(nav2, bundle, start):
    notes = [nav2 / package / program for package, program in NAV2.items()]
    rover = start.namespace
    launch = launched("nav2.launch.py", f"model:={bundle.folder}", "precision:=fp32", f"namespace:={rover}")
    probe = Probe(rover)
    try:
        probe.until(lambda: probe.count_publishers(f"{rover}/obstacles"), 40)
        probe.until(lambda: all(each.with_name(f"{each.name}.arguments").exists() for each in notes))
    finally:
        os.killpg(launch.pid, signal.SIGINT)
        said, _ = launch.communicate(timeout=20)
        probe.destroy_node()
    assert launch.returncode == 0 and said.count("process has finished cleanly") == 3, said
    texts = (each.with_name(f"{each.name}.yaml").read_text() for each in notes)
    costmap, manager = (yaml.safe_load(text.replace("!!python/tuple", "")) for text in texts)  # tags that rcl ignores
    values = costmap[f"{rover}/local_costmap/local_costmap"]["ros__parameters"]
    assert values["voxel_layer.obstacles.topic"] == f"{rover}/obstacles" and values["global_frame"] == "odom"
    assert all(f"{each}.plugin" in values for each in values["plugins"]) and len(values["plugins"]) == 2
    (managed,) = (each["ros__parameters"] for each in manager.values())
    assert managed["node_names"] == ["local_costmap/local_costmap"] and managed["autostart"] is True
    assert f"__ns:={rover}" in notes[1].with_name("lifecycle_manager.arguments").read_text().split()


@pytest.mark.skipif(find_spec("nav2_costmap_2d") is not None, reason="Nav2 is installed")
def test_without_nav2_it_says_what_to_install_and_starts_nothing():
    launch = launched("nav2.launch.py")
    said, _ = launch.communicate(timeout=60)
    assert launch.returncode == 1 and "Traceback" not in said and "perception_node-" not in said
    assert "needs Nav2's nav2_costmap_2d and nav2_lifecycle_manager, which this machine lacks: apt install ros-" in said
    assert "ros-$ROS_DISTRO-nav2-costmap-2d ros-$ROS_DISTRO-nav2-lifecycle-manager; the node alone is" in said


def test_the_semantic_layer_and_the_names_of_its_classes_are_needed_only_for_it(file, nav2):
    file.require_nav2("voxel")
    with pytest.raises(RuntimeError, match=r"build branch .* or take layer:=voxel"):
        file.require_nav2("semantic")
    (nav2.parent / "share" / "ament_index" / "resource_index" / "packages" / "semantic_segmentation_layer").touch()
    if not find_spec("vision_msgs"):
        with pytest.raises(RuntimeError, match=r"ros-.ROS_DISTRO-vision-msgs, or take layer:=voxel"):
            file.require_nav2("semantic")


def test_several_cameras_feed_one_costmap(file):
    layer = file.costmap_parameters(asked(cameras="front,left", namespace="/rover/"))["voxel_layer"]
    names = ["front_obstacles", "front_surroundings", "left_obstacles", "left_surroundings"]
    assert layer["observation_sources"].split() == names == [k for k, v in layer.items() if isinstance(v, dict)]
    topics = ["/rover/front/obstacles", "/rover/front/points", "/rover/left/obstacles", "/rover/left/points"]
    assert [layer[name]["topic"] for name in names] == topics
    assert layer["front_obstacles"]["max_obstacle_height"] == 2.0 and layer["z_voxels"] == 16


def test_the_semantic_layer_has_the_classes_of_the_model(file):
    values = file.costmap_parameters(asked(layer="semantic", global_frame="map", namespace="rover"))
    layer = values["semantic_segmentation_layer"]
    source = layer[layer["observation_sources"]]
    assert source["segmentation_topic"] == "/rover/segmentation/mask" and source["pointcloud_topic"] == "/rover/points"
    assert "road" in source["drivable"]["classes"] and values["global_frame"] == "map" and values["width"] == 20


def test_a_file_of_ones_own_is_taken_as_it_is_and_one_without_a_costmap_refused(file, tmp_path):
    own = tmp_path / "mine.yaml"
    own.write_text("local_costmap: {local_costmap: {ros__parameters: {width: 5, plugins: [mine]}}}")
    assert file.costmap_parameters(asked(nav2_params_file=str(own))) == {"width": 5, "plugins": ["mine"]}
    own.write_text("controller_server: {}")
    with pytest.raises(RuntimeError, match=r"mine\.yaml has no parameters below local_costmap"):
        file.costmap_parameters(asked(nav2_params_file=str(own)))
    with pytest.raises(RuntimeError, match=r"none\.yaml, which does not exist"):
        file.costmap_parameters(asked(nav2_params_file=str(tmp_path / "none.yaml")))
    own.write_bytes(b"\xff\xfe\x00local_costmap")
    with pytest.raises(RuntimeError, match=r"ros__parameters; give the parameter file of your Nav2"):
        file.costmap_parameters(asked(nav2_params_file=str(own)))
    with pytest.raises(RuntimeError, match=r"which is a folder; give the parameter file of your Nav2"):
        file.costmap_parameters(asked(nav2_params_file=str(tmp_path)))


@pytest.mark.parametrize("name", ["global_frame", "robot_base_frame"])
@pytest.mark.parametrize("frame", ["", "/odom"])
def test_a_frame_that_tf_refuses_is_told_before_anything_starts(file, name, frame):
    with pytest.raises(RuntimeError, match=rf"^{name} is '{frame}'; give the name of a frame in TF, such as odom"):
        file.costmap_parameters(asked(**{name: frame}))
