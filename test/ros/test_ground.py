# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`depth_mode: ground` in a node of its own: the recorded street seen with one camera, whose height is known."""

import math

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import Transform, TransformStamped
from nodes import diagnostics_of
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile

from mt_perception.messages.read import array_from_image, stamp_ns
from mt_perception.ros import convert
from mt_perception.ros.ground import mount_of
from mt_perception.types import Camera, DataError
from mt_perception.utils.resources import city_recording

CAMERA = Camera(160, 90, 150.0, 150.0, 79.5, 44.5)
CITY_HEIGHT_M = 1.663


def optical(height_m, pitch_deg=0.0):
    """The pose of a camera that looks ahead and down, in a frame on the ground with x ahead and z up."""
    transform = Transform()
    transform.translation.z = float(height_m)
    half = math.radians(pitch_deg) / 2
    x, y, z, w = -0.5, 0.5, -0.5, 0.5  # level (REP 103)
    s, c = -math.sin(half), math.cos(half)  # then about its own x axis
    rotation = transform.rotation
    rotation.x, rotation.y, rotation.z, rotation.w = w * s + x * c, y * c + z * s, z * c - y * s, w * c - x * s
    return transform


@pytest.mark.parametrize("pitch_deg", [0, 35, -10])
def test_the_mount_by_a_transform(pitch_deg):
    mount = mount_of(optical(1.2, pitch_deg))
    pitch = math.radians(pitch_deg)
    assert mount.height_m == 1.2 and mount.down == pytest.approx((0, math.cos(pitch), math.sin(pitch)), abs=1e-12)


def test_a_camera_below_the_ground_is_refused():
    with pytest.raises(DataError, match=r"is -0\.2 m"):
        mount_of(optical(-0.2))


def values_of(diagnostics):
    return {each.key: each.value for each in diagnostics().values} if diagnostics() else {}


def test_the_scale_is_followed_until_it_is_not_wanted(start, probe, small_model):
    """Depth is the network's times the scale that the diagnostics tell; `mono` is the network's again."""
    probe.listen("depth/image", depth=100)
    small = small_model | {"input_width": 320, "input_height": 192, "threads": 1, "image_transport": "compressed"}
    remap = {"image/compressed": "left/image_rect/compressed", "camera_info": "left/camera_info"}
    node = start("node", remap, depth_mode="ground", camera_height_m=CITY_HEIGHT_M, **small)
    node.wait_for("ready in", 40)
    start("player", input=str(city_recording()), stereo=True, loop=True, progress=False,
          acknowledge_topic="depth/image", max_in_flight=1)  # fmt: skip
    with diagnostics_of(probe) as diagnostics:
        known = probe.until(lambda: values_of(diagnostics).get("scale", "unknown") != "unknown" and diagnostics(), 40)
        values = {each.key: each.value for each in known.values}
        assert 1 / 8 <= float(values["scale"]) <= 8 and 0.5 <= float(values["scale_inlier_share"]) <= 1
        assert 0 <= float(values["ground_tilt_deg"]) <= 20 and float(values["ground_p50_ms"]) > 0
        client = probe.create_client(SetParameters, f"{probe.get_namespace()}/perception/set_parameters")

        def answer(name, value):
            request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
            probe.until((future := client.call_async(request)).done)
            return future.result().results[0]

        assert "needs to know how high" in answer("camera_height_m", 0.0).reason
        assert answer("camera_height_m", CITY_HEIGHT_M / 2).successful
        halved = float(values["scale"]) * 0.75
        probe.until(lambda: float(values_of(diagnostics)["scale"]) < halved, 40)
        assert answer("depth_mode", "mono").successful
        probe.until(lambda: values_of(diagnostics)["scale"] == "unknown")
    assert "Traceback" not in node.log


def test_why_there_is_no_scale_is_said_and_depth_comes_all_the_same(start, probe, small_model):
    probe.listen("depth/image")
    node = start("node", depth_mode="ground", camera_height_m=1.5, **small_model)
    probe.wait_for_node()
    with diagnostics_of(probe) as diagnostics:
        stamp = 10**9

        def said(text):
            nonlocal stamp
            stamp += 10**8
            probe.send(stamp, image=np.full((90, 160, 3), 90, np.uint8))
            probe.spin(0.1)
            return diagnostics() and text in diagnostics().message

        probe.until(lambda: said("the scale of depth is unknown: there is no valid camera_info"))
        probe.infos.publish(convert.camera_info(CAMERA, convert.header(1, "cam")))
        probe.until(lambda: said("the scale of depth is unknown: t") and "camera_info" not in diagnostics().message)
        assert diagnostics().level == b"\x01" and values_of(diagnostics)["ground_tilt_deg"] == "unknown"
    assert len(probe.received["depth/image"]) > 1 and node.log.count("the scale of depth is unknown") < 5
    message = probe.received["depth/image"][-1]
    assert array_from_image(message).shape == (90, 160) and stamp_ns(message.header) > 10**9


def has_tf():
    try:
        import tf2_ros  # noqa: F401
    except ImportError:
        return False
    return True


@pytest.mark.skipif(has_tf(), reason="tf2_ros is installed")
def test_without_tf2_ros_a_base_frame_ends_in_one_sentence(start, small_model):
    node = start("node", depth_mode="ground", base_frame="base_footprint", **small_model)
    assert node.process.wait(40) == 1
    assert "base_frame is 'base_footprint', but tf2_ros is not installed" in node.log and "Traceback" not in node.log


@pytest.mark.skipif(not has_tf(), reason="tf2_ros is not installed")
def test_the_height_comes_from_tf(start, probe, small_model):
    """Until it is there, the diagnostics name both frames; then they tell of the road."""
    probe.listen("depth/image")
    start("node", depth_mode="ground", base_frame="base_footprint", **small_model)
    probe.wait_for_node()
    with diagnostics_of(probe) as diagnostics:
        stamp = 10**9

        def said(text):
            nonlocal stamp
            stamp += 10**8
            probe.infos.publish(convert.camera_info(CAMERA, convert.header(stamp, "cam")))
            probe.send(stamp, image=np.full((90, 160, 3), 90, np.uint8))
            probe.spin(0.1)
            return diagnostics() and text in diagnostics().message

        probe.until(lambda: said("unknown: TF from 'cam' to base_frame 'base_footprint'"))
        from tf2_msgs.msg import TFMessage

        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        static = TransformStamped(child_frame_id="cam", transform=optical(1.2, 10))
        static.header.frame_id = "base_footprint"
        probe.create_publisher(TFMessage, "/tf_static", latched).publish(TFMessage(transforms=[static]))
        probe.until(lambda: said("") is not None and diagnostics() and "TF from" not in diagnostics().message)
