"""One perception node, with its resolution and backend tuned to the hardware by a profile."""

from pathlib import Path

import yaml
from launch.actions import DeclareLaunchArgument, ExecuteProcess, GroupAction, LogInfo, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node, PushRosNamespace

from launch import LaunchContext, LaunchDescription
from mt_perception.resources import share_folder
from mt_perception.settings import SETTINGS
from mt_perception.sources import camera_info_topic

OVERRIDES = (
    "model", "backend", "precision", "input_width", "input_height", "image_transport", "build_only", "force_rebuild",
)  # fmt: skip
PROFILES = share_folder() / "config" / "profiles"
RECORDED = (
    "image", "image/compressed", "camera_info", "segmentation/mask", "segmentation/confidence", "segmentation/overlay",
    "depth/image", "depth/camera_info", "/diagnostics",
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
        argument("stereo", "false", "Take the left camera of a pair: left/image_rect and left/camera_info", YES_NO),
        argument("namespace", "", "Namespace of the node and its topics"),
        argument("image_topic", "", "Topic of the camera picture. Empty: image in the namespace"),
        argument("camera_info_topic", "", "Topic of its CameraInfo. Empty: camera_info beside the picture"),
        argument("use_sim_time", "false", "Take the time from /clock", YES_NO),
        argument("rviz", "false", "Open RViz on the outputs", YES_NO),
        argument("record", "", "Folder of a new recording (mcap) of inputs and outputs. Empty: do not record"),
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
    profile = value["profile"] if value["profile"] != "auto" else detected_profile()
    files = [str(PROFILES / f"{profile}.yaml")]
    if value["params_file"]:
        file = Path(value["params_file"]).expanduser()
        if not file.is_file():
            raise RuntimeError(
                f"params_file is {file}, which does not exist; give a YAML file like config/perception.yaml"
            )
        files.append(str(file))
    overrides = {name: checked(name, value[name]) for name in OVERRIDES if value[name]}
    return [
        LogInfo(msg=f"profile {profile}" + (" (found by itself)" if value["profile"] == "auto" else "")),
        Node(
            package="mt_perception",
            executable="perception_node",
            name="perception",
            parameters=[*files, overrides | {"use_sim_time": value["use_sim_time"] == "true"}],
            remappings=remappings(value["image_topic"], value["camera_info_topic"], value["stereo"] == "true"),
            arguments=["--ros-args", "--log-level", f"perception:={value['log_level']}"],
            output="screen",
        ),
    ]


def detected_profile() -> str:
    """The profile for this machine. One is measured so far."""
    return "cpu"


def checked(name: str, text: str) -> object:
    """The value of a setting, from the text of its launch argument; raises with what is allowed."""
    setting = SETTINGS[name]
    return setting.check(text if setting.kind is str else yaml.safe_load(text))


def remappings(image_topic: str, info_topic: str, stereo: bool) -> list:
    """From the node's input names to the camera's topics."""
    image = image_topic or ("left/image_rect" if stereo else "image")
    image = image.removesuffix("/compressed")
    return [
        ("image", image),
        ("image/compressed", f"{image}/compressed"),
        ("camera_info", info_topic or camera_info_topic(image)),
    ]


def start_recording(context: LaunchContext) -> list:
    """`ros2 bag record`, when a folder was given."""
    value = {name: LaunchConfiguration(name).perform(context) for name in context.launch_configurations}
    if not value["record"]:
        return []
    namespace = "/" + value["namespace"].strip("/")
    renamed = dict(remappings(value["image_topic"], value["camera_info_topic"], value["stereo"] == "true"))
    topics = [str(Path(namespace) / renamed.get(topic, topic)) for topic in RECORDED]
    command = ["ros2", "bag", "record", "--storage", "mcap", "--output", value["record"], *topics]
    return [ExecuteProcess(cmd=command, output="screen")]
