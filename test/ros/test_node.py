"""The node as users run it: a process of its own, spoken to over DDS."""

import signal
import time

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from helpers import make_picture
from nodes import diagnostics_of
from rcl_interfaces.srv import DescribeParameters, SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage

from mt_perception.messages import array_from_image, stamp_ns
from mt_perception.settings import SETTINGS

PICTURES = {
    "segmentation/mask": ("mono8", np.uint8),
    "segmentation/confidence": ("mono8", np.uint8),
    "segmentation/color": ("rgb8", np.uint8),
    "segmentation/overlay": ("rgb8", np.uint8),
    "depth/image": ("32FC1", np.float32),
    "depth/image_mm": ("16UC1", np.uint16),
    "depth/color": ("rgb8", np.uint8),
}


@pytest.fixture
def run(start, bundle):
    """Start the node with the test bundle on the CPU in fp32."""

    def runner(**parameters):
        return start("node", model=str(bundle.folder), backend="openvino", precision="fp32", **parameters)

    return runner


def test_every_output_carries_the_inputs_header_and_size(run, probe):
    for topic in PICTURES:
        probe.listen(topic)
    probe.listen("depth/camera_info", CameraInfo)
    run()
    probe.wait_for_node()
    probe.send_info(fx=200.0)
    probe.spin(0.2)
    probe.send(1_700_000_000_123_456_789, frame_id="left_optical")
    probe.until(lambda: all(probe.received.values()))
    for topic, (encoding, dtype) in PICTURES.items():
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
    from mt_perception.types import CameraModel, Frame

    probe.listen("segmentation/mask")
    probe.listen("depth/image")
    run()
    probe.wait_for_node()
    probe.send_info(fx=250.0)
    probe.spin(0.2)
    probe.send(5)
    probe.until(lambda: all(probe.received.values()))
    perceiver = Perceiver.open(Settings(model=str(bundle.folder), backend="openvino", precision="fp32"))
    camera = CameraModel(160, 90, 250.0, 250.0, 80.0, 45.0)
    expected = perceiver(Frame(make_picture(90, 160), "bgr", camera=camera))
    np.testing.assert_array_equal(array_from_image(probe.received["segmentation/mask"][0]), expected.mask)
    np.testing.assert_allclose(array_from_image(probe.received["depth/image"][0]), expected.depth_m, rtol=1e-4)


def test_size_and_encoding_may_change_and_bad_pictures_are_skipped(run, probe):
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


def test_compressed_pictures(run, probe):
    probe.listen("segmentation/mask")
    publisher = probe.create_publisher(CompressedImage, "image/compressed", 1)
    run(image_transport="compressed")
    probe.wait_for_node(publisher)
    message = CompressedImage(format="jpeg", data=cv2.imencode(".jpg", make_picture(60, 100))[1].tobytes())
    message.header.stamp.sec = 9
    publisher.publish(message)
    mask = probe.until(lambda: probe.received["segmentation/mask"])[0]
    assert (mask.height, mask.width, mask.header.stamp.sec) == (60, 100, 9)


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
        assert silent.message.startswith("no picture for") and "waiting for " in silent.message
        for index in range(15):
            probe.send(index + 1)
            probe.spin(0.1)
        status = probe.until(lambda: diagnostics() if diagnostics().level == b"\x01" else None)
        assert "untrained" in status.message
        values = {v.key: v.value for v in status.values}
        assert values["backend"] == "openvino" and values["precision"] == "fp32" and len(values["model_hash"]) == 12
        assert float(values["output_fps"]) > 3 and float(values["network_p50_ms"]) > 0 and int(values["memory_mb"]) > 50


def test_parameters_change_or_say_why_not(run, probe):
    node = run()
    probe.wait_for_node()
    name = probe.get_namespace() + "/perception"
    client = probe.create_client(SetParameters, f"{name}/set_parameters")
    assert client.wait_for_service(10)

    def change(key, value):
        request = SetParameters.Request(parameters=[Parameter(key, value=value).to_parameter_msg()])
        future = client.call_async(request)
        probe.until(future.done)
        return future.result().results[0]

    assert change("overlay_opacity", 0.9).successful
    refused = change("overlay_opacity", 1.5)
    assert not refused.successful and "0" in refused.reason and "1" in refused.reason
    fixed = change("input_width", 512)
    assert not fixed.successful and "read when the node is configured" in fixed.reason
    backwards = change("depth_color_min_m", 500.0)
    assert not backwards.successful and "smaller" in backwards.reason
    assert node.process.poll() is None


def test_every_parameter_is_described_with_its_bounds(run, probe):
    run(autostart=False)
    describe = probe.create_client(DescribeParameters, f"{probe.get_namespace()}/perception/describe_parameters")
    assert describe.wait_for_service(20)
    future = describe.call_async(DescribeParameters.Request(names=list(SETTINGS)))
    probe.until(future.done)
    for setting, shown in zip(SETTINGS.values(), future.result().descriptors, strict=True):
        assert setting.description in shown.description and setting.unit in shown.description
        ranges = shown.floating_point_range or shown.integer_range
        bounds = (ranges[0].from_value, ranges[0].to_value) if ranges else None
        assert bounds == setting.bounds, setting.name
        assert all(choice in shown.additional_constraints for choice in setting.choices)
        assert setting.live == ("read when" not in shown.additional_constraints)


def test_live_parameters_show_in_the_next_frame(run, probe):
    probe.listen("segmentation/overlay")
    run(overlay_opacity=0.0)
    probe.wait_for_node()
    probe.send(1)
    plain = array_from_image(probe.until(lambda: probe.received["segmentation/overlay"])[0])
    np.testing.assert_array_equal(plain, make_picture(90, 160)[..., ::-1])
    client = probe.create_client(SetParameters, f"{probe.get_namespace()}/perception/set_parameters")
    request = SetParameters.Request(parameters=[Parameter("overlay_opacity", value=1.0).to_parameter_msg()])
    probe.until(client.call_async(request).done)
    probe.send(2)
    colored = array_from_image(probe.until(lambda: probe.received["segmentation/overlay"][1:])[0])
    assert len(np.unique(colored.reshape(-1, 3), axis=0)) <= 20


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("busy", [False, True])
def test_signals_end_it_quickly_and_quietly(run, probe, number, busy):
    probe.listen("segmentation/mask")
    node = run()
    probe.wait_for_node()
    if busy:
        for index in range(10):
            probe.send(index + 1)
            probe.spin(0.02)
    status, seconds = node.stop(number)
    assert status == 0, node.log
    assert seconds < 3.0
    assert "Traceback" not in node.log and "terminate" not in node.log


def test_a_second_signal_does_not_break_the_ending(run, probe):
    node = run()
    probe.wait_for_node()
    node.process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    status, _ = node.stop(signal.SIGINT)
    assert status == 0 and "Traceback" not in node.log


@pytest.mark.parametrize("delay_s", [0.0, 0.2, 0.4])
def test_a_signal_while_loading(run, probe, delay_s):
    node = run()
    probe.until(lambda: "perception" in probe.get_node_names())
    time.sleep(delay_s)
    status, _ = node.stop(signal.SIGINT)
    assert status == 0 and "Traceback" not in node.log, node.log


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"model": "/none"}, "the model folder /none does not exist"),
        ({"overlay_opacity": 7.0}, "overlay_opacity is 7.0; allowed: 0 to 1"),
        ({"backend": "cuda"}, "backend is 'cuda'; allowed: one of auto, openvino, torch"),
        ({"input_width": 5}, "input_width is 5; allowed: 0, or 32 to 4096 px"),
        ({"precision": "fp16", "backend": "torch"}, "computes in fp32, bf16"),
    ],
)
def test_a_wrong_start_ends_with_one_line(start, bundle, parameters, said):
    node = start("node", **({"model": str(bundle.folder)} | parameters))
    assert node.process.wait(30) == 1
    lines = [line for line in node.log.splitlines() if line.strip()]
    assert len(lines) == 1 and said in lines[0], node.log


def test_build_only_ends_when_the_model_is_ready(start, bundle):
    node = start("node", model=str(bundle.folder), backend="openvino", build_only=True, autostart=False)
    assert node.process.wait(30) == 0, node.log
    assert "ready in" in node.log and "Traceback" not in node.log
