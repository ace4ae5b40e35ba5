# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Player, node and recorder together, as the demo starts them."""

import json
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from nodes import Probe
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mt_perception.bags.bag import Bag
from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import main
from mt_perception.evaluation.run import overview, summarize
from mt_perception.messages.read import array_from_image, stamp_ns
from mt_perception.messages.rosbags import new_compressed, new_header
from recordings import write_street


@pytest.fixture
def street(tmp_path):
    """A recording with a stereo pair, camera_info and truth: 8 frames, 10 per second, 60x100."""
    return write_street(tmp_path / "street")


def test_the_demo_writes_its_three_outputs(street, bundle, tmp_path, capfd):
    out = tmp_path / "out"
    assert main(["demo", "--input", str(street), "--out", str(out), "--model", str(bundle.folder)]) == 0
    said = capfd.readouterr()
    assert "Traceback" not in said.err and "fps, latency" in said.err
    summary = json.loads((out / "summary.json").read_text())
    assert summary["frames_in"] == summary["frames_out"] == 8
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p95"] <= summary["latency_ms"]["p99"] < 5000
    assert summary["backend"] == "openvino" and summary["model"] == "lively" and summary["stages"]["network"] > 0
    assert 0 <= summary["miou"] <= 1 and summary["abs_rel"] > 0
    image = cv2.imread(str(out / "overview.png"))
    assert image.shape[1] == 5 * 480 and image.std() > 10
    with Bag(out / "recording") as bag:
        assert bag.counts["/segmentation/mask"] == bag.counts["/image/compressed"] == bag.counts["/camera_info"] == 8
        assert bag.counts["/segmentation/overlay"] == bag.counts["/depth/color"] == 8, "something to look at"
        assert "/right/image_rect/compressed" not in bag.counts
        names = [each for each in bag.connections if each.topic == "/segmentation/label_info"]
        assert len(names) == bool(find_spec("vision_msgs"))  # it comes with ROS
        assert all(qos.durability.name == "TRANSIENT_LOCAL" for each in names for qos in each.ext.offered_qos_profiles)
    # by hand: the scores are those of the recorded masks against a truth that is road everywhere
    with Bag(out / "recording") as bag:
        masks = [array_from_image(each.message()) for each in bag.messages(["/segmentation/mask"])]
    road = np.mean([(mask == 0).mean() for mask in masks])
    assert summary["pixel_accuracy"] == pytest.approx(road, abs=1e-6)


def test_a_recording_is_not_overwritten(street, bundle, tmp_path, capsys):
    (tmp_path / "out" / "recording").mkdir(parents=True)
    assert main(["demo", "--input", str(street), "--out", str(tmp_path / "out")]) == 1
    assert "never overwritten" in capsys.readouterr().err


def test_a_node_that_cannot_start_ends_the_demo_with_the_reason(street, tmp_path, capfd):
    arguments = ["demo", "--input", str(street), "--out", str(tmp_path / "out"), "--model", str(tmp_path / "none")]
    assert main(arguments) == 1
    said = capfd.readouterr().err
    assert "does not exist" in said and "the node ended early" in said and "Traceback" not in said


def test_frames_that_are_lost_make_it_fail(street, bundle, tmp_path):
    """A recording with half of its masks gone: the share that came out is what is told."""
    out = tmp_path / "out"
    assert main(["demo", "--input", str(street), "--out", str(out), "--model", str(bundle.folder)]) == 0
    with Bag(out / "recording") as bag, BagWriter(tmp_path / "half") as half:
        count = 0
        for each in bag.messages():
            count += each.topic == "/segmentation/mask"
            if each.topic != "/segmentation/mask" or count % 2:
                half.write(each.topic, each.type_name, each.received_ns, each.data)
    summary = summarize(tmp_path / "half", bundle.card.labels)
    assert (summary["frames_in"], summary["frames_out"]) == (8, 4)
    assert overview(tmp_path / "half", bundle.card.labels, frames=2).shape[1] == 5 * 480


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_demo_and_its_processes(street, bundle, tmp_path, number, status):
    program = "import sys; from mt_perception.commands.main import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["demo", "--input", str(street), "--seconds", "60", "--out", str(tmp_path / "out")]
    with (tmp_path / "said").open("w") as log:
        demo = subprocess.Popen(
            [sys.executable, "-c", program, *arguments, "--model", str(bundle.folder)],
            stderr=log,
            start_new_session=True,
        )
    end = time.monotonic() + 60
    while "latency" not in (tmp_path / "said").read_text():
        assert demo.poll() is None and time.monotonic() < end, (tmp_path / "said").read_text()
        time.sleep(0.1)
    demo.send_signal(number)
    assert demo.wait(20) == status
    said = (tmp_path / "said").read_text()
    assert ("stopped" in said) == (number == signal.SIGINT) and "Traceback" not in said, said
    with Bag(tmp_path / "out" / "recording") as bag:  # what was recorded is complete and readable
        assert sum(1 for _ in bag.messages()) == sum(bag.counts.values()) > 0
    left = subprocess.run(["pgrep", "-f", str(bundle.folder)], capture_output=True, text=True).stdout
    assert left == ""


def test_the_player_plays_a_stereo_pair(street, start, tmp_path):
    probe = Probe(start.namespace)
    pairs = {"left/image_rect/compressed": CompressedImage, "right/image_rect/compressed": CompressedImage,
             "left/camera_info": CameraInfo}  # fmt: skip
    for topic, kind in pairs.items():
        probe.listen(topic, kind)
    player = start("player", input=str(street), stereo=True, rate=50.0, progress=False)
    probe.until(lambda: all(len(messages) == 8 for messages in probe.received.values()))
    stamps = {topic: [stamp_ns(m.header) for m in messages] for topic, messages in probe.received.items()}
    first, *others = stamps.values()
    assert all(other == first for other in others) and first == sorted(set(first))
    assert abs(first[0] / 1e9 - time.time()) < 30, "stamps are those of playing, not of recording"
    assert player.process.wait(10) == 0
    probe.destroy_node()


def test_the_player_plays_a_folder_at_its_rate(start, tmp_path):
    for index in range(6):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((20, 30, 3), index * 40, np.uint8))
    probe = Probe(start.namespace)
    probe.listen("image", Image)
    start("player", input=str(tmp_path), rate=20.0, progress=False, frame_id="front")
    messages = probe.until(lambda: probe.received["image"][5:] and probe.received["image"])
    assert [int(array_from_image(m).mean()) for m in messages] == [index * 40 for index in range(6)]
    gaps = np.diff([stamp_ns(m.header) for m in messages]) / 1e9
    assert np.median(gaps) == pytest.approx(0.05, rel=0.3) and messages[0].header.frame_id == "front"
    probe.destroy_node()


def test_a_player_that_cannot_go_on_ends(start, probe, tmp_path):
    """A camera_info of 12 bytes: a demo would otherwise wait for ever."""
    with BagWriter(tmp_path / "bag") as bag:
        image = new_compressed(np.zeros((20, 30, 3), np.uint8), "png", new_header(10**9, "camera"))
        bag.write("/camera/camera_info", "sensor_msgs/msg/CameraInfo", 10**9, bytes([0, 1, 0, 0, 1]) + bytes(7))
        bag.write_message("/camera/image_raw/compressed", 10**9, image)
    probe.create_subscription(CompressedImage, "image/compressed", lambda _: None, 1)
    player = start("player", input=str(tmp_path / "bag"), progress=False)
    assert player.process.wait(20) == 1
    assert "error: the player cannot go on" in player.log


def test_the_player_explains_a_wrong_input(start, tmp_path):
    with BagWriter(tmp_path / "empty"):
        pass
    for path, said in (
        ("/none", "the input /none does not exist"),
        (tmp_path / "empty", "has no topic that is a camera"),
    ):
        player = start("player", input=str(path))
        assert player.process.wait(20) == 1
        assert said in player.log and "Traceback" not in player.log
