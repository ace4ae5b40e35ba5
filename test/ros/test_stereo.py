# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Stereo mode as users run it: the recorded street as two cameras, the node in a process of its own."""

import os
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nodes import diagnostics_of
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mt_perception.geometry import depth_from_millimetres
from mt_perception.messages.compressed import array_from_compressed
from mt_perception.messages.read import array_from_image, stamp_ns
from mt_perception.metrics.depth_scores import DepthScores
from mt_perception.ros import convert
from mt_perception.ros.health import Health
from mt_perception.ros.stereo import PairDepth
from mt_perception.types import Camera
from mt_perception.utils.resources import city_recording

NICE = os.nice(0)
TRUTH = "ground_truth/depth/compressed"
CAMERA = Camera(160, 90, 150.0, 150.0, 79.5, 44.5)


@pytest.fixture
def run(start):
    """The node in stereo mode, small and on the CPU."""
    small = {"input_width": 320, "input_height": 192, "threads": 1}
    return partial(start, "node", backend="openvino", precision="fp32", stereo=True, **small)


@pytest.fixture
def play(start):
    """The recorded street as a stereo camera, in a loop."""
    return partial(start, "player", input=str(city_recording()), stereo=True, loop=True, progress=False)


def values_of(diagnostics):
    return {each.key: each.value for each in diagnostics().values} if diagnostics() else {}


def median_off(probe, count):
    """Median of |depth / truth - 1| up to 40 m, over the newest `count` depth images whose truth came too."""
    truths = {stamp_ns(each.header): each for each in probe.received[TRUTH]}
    errors = []
    for message in probe.received["depth/image"][-count:]:
        if stamp_ns(message.header) in truths:
            truth_m = depth_from_millimetres(array_from_compressed(truths[stamp_ns(message.header)]))
            near = truth_m < 40
            errors.append(np.median(np.abs(array_from_image(message)[near] / truth_m[near] - 1)))
    return np.median(errors) if len(errors) >= count // 2 else np.inf


def test_depth_is_scaled_then_fused(run, play, probe):
    """The default network on a street that it has never seen: its scale is measured, and fused depth is right."""
    probe.listen("depth/image", depth=100)
    probe.listen(TRUTH, CompressedImage, depth=100)
    node = run(image_transport="compressed")
    node.wait_for("ready in")
    player = play(acknowledge_topic="depth/image", max_in_flight=1)
    with diagnostics_of(probe) as diagnostics:
        probe.until(lambda: values_of(diagnostics).get("scale", "unknown") != "unknown", 40)
        values = values_of(diagnostics)
        assert 0.3 < float(values["scale"]) < 3 and 0.3 < float(values["scale_inlier_share"]) <= 1
        assert float(values["scale_spread"]) > 0 and float(values["sync_skew_max_ms"]) == 0
        assert "the scale of depth is unknown" not in diagnostics().message
        scaled = probe.until(lambda: (error := median_off(probe, 5)) < np.inf and error)
        client = probe.create_client(SetParameters, f"{probe.get_namespace()}/perception/set_parameters")
        request = SetParameters.Request(parameters=[Parameter("depth_mode", value="fused").to_parameter_msg()])
        probe.until((answer := client.call_async(request)).done)
        assert answer.result().results[0].successful
        probe.until(lambda: median_off(probe, 5) < 0.8 * scaled, 20)
    for process in (player, node):
        status, _ = process.stop()
        assert status == 0 and "Traceback" not in process.log, process.log


def test_disparity_is_published_when_requested(run, play, probe):
    """Nobody wants depth or labels: the pair is matched all the same, and the network does not run."""
    DisparityImage = pytest.importorskip("stereo_msgs.msg").DisparityImage
    probe.listen("disparity", DisparityImage)
    probe.listen(TRUTH, CompressedImage, depth=100)
    node = run(image_transport="compressed")
    node.wait_for("ready in")
    play()

    def with_truth():
        truths = {stamp_ns(each.header): each for each in probe.received[TRUTH]}
        found = [each for each in probe.received["disparity"] if stamp_ns(each.header) in truths]
        return [(each, truths[stamp_ns(each.header)]) for each in found]

    with diagnostics_of(probe) as diagnostics:
        message, truth = probe.until(with_truth, 40)[0]
        assert probe.until(lambda: values_of(diagnostics))["frames_out"] == "0"
    truth_m = depth_from_millimetres(array_from_compressed(truth))
    disparity = array_from_image(message.image)
    assert disparity.shape == truth_m.shape and message.image.header == message.header
    assert message.min_disparity == 0 < message.delta_d < 0.2 and message.max_disparity > 100
    known = disparity >= message.min_disparity
    assert 0.3 < known.mean() < 0.95 and (disparity[~known] == -1).all()
    scores = DepthScores(40)
    scores.update(
        np.where(known, message.f * message.t / np.maximum(disparity, 0.1), np.nan).astype(np.float32), truth_m
    )
    assert scores.summary()["delta1"] > 0.9


class Cameras:
    """Two cameras of this process."""

    def __init__(self, probe):
        self.images = [probe.create_publisher(Image, f"{side}/image_rect", 1) for side in ("left", "right")]
        self.infos = [probe.create_publisher(CameraInfo, f"{side}/camera_info", 1) for side in ("left", "right")]

    def send(self, side, stamp, size=(90, 160)):
        head = convert.header(stamp, "cam")
        self.images[side].publish(convert.image(np.full((*size, 3), 90, np.uint8), "bgr8", head))

    def send_infos(self, baseline_m=0.1):
        for side, publisher in enumerate(self.infos):
            publisher.publish(convert.camera_info(CAMERA, convert.header(1, "cam"), side * baseline_m))


def test_messages_that_end_before_their_stamp_are_said_and_the_next_pair_comes_out(run, probe):
    cameras = Cameras(probe)
    probe.listen("depth/image")
    node = run()
    node.wait_for("ready in")
    probe.wait_for_node(cameras.images[0])
    probe.until(lambda: cameras.images[1].get_subscription_count())
    for length in (4, 8):
        for publisher in cameras.images:
            publisher.publish(b"\0\1\0\0\0\0\0\0"[:length])
        node.wait_for(f"an image of {length} bytes cannot be read")
    for side in (0, 1):
        cameras.send(side, 10**9)
    probe.until(lambda: probe.received["depth/image"])
    assert node.stop()[0] == 0 and "Traceback" not in node.log


def test_what_is_missing_is_said(run, probe):
    """A dead right camera, then clocks that differ; each becomes the message of the diagnostics."""
    cameras = Cameras(probe)
    probe.listen("depth/image")
    run(input_timeout_s=0.5)
    with diagnostics_of(probe) as diagnostics:
        probe.wait_for_node(cameras.images[1])
        stamp = 10**9

        def said(text, sides, late_ns=0):
            nonlocal stamp
            stamp += 10**8
            for side in sides:
                cameras.send(side, stamp + side * late_ns)
            probe.spin(0.1)
            return diagnostics() and diagnostics().level == b"\x02" and text in diagnostics().message

        probe.until(lambda: said("right/image_rect", [0]) and "left/image_rect" not in diagnostics().message)
        probe.until(lambda: said("they are 0.030 s apart", [0, 1], 30_000_000))
        assert int(probe.until(lambda: values_of(diagnostics))["left_unmatched"]) > 0
        assert probe.received["depth/image"] == []


def test_a_pair_without_baseline_or_texture_still_gives_the_networks_depth(run, probe):
    cameras = Cameras(probe)
    probe.listen("depth/image")
    node = run()
    with diagnostics_of(probe) as diagnostics:
        probe.wait_for_node(cameras.images[1])
        stamp = 10**9

        def sent():
            nonlocal stamp
            stamp += 10**8
            for side in (0, 1):
                cameras.send(side, stamp)
            probe.spin(0.1)
            return True

        probe.until(lambda: sent() and len(probe.received["depth/image"]) > 1)
        node.wait_for("stereo depth is missing: there is no right/camera_info yet")
        cameras.send_infos(baseline_m=0.0)
        probe.until(lambda: sent() and "the right camera_info has no baseline" in node.log)
        cameras.send_infos()

        def unknown_alone():
            said = diagnostics().message if sent() and diagnostics() else ""
            return "the scale of depth is unknown" in said and "stereo depth" not in said

        probe.until(unknown_alone)
        assert values_of(diagnostics)["scale"] == "unknown" and diagnostics().level == b"\x01"


def test_cleanup_ends_the_matching_thread_and_the_topic(run, play, probe):
    node = run(image_transport="compressed", autostart=False)
    probe.listen("depth/image")
    play()
    client = probe.create_client(ChangeState, f"{probe.get_namespace()}/perception/change_state")
    assert client.wait_for_service(20)
    disparity = probe.resolve_topic_name("disparity")

    def change(*names):
        for name in names:
            number = getattr(Transition, f"TRANSITION_{name}")
            future = client.call_async(ChangeState.Request(transition=Transition(id=number)))
            probe.until(future.done, 20)
            assert future.result().success

    def matching_threads():
        names = Path(f"/proc/{node.process.pid}/task").glob("*/stat")
        return sum(int(name.read_text().rsplit(")", 1)[1].split()[16]) > NICE for name in names)

    for _ in range(2):
        change("CONFIGURE", "ACTIVATE")
        seen = len(probe.received["depth/image"])
        probe.until(lambda before=seen: len(probe.received["depth/image"]) > before + 2, 20)
        assert probe.count_publishers(disparity) == 1 == matching_threads()
        change("DEACTIVATE", "CLEANUP")
        probe.until(lambda: probe.count_publishers(disparity) == 0)
        probe.until(lambda: matching_threads() == 0)  # it finishes the pair that it is at
    status, _ = node.stop()
    assert status == 0 and "Traceback" not in node.log


def test_opencv_has_its_threads_again_when_stereo_ends(ros):
    node, before = Node("host"), cv2.getNumThreads()
    cv2.setNumThreads(2)
    try:
        stereo = PairDepth(Health(node.get_logger()).stereo, None)
        assert cv2.getNumThreads() == 1
        stereo.close()
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before)
        node.destroy_node()
