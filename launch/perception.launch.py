"""One perception node, with its resolution and backend tuned to the hardware by a profile."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from launch.actions import DeclareLaunchArgument, ExecuteProcess, GroupAction, LogInfo, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node, PushRosNamespace

from launch import LaunchContext, LaunchDescription
from mt_perception.hardware import Machine, detect
from mt_perception.resources import share_folder
from mt_perception.settings import SETTINGS
from mt_perception.sources import camera_info_topic

OVERRIDES = (
    "model", "backend", "precision", "input_width", "input_height", "image_transport", "build_only", "force_rebuild",
    "depth_mode", "camera_height_m", "base_frame",
)  # fmt: skip
PROFILES = share_folder() / "config" / "profiles"
RECORDED = (
    "segmentation/mask", "segmentation/confidence", "segmentation/overlay", "segmentation/label_info", "depth/image",
    "depth/camera_info", "/diagnostics",
)  # fmt: skip
YES_NO = ["true", "false"]


def arguments() -> list:
    """All launch arguments, each explained."""

    def argument(name: str, default: str, description: str, choices: list[str] | None = None) -> DeclareLaunchArgument:
        return DeclareLaunchArgument(name, default_value=default, description=description, choices=choices)

    profiles = ["auto", *sorted(file.stem for file in PROFILES.glob("*.yaml"))]
    levels = ["debug", "info", "warn", "error", "fatal"]
    settings = [SETTINGS[name] for name in OVERRIDES]
    return [
        argument("profile", "auto", "Settings for a kind of hardware; auto looks what there is", profiles),
        argument("params_file", "", "Your own file like config/perception.yaml; it wins over the profile"),
        *(argument(s.name, "", f"{s.description} ({s.allowed}). Empty: as the files say") for s in settings),
        argument("stereo", "false", f"{SETTINGS['stereo'].description}; they scale the depth", YES_NO),
        argument("namespace", "", "Namespace of the node and its topics"),
        argument("image_topic", "", "Topic of the camera picture. Empty: image (left/image_rect) in the namespace"),
        argument("camera_info_topic", "", "Topic of its CameraInfo. Empty: camera_info beside the picture"),
        argument("right_image_topic", "", "With stereo: topic of the right picture. Empty: right/image_rect"),
        argument("right_camera_info_topic", "", "Topic of its CameraInfo. Empty: camera_info beside the picture"),
        argument("use_sim_time", "false", "Take the time from /clock", YES_NO),
        argument("rviz", "false", "Open RViz on the outputs", YES_NO),
        argument(
            "record", "", "true, or the folder of a new recording (mcap) of inputs and outputs. Empty: no recording"
        ),
        argument("log_level", "info", "The least severe messages that the node logs", levels),
    ]


def generate_launch_description() -> LaunchDescription:
    """The arguments, then the node and its companions, whose namespace ends with this file."""
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", str(share_folder() / "rviz" / "perception.rviz")],
        condition=IfCondition(LaunchConfiguration("rviz")),
    )
    namespace = PushRosNamespace(LaunchConfiguration("namespace"))
    started = [OpaqueFunction(function=start_node), OpaqueFunction(function=start_recording), rviz]
    return LaunchDescription([*arguments(), GroupAction([namespace, *started])])


def start_node(context: LaunchContext) -> list:
    """The node, with the profile, then the user's file, then the arguments: the later wins."""
    value = {name: LaunchConfiguration(name).perform(context) for name in context.launch_configurations}
    machine = detect() if value["profile"] == "auto" else Machine(value["profile"], "")
    profile = machine.profile
    files = [str(PROFILES / f"{profile}.yaml")]
    if value["params_file"]:
        file = Path(value["params_file"]).expanduser()
        if not file.is_file():
            raise RuntimeError(
                f"params_file is {file}, which does not exist; give a YAML file like config/perception.yaml"
            )
        files.append(str(file))
    overrides = {name: checked(name, value[name]) for name in OVERRIDES if value[name]}
    if value["stereo"] == "true":
        overrides["stereo"] = True
    return [
        LogInfo(msg=f"profile {profile}" + (f" (found by itself: {machine.reason})" if machine.reason else "")),
        Node(
            package="mt_perception",
            executable="perception_node",
            name="perception",
            parameters=[*files, overrides | {"use_sim_time": value["use_sim_time"] == "true"}],
            remappings=remappings(value),
            arguments=["--ros-args", "--log-level", f"perception:={value['log_level']}"],
            output="screen",
        ),
    ]


def checked(name: str, text: str) -> object:
    """The value of a setting, from the text of its launch argument; raises with what is allowed."""
    setting = SETTINGS[name]
    return setting.check(text if setting.kind is str else yaml.safe_load(text))


def remappings(value: Mapping[str, str]) -> list[tuple[str, str]]:
    """From the node's input names to the topics of the camera, or of left and right, that the arguments name."""
    if value["stereo"] == "true":
        return [
            *_camera("left/image_rect", value["image_topic"], value["camera_info_topic"]),
            *_camera("right/image_rect", value["right_image_topic"], value["right_camera_info_topic"]),
        ]
    return _camera("image", value["image_topic"], value["camera_info_topic"])


def _camera(name: str, image_topic: str, info_topic: str) -> list[tuple[str, str]]:
    image = (image_topic or name).removesuffix("/compressed")
    return [
        (name, image),
        (f"{name}/compressed", f"{image}/compressed"),
        (camera_info_topic(name), info_topic or camera_info_topic(image)),
    ]


def start_recording(context: LaunchContext) -> list:
    """`ros2 bag record`, to the folder that was given, or (`true`) to one that it names after the time."""
    value = {name: LaunchConfiguration(name).perform(context) for name in context.launch_configurations}
    if value["record"] in ("", "false"):
        return []
    namespace = "/" + value["namespace"].strip("/")
    topics = [str(Path(namespace) / topic) for topic in (*dict(remappings(value)).values(), *RECORDED)]
    folder = [] if value["record"] == "true" else ["--output", value["record"]]
    command = ["ros2", "bag", "record", "--storage", "mcap", *folder, *topics]
    return [ExecuteProcess(cmd=command, output="screen")]
