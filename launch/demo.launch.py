# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""See it run: the player shows a rendered street (or your images) to the perception node, again and again."""

from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription
from mt_perception.bags.sources import open_source
from mt_perception.ros.launching import ending_with, failing_with, is_perception
from mt_perception.topics import MASK
from mt_perception.utils.distribution import FASTDDS_PROFILES
from mt_perception.utils.resources import city_recording, share_folder


def generate_launch_description() -> LaunchDescription:
    """The player's arguments, the player, and perception.launch.py with its arguments."""
    street = str(city_recording())
    profiles = str(share_folder() / "config" / "fastdds.xml")
    perception = share_folder() / "launch" / "perception.launch.py"
    return LaunchDescription(
        [
            DeclareLaunchArgument("input", default_value=street, description="Folder of images, video, or rosbag2"),
            DeclareLaunchArgument("topic", default_value="", description="Of a rosbag2: topic of the (left) camera"),
            DeclareLaunchArgument(
                "right_topic", default_value="", description="Of a rosbag2: topic of the right camera"
            ),
            DeclareLaunchArgument("rate", default_value="0.0", description="Images per second. 0: the input's own"),
            DeclareLaunchArgument(
                "loop", default_value="true", choices=["true", "false"], description="Begin again at the end"
            ),
            DeclareLaunchArgument("namespace", default_value="demo", description="Namespace of the nodes and topics"),
            # the default shared memory of Fast DDS is smaller than one image
            *(SetEnvironmentVariable(name, profiles) for name in FASTDDS_PROFILES),
            OpaqueFunction(function=start_player),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(str(perception))),
        ]
    )


def start_player(context: LaunchContext) -> list:
    """The player, at whose end all of it ends; the node is told in which form the images come."""
    names = ("input", "topic", "right_topic", "rate", "loop", "namespace")
    value = {name: LaunchConfiguration(name).perform(context) for name in names}
    cameras = {name: value[name] for name in ("topic", "right_topic")}
    stereo = LaunchConfiguration("stereo", default="false").perform(context) == "true"
    options = cameras | {
        "input": value["input"],
        "rate": float(value["rate"]),
        "loop": value["loop"] == "true",
        "stereo": stereo,
        "acknowledge_topic": MASK,
        "max_in_flight": 1,
        "progress": False,
    }
    player = Node(
        package="mt_perception",
        executable="player_node",
        namespace=value["namespace"],
        parameters=[options],
        output="screen",
    )
    source = open_source(value["input"], value["topic"], stereo, value["right_topic"])
    transport = "compressed" if source.compressed else "raw"
    return [
        SetLaunchConfiguration("image_transport", transport),
        player,
        failing_with(player),
        ending_with(player, "the player has ended"),
        ending_with(is_perception, "the perception node has failed", only_failing=True),
    ]
