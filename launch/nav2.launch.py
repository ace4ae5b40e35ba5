# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A local costmap of Nav2's, without the rest of Nav2, and the perception node that feeds it."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import yaml
from launch.actions import IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription
from mt_perception.commands.costmap import layer_parameters
from mt_perception.model.bundle import open_model
from mt_perception.ros.launching import (
    argument,
    ending_with,
    existing_file,
    failing_with,
    is_installed,
    is_perception,
)
from mt_perception.settings import SETTINGS
from mt_perception.topics import of_camera
from mt_perception.utils.distribution import names_its_costmap
from mt_perception.utils.resources import share_folder

LOCAL = "local_costmap"  # as Nav2 names the node and its namespace
NAV2 = ("nav2_costmap_2d", "nav2_lifecycle_manager")
SEMANTIC = "semantic_segmentation_layer"
TRANSFORMS_WITHIN_S = 65.0  # the costmap itself waits 60 s for them while it is activated


def generate_launch_description() -> LaunchDescription:
    """The costmap's arguments, the costmap, and perception.launch.py with its arguments."""
    perception = share_folder() / "launch" / "perception.launch.py"
    return LaunchDescription(
        [
            argument(
                "layer",
                "voxel",
                "voxel: Nav2's own, fed by obstacles; semantic: SemanticSegmentationLayer, with a cost for each class",
                ["voxel", "semantic"],
            ),
            argument(
                "nav2_params_file",
                "",
                "Your own Nav2 parameters, whose local_costmap is taken as it is. Empty: the package's",
            ),
            argument("global_frame", "odom", "Frame of the costmap"),
            argument("robot_base_frame", "base_link", "Frame of the robot, in the middle of the costmap"),
            OpaqueFunction(function=start_costmap),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(str(perception))),
        ]
    )


def start_costmap(context: LaunchContext) -> list:
    """The costmap, and what configures and activates it; all ends when one of them or the perception node fails."""
    names = ("layer", "nav2_params_file", "global_frame", "robot_base_frame", "model", "cameras", "namespace")
    value = {name: LaunchConfiguration(name, default="").perform(context) for name in names}
    require_nav2(value["layer"])
    clock = {"use_sim_time": LaunchConfiguration("use_sim_time", default="false").perform(context) == "true"}
    namespace, name = (value["namespace"].strip("/"), LOCAL) if names_its_costmap() else ("", "costmap")
    costmap = Node(
        package="nav2_costmap_2d",
        executable="nav2_costmap_2d",
        name=name,
        namespace=f"/{namespace}/{name}" if namespace else f"/{name}",
        parameters=[costmap_parameters(value) | clock],
        output="screen",
    )
    manager = Node(
        package="nav2_lifecycle_manager",
        executable="lifecycle_manager",
        name="lifecycle_manager_costmap",
        namespace=f"/{namespace}",
        parameters=[
            {
                "autostart": True,
                "node_names": [f"{name}/{name}"],
                "bond_timeout": 0.0,  # a costmap by itself has no bond
                "service_timeout": TRANSFORMS_WITHIN_S,
                **clock,
            }
        ],
        output="screen",
    )
    started = [costmap, manager]
    failing = [failing_with(each) for each in started]
    ends = [ending_with(each, "the costmap has failed", only_failing=True) for each in started]
    return [
        *started, *failing, *ends, ending_with(is_perception, "the perception node has failed", only_failing=True)
    ]  # fmt: skip


def require_nav2(layer: str) -> None:
    """Raises with what to install, where something is missing."""
    if missing := [each for each in NAV2 if not is_installed(each)]:
        packages = " ".join(f"ros-$ROS_DISTRO-{each.replace('_', '-')}" for each in missing)
        raise RuntimeError(
            f"nav2.launch.py needs Nav2's {' and '.join(missing)}, which this machine lacks: apt install {packages}; "
            "the node alone is perception.launch.py"
        )
    if layer == "semantic" and not is_installed(SEMANTIC):
        raise RuntimeError(
            f"layer:=semantic needs the package {SEMANTIC}, which this machine lacks: build branch $ROS_DISTRO of "
            f"https://github.com/kiwicampus/{SEMANTIC} in your workspace, or take layer:=voxel"
        )
    if layer == "semantic" and not find_spec("vision_msgs"):
        raise RuntimeError(
            "layer:=semantic needs the names of the classes, and so vision_msgs, which this machine lacks: "
            "apt install ros-$ROS_DISTRO-vision-msgs, or take layer:=voxel"
        )


def costmap_parameters(value: Mapping[str, str]) -> dict[str, Any]:
    """The user's own, or those of the package: with the classes of the model, and sources for each camera."""
    if value["nav2_params_file"]:
        file = existing_file("nav2_params_file", value["nav2_params_file"], "give the parameter file of your Nav2")
        return section(file.read_bytes(), str(file))
    config = share_folder() / "config"
    if value["layer"] == "semantic":
        layer = layer_parameters(open_model(value["model"]).card.labels, {})
    else:
        layer = (config / "nav2_obstacle_layer.yaml").read_text(encoding="utf-8")
    cameras = SETTINGS["cameras"].check(value["cameras"]) or ("",)
    frames = {name: frame(name, value[name]) for name in ("global_frame", "robot_base_frame")}
    rest = section((config / "nav2_costmap.yaml").read_text(encoding="utf-8"), "nav2_costmap.yaml")
    return rest | frames | fed(section(layer, "the layer"), cameras, value["namespace"].strip("/"))


def frame(name: str, text: str) -> str:
    """The frame that the argument `name` tells. Raises for what TF takes for none."""
    if not text or text.startswith("/"):
        raise RuntimeError(f"{name} is {text!r}; give the name of a frame in TF, such as odom, without a leading slash")
    return text


def section(text: str | bytes, name: str) -> dict[str, Any]:
    """The parameters of the local costmap. Raises where there are none."""
    try:
        return dict(yaml.safe_load(text)[LOCAL][LOCAL]["ros__parameters"])
    except (KeyError, TypeError, ValueError, yaml.YAMLError):
        raise RuntimeError(
            f"{name} has no parameters below {LOCAL}, {LOCAL}, ros__parameters; give the parameter file of your Nav2"
        ) from None


def fed(parameters: dict[str, Any], cameras: tuple[str, ...], namespace: str) -> dict[str, Any]:
    """The same with the layer's sources for each of the cameras, on the topics of a node in `namespace`."""

    def of(camera: str, source: Mapping[str, Any]) -> dict[str, Any]:
        base = f"/{namespace}/" if namespace else "/"
        return {
            key: base + of_camera(each.lstrip("/"), camera) if key.endswith("topic") else each
            for key, each in source.items()
        }

    name = parameters["plugins"][0]
    layer = parameters[name]
    sources = {each: layer[each] for each in layer["observation_sources"].split()}
    for_all = {
        f"{camera}_{each}" if camera else each: of(camera, source)
        for camera in cameras
        for each, source in sources.items()
    }
    rest = {key: each for key, each in layer.items() if key not in sources}
    return parameters | {name: {**rest, **for_all, "observation_sources": " ".join(for_all)}}
