# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The node as users run it: a process of its own, spoken to over DDS."""

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from helpers import make_image
from nodes import diagnostics_of
from sensor_msgs.msg import CameraInfo, CompressedImage

from mt_perception.messages.read import array_from_image, stamp_ns

IMAGES = {
    "segmentation/mask": ("mono8", np.uint8),
    "segmentation/confidence": ("mono8", np.uint8),
    "segmentation/color": ("rgb8", np.uint8),
    "segmentation/overlay": ("rgb8", np.uint8),
    "depth/image": ("32FC1", np.float32),
    "depth/image_mm": ("16UC1", np.uint16),
    "depth/color": ("rgb8", np.uint8),
}


def test_every_output_carries_the_inputs_header_and_size(run, probe):
    for topic in IMAGES:
        probe.listen(topic)
    probe.listen("depth/camera_info", CameraInfo)
    run()
    probe.wait_for_node()
    probe.send_info(fx=200.0)
    probe.spin(0.2)
    probe.send(1_700_000_000_123_456_789, frame_id="left_optical")
    probe.until(lambda: all(probe.received.values()))
    for topic, (encoding, dtype) in IMAGES.items():
        message = probe.received[topic][0]
        assert (message.encoding, message.height, message.width) == (encoding, 90, 160), topic
        assert stamp_ns(message.header) == 1_700_000_000_123_456_789 and message.header.frame_id == "left_optical"
        assert array_from_image(message).dtype == dtype
    info = probe.received["depth/camera_info"][0]
    assert (info.width, info.height, info.k[0]) == (160, 90, 200.0) and info.header.frame_id == "left_optical"
    depth_m = array_from_image(probe.received["depth/image"][0])
    depth_mm = array_from_image(probe.received["depth/image_mm"][0])
    near = depth_m < 65
    assert near.any() and np.abs(depth_mm[near] / 1000 - depth_m[near]).max() < 0.001


def test_the_node_says_what_the_perceiver_says(run, probe, bundle):
    from mt_perception.pipeline import Perceiver
    from mt_perception.settings import Settings
    from mt_perception.types import Camera, Frame

    probe.listen("segmentation/mask")
    probe.listen("depth/image")
    run()
    probe.wait_for_node()
    probe.send_info(fx=250.0)
    probe.spin(0.2)
    probe.send(5)
    probe.until(lambda: all(probe.received.values()))
    perceiver = Perceiver.open(Settings(model=str(bundle.folder), backend="openvino", precision="fp32"))
    camera = Camera(160, 90, 250.0, 250.0, 80.0, 45.0)
    expected = perceiver(Frame(make_image(90, 160), "bgr", camera=camera))
    np.testing.assert_array_equal(array_from_image(probe.received["segmentation/mask"][0]), expected.mask)
    np.testing.assert_allclose(array_from_image(probe.received["depth/image"][0]), expected.depth_m, rtol=1e-4)


def test_size_and_encoding_may_change_and_bad_images_are_skipped(run, probe):
    probe.listen("segmentation/mask")
    node = run()
    with diagnostics_of(probe) as diagnostics:
        probe.wait_for_node()
        good = [{"size": (50, 70)}, {"size": (90, 160), "encoding": "rgb8"}, {"size": (33, 200)}]
        bad = [{"step": 3}, {"height": 5000}, {"data": b""}, {"width": 0}]
        probe.send(1, **good[0])
        probe.until(lambda: probe.received["segmentation/mask"])  # the first one compiles, and would displace others
        for index, changes in enumerate([*bad, *bad, *good[1:]]):
            probe.send(index + 2, **changes)
            probe.spin(0.15)
        masks = probe.until(
            lambda: len(probe.received["segmentation/mask"]) == 3 and probe.received["segmentation/mask"]
        )
        assert [(m.height, m.width) for m in masks] == [(50, 70), (90, 160), (33, 200)]
        for said in ("step is 3 bytes", "size is 0x"):
            assert node.log.count(said) == 1, "once per cause"

        def lost() -> int:  # one that a busy machine had not taken when the next came counts as dropped
            values = {v.key: v.value for v in diagnostics().values} if diagnostics() else {}
            return int(values.get("frames_invalid", 0)) + int(values.get("frames_dropped", 0))

        probe.until(lambda: lost() == 8)
    assert node.process.poll() is None


def test_compressed_images_and_such_as_are_much_larger_than_the_network(run, probe):
    probe.listen("segmentation/mask")
    probe.listen("segmentation/overlay")
    probe.listen("depth/camera_info", CameraInfo)
    publisher = probe.create_publisher(CompressedImage, "image/compressed", 1)
    node = run(image_transport="compressed")
    probe.wait_for_node(publisher)
    probe.send_info(fx=400.0, size=(300, 600))
    probe.spin(0.2)
    for sec, size in enumerate(((60, 120), (300, 600)), 1):
        message = CompressedImage(format="jpeg", data=cv2.imencode(".jpg", make_image(*size))[1].tobytes())
        message.header.stamp.sec = sec
        publisher.publish(message)
        probe.until(lambda sec=sec: all(len(each) == sec for each in probe.received.values()))
    for topic, messages in probe.received.items():
        shown = [(each.height, each.width, each.header.stamp.sec) for each in messages]
        assert shown == [(60, 120, 1), (64, 128, 2)], topic
    info = probe.received["depth/camera_info"][1]
    assert info.k[0] == pytest.approx(400 * 128 / 600) and info.k[2] == pytest.approx(300.5 * 128 / 600 - 0.5)
    probe.listen("depth/image")
    probe.until_known()
    message.header.stamp.sec = 3
    publisher.publish(message)
    probe.until(lambda: probe.received["depth/image"])
    told = "the results are 128x64 for images of 600x300; output_size is auto"
    assert node.log.count(told) == 1, "who else subscribes is no news of it"


def test_the_newest_frame_wins(run, probe):
    """A burst faster than the network: what comes out is in order, and the last of the burst is among it."""
    probe.listen("segmentation/mask", depth=100)
    run(input_width=1024, input_height=512)
    probe.wait_for_node()
    with diagnostics_of(probe) as diagnostics:
        for index in range(1, 41):
            probe.send(index)
        probe.until(lambda: [stamp_ns(m.header) for m in probe.received["segmentation/mask"]][-1:] == [40], 20)
        stamps = [stamp_ns(m.header) for m in probe.received["segmentation/mask"]]
        assert stamps == sorted(set(stamps)) and len(stamps) < 40
        dropped = probe.until(
            lambda: diagnostics() and {v.key: v.value for v in diagnostics().values}.get("frames_dropped")
        )
        assert int(dropped) >= 0


def test_depth_follows_the_focal_length(run, probe):
    probe.listen("depth/image")
    run()
    probe.wait_for_node()
    depths = []
    for index, fx in enumerate((100.0, 200.0)):
        probe.send_info(fx)
        probe.spin(0.3)
        probe.send(index + 1)
        probe.until(lambda n=index: len(probe.received["depth/image"]) > n)
        depths.append(array_from_image(probe.received["depth/image"][-1]))
    finite = np.isfinite(depths[0])
    np.testing.assert_allclose(depths[1][finite], 2 * depths[0][finite], rtol=1e-4)


def test_missing_and_impossible_camera_info_are_said(run, probe):
    probe.listen("depth/image")
    node = run()
    probe.wait_for_node()
    node.wait_for("depth is uncorrected: no camera_info yet")
    info = CameraInfo(width=160, height=90, p=[float("nan")] * 12)
    probe.infos.publish(info)
    node.wait_for("must be a positive number")
    probe.send(1)
    probe.until(lambda: probe.received["depth/image"])


def test_nothing_is_computed_for_nobody(run, probe):
    run()
    with diagnostics_of(probe) as diagnostics:
        probe.wait_for_node()
        for index in range(5):
            probe.send(index + 1)
            probe.spin(0.05)
        probe.spin(1.2)
        values = {v.key: v.value for v in probe.until(diagnostics).values}
        assert values["frames_in"] == "5" and values["frames_out"] == "0"
        probe.listen("segmentation/mask")
        probe.spin(0.5)
        probe.send(9)
        probe.until(lambda: probe.received["segmentation/mask"])


def test_diagnostics_tell_what_is_going_on(run, probe):
    probe.listen("segmentation/mask")
    run(input_timeout_s=0.5)
    with diagnostics_of(probe) as diagnostics:
        probe.wait_for_node()
        silent = probe.until(lambda: diagnostics() if diagnostics() and diagnostics().level == b"\x02" else None)
        assert silent.message.startswith("no image for") and "waiting for " in silent.message
        for index in range(15):
            probe.send(index + 1)
            probe.spin(0.1)
        status = probe.until(lambda: diagnostics() if diagnostics().level == b"\x01" else None)
        assert "untrained" in status.message
        values = {v.key: v.value for v in status.values}
        assert values["backend"] == "openvino" and values["precision"] == "fp32" and len(values["model_hash"]) == 12
        assert values["outputs"] == "mask"
        assert float(values["output_fps"]) > 3 and float(values["network_p50_ms"]) > 0 and int(values["memory_mb"]) > 50


def test_images_are_published_compressed_as_well_where_that_is_requested(run, probe):
    names = {
        "segmentation/mask": "/compressed",
        "segmentation/overlay": "/compressed",
        "depth/image": "/compressedDepth",
    }
    for name, form in names.items():
        probe.listen(name)
        probe.listen(name + form, CompressedImage)
    run(compressed=list(names))
    probe.wait_for_node()
    probe.send(7)
    probe.until(lambda: all(probe.received.values()))
    raw = {name: array_from_image(probe.received[name][0]) for name in names}
    mask, overlay, depth = (probe.received[name + form][0] for name, form in names.items())
    assert stamp_ns(depth.header) == 7 and depth.format == "32FC1; compressedDepth png" and mask.format == "png"
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(mask.data, np.uint8), -1), raw["segmentation/mask"])
    colours = cv2.imdecode(np.frombuffer(overlay.data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)
    off, swapped = (abs(each - raw["segmentation/overlay"]).mean() for each in (colours, colours[..., ::-1]))
    assert off < 0.3 * swapped, "JPEG loses something of single pixels, and exchanges no colours"
    values = cv2.imdecode(np.frombuffer(depth.data, np.uint8)[12:], -1)
    known = np.isfinite(raw["depth/image"]) & (raw["depth/image"] <= 250)
    np.testing.assert_array_equal(values > 0, known)


def test_what_is_no_image_is_not_compressed(run):
    node = run(compressed="points")
    node.process.wait(30)
    assert "compressed has 'points'; the images are segmentation/mask, " in node.log and "Traceback" not in node.log
