# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One perception node, with its resolution and backend tuned to the hardware by a profile."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import yaml
from launch.actions import ExecuteProcess, GroupAction, LogInfo, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node, PushRosNamespace

from launch import LaunchContext, LaunchDescription
from mt_perception.ros.launching import argument, existing_file, failing_with, is_installed
from mt_perception.settings import SETTINGS, Settings
from mt_perception.topics import (
    COMPRESSED,
    DIAGNOSTICS,
    IMAGE,
    LEFT_IMAGE,
    RIGHT_IMAGE,
    camera_info_topic,
    image_inputs,
    of_camera,
    output_topics,
)
from mt_perception.utils.hardware import Machine, detect
from mt_perception.utils.resources import share_folder
from mt_perception.view.server import require_view

OVERRIDES = (
    "model", "backend", "precision", "input_width", "input_height", "image_transport", "build_only", "force_rebuild",
    "depth_mode", "camera_height_m", "base_frame", "cameras", "stereo_cameras",
)  # fmt: skip
PROFILES = share_folder() / "config" / "profiles"
YES_NO = ["true", "false"]


def arguments() -> list:
    """All launch arguments, each explained."""
    profiles = ["auto", *sorted(file.stem for file in PROFILES.glob("*.yaml"))]
    levels = ["debug", "info", "warn", "error", "fatal"]
    settings = [SETTINGS[name] for name in OVERRIDES]
    return [
        argument("profile", "auto", "Settings for a kind of hardware; auto looks what there is", profiles),
        argument("params_file", "", "Your own file like config/perception.yaml; it wins over the profile"),
        *(argument(s.name, "", f"{s.description} ({s.allowed}). Empty: as the files say") for s in settings),
        argument("stereo", "false", f"{SETTINGS['stereo'].description}; they scale the depth", YES_NO),
        argument("namespace", "", "Namespace of the node and its topics"),
        argument(
            "image_topic",
            "",
            f"Topic of the camera image, of several cameras one for each, with commas. Empty: {IMAGE} ({LEFT_IMAGE}) "
            "in the namespace, or below the camera's name",
        ),
        argument("camera_info_topic", "", "Topic of its CameraInfo. Empty: camera_info beside the image"),
        argument("right_image_topic", "", f"With stereo: topic of the right image. Empty: {RIGHT_IMAGE}"),
        argument("right_camera_info_topic", "", "Topic of its CameraInfo. Empty: camera_info beside the image"),
        argument("use_sim_time", "false", "Take the time from /clock", YES_NO),
        argument("rviz", "false", "Open RViz on the outputs", YES_NO),
        argument(
            "view", "", "true, or a port: show the outputs on a page for a browser on this machine. Empty: no page"
        ),
        argument(
            "record", "", "true, or the folder of a new recording (mcap) of inputs and outputs. Empty: no recording"
        ),
        argument("log_level", "info", "The least severe messages that the node logs", levels),
    ]


def generate_launch_description() -> LaunchDescription:
    """The arguments, then the node and its companions, whose namespace ends with this file."""
    namespace = PushRosNamespace(LaunchConfiguration("namespace"))
    return LaunchDescription([*arguments(), GroupAction([namespace, OpaqueFunction(function=start)])])


def start(context: LaunchContext) -> list:
    """RViz and the recording, where they are requested, and the node; they end when it fails."""
    value = {name: LaunchConfiguration(name).perform(context) for name in context.launch_configurations}
    companions = [*rviz(value), *view(value), *recording(value)]
    actions = perception(value)
    return [*companions, *actions, failing_with(actions[-1], companions)]


def perception(value: Mapping[str, str]) -> list:
    """The node, with the profile, then the user's file, then the arguments: the later wins."""
    machine = machine_of(value)
    profile = machine.profile
    return [
        LogInfo(msg=f"profile {profile}" + (f" (found by itself: {machine.reason})" if machine.reason else "")),
        Node(
            package="mt_perception",
            executable="perception_node",
            name="perception",
            parameters=parameters(value),
            remappings=remappings(value),
            arguments=["--ros-args", "--log-level", f"perception:={value['log_level']}"],
            output="screen",
        ),
    ]


def machine_of(value: Mapping[str, str]) -> Machine:
    """What the profile is for."""
    return detect() if value["profile"] == "auto" else Machine(value["profile"], "")


def parameters(value: Mapping[str, str]) -> list:
    """The profile, the user's file, and the arguments that are given."""
    files = [str(PROFILES / f"{machine_of(value).profile}.yaml")]
    if value["params_file"]:
        remedy = "give a YAML file like config/perception.yaml"
        files.append(str(existing_file("params_file", value["params_file"], remedy)))
    overrides = {name: checked(name, value[name]) for name in OVERRIDES if value[name]}
    if value["stereo"] == "true":
        overrides["stereo"] = True
    return [*files, overrides | {"use_sim_time": value["use_sim_time"] == "true"}]


def checked(name: str, text: str) -> object:
    """The value of a setting, from the text of its launch argument; raises with what is allowed."""
    setting, value = SETTINGS[name], text
    with suppress(yaml.YAMLError):  # what is no YAML is no value of a setting either, which says what is
        value = text if setting.kind in (str, tuple) else yaml.safe_load(text)
    return setting.check(value)


def remappings(value: Mapping[str, str]) -> list[tuple[str, str]]:
    """From the node's input names to the topics of the cameras, or of left and right, that the arguments name."""
    names = ("cameras", "stereo_cameras")
    settings = Settings(**{name: value[name] for name in names}, stereo=value["stereo"] == "true")
    sides = [
        (f"{side}image_topic", f"{side}camera_info_topic", name)
        for camera in settings.cameras or ("",)
        for side, name in zip(("", "right_"), image_inputs(settings.is_pair(camera), camera), strict=False)
    ]
    counts = Counter(key for *keys, _ in sides for key in keys)
    given = {key: iter(topics_of(value, key, count)) for key, count in counts.items()}
    renamed = []
    for image_argument, info_argument, name in sides:
        # the node finds its compressed form, and understands a compressed name
        image = next(given[image_argument], "").rstrip("/") or name
        renamed += [
            (name, image),
            (camera_info_topic(name), next(given[info_argument], "") or camera_info_topic(image)),
        ]
    return renamed


def topics_of(value: Mapping[str, str], key: str, count: int) -> list[str]:
    """The topics of an argument, one for each of `count` cameras, or none."""
    topics = [each.strip() for each in value[key].split(",")] if value[key] else []
    if topics and len(topics) != count:
        cameras = f"the cameras are {value['cameras']}" if value["cameras"] else "there is one camera"
        raise RuntimeError(
            f"{key} is {value[key]}, which are {len(topics)}; {cameras}: give {count}, separated by commas, or none"
        )
    return topics


def rviz(value: Mapping[str, str]) -> list:
    """RViz on the outputs. Raises where it is not installed."""
    if value["rviz"] != "true":
        return []
    if not is_installed("rviz2"):
        raise RuntimeError(
            "rviz:=true needs RViz, which is not installed: apt install ros-$ROS_DISTRO-rviz2, or leave it out"
        )
    config = share_folder() / "rviz" / "perception.rviz"
    return [Node(package="rviz2", executable="rviz2", arguments=["-d", str(config)])]


def view(value: Mapping[str, str]) -> list:
    """The page of the outputs, with the node's own parameters. Raises where rerun is not installed."""
    if value["view"] in ("", "false"):
        return []
    require_view()
    if value["view"] != "true" and not value["view"].isdecimal():
        raise RuntimeError(f"view is {value['view']!r}; allowed: true, a port, or empty")
    port = {"port": 0 if value["view"] == "true" else int(value["view"])}
    return [
        Node(
            package="mt_perception",
            executable="view_node",
            name="view",
            parameters=[*parameters(value), port],
            remappings=remappings(value),
            output="screen",
        )
    ]


def recording(value: Mapping[str, str]) -> list:
    """A recorder that writes to the folder that was given, or (`true`) to one that is named after the time.

    That of `ros2 bag` where it is installed, else the package's own.
    """
    if value["record"] in ("", "false"):
        return []
    inputs = remappings(value)
    roles = (IMAGE, LEFT_IMAGE, RIGHT_IMAGE)
    images = [topic.removesuffix(COMPRESSED) for name, topic in inputs if name.endswith(roles)]
    cameras = checked("cameras", value["cameras"]) or ("",)
    results = [of_camera(each.name, camera) for camera in cameras for each in output_topics() if each.recorded]
    published = [*dict(inputs).values(), *(image + COMPRESSED for image in images), *results, DIAGNOSTICS]
    namespace = Path("/" + value["namespace"].strip("/"))
    topics = sorted({str(namespace / topic) for topic in published})
    folder = value["record"] if value["record"] != "true" else f"rosbag2_{datetime.now():%Y_%m_%d-%H_%M_%S}"
    if find_spec("ros2bag"):
        command = ["ros2", "bag", "record", "--storage", "mcap", "--output", folder, *topics]
        return [ExecuteProcess(cmd=command, output="screen")]
    options = {"output": folder, "topics": topics}
    return [
        Node(
            package="mt_perception",
            executable="recorder_node",
            namespace="/",  # it leaves its own out of the names of topics
            parameters=[options],
            output="screen",
        )
    ]
