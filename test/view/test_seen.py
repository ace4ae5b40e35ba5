# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import time

import cv2
import numpy as np
import pytest
from helpers import make_image

from mt_perception.bags.bag import Bag
from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import main
from mt_perception.messages.rosbags import new_compressed, new_header, new_image
from mt_perception.settings import Settings
from mt_perception.types import Camera, DataError
from mt_perception.view.seen import Rate
from mt_perception.view.server import ViewError
from mt_perception.view.sources import live, opened
from recordings import CAMERA, SIZE, write_results, write_street, write_two_cameras


class Collected:
    """Stands where rerun would be, and keeps what it gets."""

    def __init__(self):
        self.seen, self.numbers = [], []

    def show(self, seen):
        self.seen.append(seen)

    def plot(self, stamp_ns, numbers):
        self.numbers.append((stamp_ns, numbers))


def fed(path, **settings):
    collected = Collected()
    with opened(path, Settings(**settings)) as scene:
        assert scene.feed(collected) == len(collected.seen)
    return collected.seen


def test_recorded_results_are_shown_as_they_are_with_camera_stamp_and_latency(tmp_path):
    seen = fed(write_results(tmp_path / "bag", 3, wrong_columns=40, camera=True))
    assert [each.prediction.frame.stamp_ns for each in seen] == [1_000_000_000, 1_100_000_000, 1_200_000_000]
    first = seen[0].prediction
    assert (first.mask == np.where(np.arange(100) < 40, 10, 0)).all() and (first.depth_m == 5).all()
    assert first.camera == CAMERA and first.size == SIZE
    assert seen[0].numbers == {"latency_ms/result": 40.0}  # one result has no rate
    assert seen[2].numbers == {"latency_ms/result": 40.0, "fps": 10.0}


def test_results_that_carry_the_time_of_their_images_have_no_latency(tmp_path):
    seen = fed(write_results(tmp_path / "bag", 2, late_ms=0))
    assert seen[1].numbers == {"fps": 10.0}


def test_images_without_results_are_left_out(tmp_path):
    seen = fed(write_results(tmp_path / "bag", 3, missing={1}))
    assert [each.prediction.frame.stamp_ns for each in seen] == [1_000_000_000, 1_200_000_000]


def test_results_without_images_lie_on_black(tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        bag.write_message("/segmentation/mask", 50, new_image(np.full(SIZE, 2, np.uint8), "mono8", new_header(7, "")))
    (only,) = fed(tmp_path / "bag")
    assert only.prediction.frame.stamp_ns == 7 and not only.prediction.image.any()
    assert set(only.prediction.outputs) == {"mask"}


def test_what_cannot_be_read_is_left_out_and_told(tmp_path, capfd):
    path = write_results(tmp_path / "bag", 1, truth=False)
    with Bag(path) as there, BagWriter(tmp_path / "more") as bag:
        for each in there.messages():
            bag.write(each.topic, each.type_name, each.received_ns, each.data)
        head = new_header(2 * 10**9, "camera")
        bag.write_message("/segmentation/mask", 2 * 10**9, new_image(np.zeros(SIZE, np.uint8), "mono8", head))
        half = new_image(np.zeros((30, 50), np.float32), "32FC1", head)
        bag.write_message("/depth/image", 2 * 10**9, half)
    assert len(fed(tmp_path / "more")) == 1
    assert "1 images are left out: a prediction needs outputs of one size" in capfd.readouterr().err


def test_a_recording_of_which_nothing_can_be_read_is_an_error(tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        message = new_image(np.zeros(SIZE, np.uint8), "mono8", new_header(5, ""))
        message.encoding = "strange"
        bag.write_message("/segmentation/mask", 5, message)
    with pytest.raises(ViewError, match=r"has nothing to show; 1 images are left out: .*strange"):
        fed(tmp_path / "bag")


def test_a_recording_without_results_goes_through_the_network(tmp_path, bundle):
    seen = fed(write_street(tmp_path / "bag", frames=2, start_ns=10**9), model=str(bundle.folder))
    assert [each.prediction.frame.stamp_ns for each in seen] == [1_000_000_000, 1_100_000_000]
    assert seen[0].prediction.camera == CAMERA and set(seen[0].prediction.outputs) == {"mask", "depth_m"}
    assert 0 < seen[1].numbers["latency_ms/network"] <= seen[1].numbers["latency_ms/total"]
    busy_ms = seen[1].numbers["latency_ms/total"]
    assert seen[1].numbers["fps"] == pytest.approx(1000 / busy_ms, rel=1e-3), "as the network would do them"


def test_which_of_several_cameras_is_shown_is_said_once_with_how_to_choose(tmp_path, bundle, capfd):
    drive = write_two_cameras(tmp_path / "drive", frames=2)
    assert len(fed(drive, model=str(bundle.folder))) == 1
    said = capfd.readouterr().err
    assert said.count("taking /left/image_raw (rgb8, 1 messages)") == 1
    assert "--topic (in the player: topic) takes another: /front/image/compressed (bgr8, 2 messages)" in said
    with opened(drive, Settings(model=str(bundle.folder)), "/front/image") as scene:
        assert scene.feed(Collected()) == 2
    assert "taking" not in capfd.readouterr().err


def test_a_jpeg_is_decoded_no_larger_than_it_is_shown(tmp_path, bundle):
    """Of the size of the results, or of what is enough for the network that makes them."""
    stamp, recorded = 10**9, {"segmentation/mask": new_image(np.zeros(SIZE, np.uint8), "mono8", new_header(10**9, ""))}
    for name, results in (("results", recorded), ("images", {})):
        with BagWriter(tmp_path / name) as bag:
            image = new_compressed(make_image(4 * SIZE[0], 4 * SIZE[1]), "jpg", new_header(stamp, ""))
            bag.write_message("/image/compressed", stamp, image)
            for topic, message in results.items():
                bag.write_message(f"/{topic}", stamp, message)
    (shown,) = fed(tmp_path / "results")
    assert shown.prediction.frame.size == SIZE and shown.prediction.frame.taken_size == (240, 400)
    (made,) = fed(tmp_path / "images", model=str(bundle.folder))
    assert made.prediction.frame.size == (120, 200), "the network has 64x128"


def test_a_folder_of_images_goes_through_the_network_at_ten_a_second(tmp_path, bundle):
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), make_image(60, 100))
    seen = fed(tmp_path, model=str(bundle.folder))
    assert [each.prediction.frame.stamp_ns for each in seen] == [0, 100_000_000]


def test_a_folder_of_no_images_is_an_error(tmp_path, capfd):
    pytest.importorskip("rerun")
    assert main(["view", str(tmp_path), "--save", str(tmp_path / "out.rrd")]) == 1
    assert "holds no images" in capfd.readouterr().err and not list(tmp_path.iterdir())


@pytest.fixture
def video(tmp_path):
    """Two frames, in the proportions of `CAMERA`."""
    writer = cv2.VideoWriter(str(tmp_path / "in.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 2, SIZE[::-1])
    for seed in range(2):
        writer.write(make_image(*SIZE, seed=seed))
    writer.release()
    return str(tmp_path / "in.avi")


def test_a_camera_is_shown_as_it_comes_with_its_calibration(video, bundle, capfd):
    began_ns, collected = time.time_ns(), Collected()
    with pytest.raises(KeyboardInterrupt), live(video, None, Settings(model=str(bundle.folder)), CAMERA) as scene:
        assert scene.count is None and 1 <= scene.feed(collected) <= 2
        raise KeyboardInterrupt
    prediction = collected.seen[-1].prediction
    assert prediction.camera == CAMERA and set(prediction.outputs) == {"mask", "depth_m"}
    assert began_ns < prediction.frame.stamp_ns < time.time_ns()
    assert {"latency_ms/network", "latency_ms/total"} <= collected.seen[-1].numbers.keys()
    assert capfd.readouterr().out.startswith(f"{video}: {len(collected.seen)} images")


def test_the_calibration_of_another_camera_is_refused(video, bundle):
    other = Camera.assumed((64, 64))
    with pytest.raises(DataError, match="must have the same proportions"):  # noqa: SIM117
        with live(video, None, Settings(model=str(bundle.folder)), other) as scene:
            scene.feed(Collected())


def test_the_rate_is_that_of_the_last_ten():
    rate = Rate()
    assert rate(0) == {} and rate(10**9) == {"fps": 1.0}
    for tenth in range(1, 11):
        last = rate(10**9 + tenth * 10**8)
    assert last == {"fps": pytest.approx(10.0)}
