# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where the node listens, and what it says when nothing comes from there."""

import cv2
import pytest

pytest.importorskip("rclpy")

import rclpy
from helpers import make_image
from nodes import Probe, diagnostics_of
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mt_perception.ros import convert
from mt_perception.ros.inputs import image_topics
from mt_perception.settings import Settings
from mt_perception.types import Camera

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
INFO = convert.camera_info(Camera(100, 60, 80.0, 80.0, 49.5, 29.5), convert.header(1, "cam"))


@pytest.mark.parametrize(
    ("remappings", "values", "expected"),
    [
        ([], {}, [("/ns/image", False)]),
        ([], {"image_transport": "compressed"}, [("/ns/image/compressed", True)]),
        (["image:=/cam/raw"], {}, [("/cam/raw", False)]),
        (["image:=/cam/raw"], {"image_transport": "compressed"}, [("/cam/raw/compressed", True)]),
        (["image:=cam/raw"], {"image_transport": "compressed"}, [("/ns/cam/raw/compressed", True)]),
        (["image/compressed:=/odd"], {"image_transport": "compressed"}, [("/odd", True)]),
        (["image/compressed:=/odd"], {}, [("/ns/image", False)]),
        (["image:=/a", "image/compressed:=/odd"], {"image_transport": "compressed"}, [("/odd", True)]),
        (["image:=/cam/raw/compressed"], {}, [("/cam/raw/compressed", True)]),
        (["image:=/cam/raw/compressed"], {"image_transport": "compressed"}, [("/cam/raw/compressed", True)]),
        (
            ["left/image_rect:=/l", "right/image_rect:=/r/compressed"],
            {"stereo": True},
            [("/l", False), ("/r/compressed", True)],
        ),
    ],
)
def test_the_transport_follows_the_topic_and_a_compressed_name_is_understood(ros, remappings, values, expected):
    arguments = [word for each in remappings for word in ("-r", each)]
    node = rclpy.create_node("names", namespace="/ns", cli_args=["--ros-args", *arguments] if arguments else None)
    topics = image_topics(node, Settings(**values))
    assert [(node.resolve_topic_name(each.name), each.compressed) for each in topics] == expected
    assert [each.type for each in topics] == [CompressedImage if each.compressed else Image for each in topics]
    node.destroy_node()


def test_a_latched_camera_info_and_the_compressed_form_of_a_remapped_topic_are_found(start, small_model):
    """The camera_info was published once, long before the node started."""
    probe = Probe(start.namespace)
    probe.create_publisher(CameraInfo, "cam/camera_info", LATCHED).publish(INFO)
    images = probe.create_publisher(CompressedImage, "cam/image_raw/compressed", 1)
    probe.listen("depth/camera_info", CameraInfo)
    remap = {"image": "cam/image_raw", "camera_info": "cam/camera_info"}
    node = start("node", **small_model, image_transport="compressed", remap=remap)
    with diagnostics_of(probe) as diagnostics:
        probe.wait_for_node(images)
        probe.until(lambda: diagnostics() and "camera_info" not in diagnostics().message)
    message = CompressedImage(format="jpeg", data=cv2.imencode(".jpg", make_image(60, 100))[1].tobytes())
    message.header.stamp.sec = 9
    images.publish(message)
    info = probe.until(lambda: probe.received["depth/camera_info"])[0]
    assert (info.header.stamp.sec, info.k[0], info.width) == (9, 80.0, 100)
    assert "incompatible" not in node.log
    probe.destroy_node()


def test_what_is_published_elsewhere_or_as_something_else_is_named(start, small_model):
    probe = Probe(start.namespace)
    ns = start.namespace
    compressed = probe.create_publisher(CompressedImage, "cam/image/compressed", 1)
    remap = {"image": "cam/image", "camera_info": "nowhere/camera_info"}
    node = start("node", **small_model, remap=remap, overlay_opacitty=0.25)
    with diagnostics_of(probe) as diagnostics:

        def says(*words: str):
            probe.until(lambda: diagnostics() and all(each in diagnostics().message for each in words))

        says(
            f"nobody publishes {ns}/cam/image, but {ns}/cam/image/compressed is there: "
            "take that one, with image_transport compressed",
            f"depth is uncorrected: nobody publishes {ns}/nowhere/camera_info; remap camera_info to ",
            f"{ns}/camera_info",
        )
        probe.destroy_publisher(compressed)
        probe.create_publisher(CompressedImage, "cam/image", 1)
        says(
            f"{ns}/probe publishes {ns}/cam/image as sensor_msgs/msg/CompressedImage, and not as "
            "sensor_msgs/msg/Image: remap image/compressed to it and set image_transport to compressed"
        )
        assert f"nobody publishes {ns}/cam/image," not in diagnostics().message
    assert "there is no parameter 'overlay_opacitty'; did you mean overlay_opacity?" in node.log
    assert node.log.count("there is no parameter") == 1
    probe.destroy_node()
