# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import pytest

from mt_perception.bags.bag import Recorded
from mt_perception.bags.sources import SourceError, open_source
from mt_perception.bags.writer import BagWriter
from mt_perception.messages.rosbags import new_camera_info, new_compressed, new_header
from mt_perception.types import Camera
from mt_perception.utils.image_files import ImageFileError


def test_a_folder_is_played_by_name(tmp_path):
    for name, value in (("b.png", 2), ("a.jpg", 1), ("c.PNG", 3)):
        cv2.imwrite(str(tmp_path / name), np.full((4, 6, 3), value * 50, np.uint8))
    (tmp_path / "notes.txt").write_text("not an image")
    source = open_source(tmp_path)
    assert len(source) == 3
    assert [int(frame.image.mean().round()) // 50 for frame in source] == [1, 2, 3]
    assert len(list(source)) == 3, "each iteration begins anew"


def test_a_video(tmp_path):
    video = cv2.VideoWriter(str(tmp_path / "v.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, (64, 32))
    for value in (0, 100, 200):
        video.write(np.full((32, 64, 3), value, np.uint8))
    video.release()
    source = open_source(tmp_path / "v.avi")
    assert len(source) == 3 and source.rate_hz == 12.5
    assert [round(float(frame.image.mean()), -1) for frame in source] == [0, 100, 200]


@pytest.fixture
def stereo_bag(tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        for index in range(4):
            head = new_header(index * 10**8, "camera")
            for topic in (
                "right/image_rect/compressed",
                "left/image_rect/compressed",
                "ground_truth/labels/compressed",
            ):
                bag.write_message(f"/{topic}", index * 10**8, new_compressed(np.zeros((4, 6), np.uint8), "png", head))
    return tmp_path / "bag"


def test_a_recording_is_grouped_by_stamp_around_the_left_image(stereo_bag):
    source = open_source(stereo_bag)
    assert (source.topic, len(source), source.compressed) == ("/left/image_rect/compressed", 4, True)
    for index, frame in enumerate(source):
        assert isinstance(frame.image, Recorded)
        assert frame.image.message().header.stamp.nanosec == index * 10**8
        assert set(frame.others) == {"/right/image_rect/compressed", "/ground_truth/labels/compressed"}


def test_the_file_inside_a_recording_means_the_recording(stereo_bag):
    assert len(open_source(next(stereo_bag.glob("*.mcap")))) == 4


def test_wrong_inputs_are_explained(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        open_source(tmp_path / "none")
    with pytest.raises(SourceError, match="holds no images"):
        open_source(tmp_path)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(SourceError, match="cannot be read as a video"):
        open_source(tmp_path / "broken.mp4")
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ImageFileError, match=r"broken\.png cannot be read"):
        list(open_source(tmp_path / "broken.png"))


def test_messages_that_come_late_belong_to_their_frame(tmp_path):
    """As in a recording of the node: results come when the next images have been there for a while."""
    with BagWriter(tmp_path / "bag") as bag:
        for index in range(12):
            for topic, late_by in (("/image/compressed", 0), ("/segmentation/mask/compressed", 5)):
                if (taken := index - late_by) >= 0:
                    head = new_header(taken * 10**8, "camera")
                    message = new_compressed(np.zeros((4, 6), np.uint8), "png", head)
                    bag.write_message(topic, index * 10**8, message)
    frames = list(open_source(tmp_path / "bag"))
    assert len(frames) == 12
    assert [bool(frame.others) for frame in frames] == [True] * 7 + [False] * 5


def write_camera(path, stamps_ns, infos_ns=(), topic="/camera/image_raw/compressed"):
    """Images 0.1 s apart with these stamps; camera_infos received then, with stamp 7, whose fx in px counts them."""
    with BagWriter(path) as bag:
        messages = [
            (
                10**9 + index * 10**8,
                topic,
                new_compressed(np.full((4, 6), index, np.uint8), "png", new_header(stamp, "c")),
            )
            for index, stamp in enumerate(stamps_ns)
        ]
        for count, received_ns in enumerate(infos_ns, 1):
            info = new_camera_info(Camera(6, 4, float(count), 1.0, 3.0, 2.0), new_header(7, "c"))
            messages.append((received_ns, "/camera/camera_info", info))
        for received_ns, name, message in sorted(messages, key=lambda each: each[0]):
            bag.write_message(name, received_ns, message)
    return path


def test_stamps_that_stay_at_zero_hide_no_image(tmp_path):
    source = open_source(write_camera(tmp_path / "bag", [0] * 6))
    assert len(source) == 6 and [int(frame.image.message().data[0]) > 0 for frame in source] == [True] * 6


def test_each_image_has_the_newest_camera_info_whatever_its_stamp(tmp_path):
    """As in the node: the first one for images before it, then each from when it was received."""
    infos_ns = [10**9 + 150 * 10**6, 10**9 + 300 * 10**6, 10**9 + 310 * 10**6]
    source = open_source(write_camera(tmp_path / "bag", [10**9 + i * 10**8 for i in range(5)], infos_ns))
    focal_px = [frame.others["/camera/camera_info"].message().k[0] for frame in source]
    assert focal_px == [1, 1, 1, 2, 3]


def test_a_folder_of_recordings_files_is_a_recording_and_one_of_images_stays_one(tmp_path):
    write_camera(tmp_path / "bag", [10**9, 2 * 10**9])
    (tmp_path / "bag" / "metadata.yaml").unlink()
    assert len(open_source(tmp_path / "bag")) == 2
    cv2.imwrite(str(tmp_path / "bag" / "one.png"), np.zeros((4, 6, 3), np.uint8))
    assert len(open_source(tmp_path / "bag")) == 1


def test_a_topic_may_be_named_and_what_is_wrong_with_it_is_said(tmp_path):
    path = write_camera(tmp_path / "bag", [10**9], [10**9])
    assert open_source(path, "/camera/image_raw/compressed").topic == "/camera/image_raw/compressed"
    with pytest.raises(SourceError, match="no topic /none; it has /camera/camera_info, /camera/image_raw/compressed"):
        open_source(path, "/none")
    with pytest.raises(SourceError, match="is of type sensor_msgs/msg/CameraInfo"):
        open_source(path, "/camera/camera_info")
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((4, 6, 3), np.uint8))
    with pytest.raises(SourceError, match="is no recording, so it has no topic /x"):
        open_source(tmp_path / "one.png", "/x")


def test_a_topic_without_messages_is_no_camera(tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        bag._connections["/camera/image_raw"] = bag._connect("/camera/image_raw", "sensor_msgs/msg/Image", False)
        image = new_compressed(np.zeros((4, 6, 3), np.uint8), "png", new_header(1, "camera"))
        bag.write_message("/camera/image_raw/compressed", 10**9, image)
    source = open_source(tmp_path / "bag")
    assert source.topic == "/camera/image_raw/compressed" and len(list(source)) == 1
    assert open_source(tmp_path / "bag", "camera/image_raw").topic == source.topic, (
        "the form that has messages is meant"
    )
    with BagWriter(tmp_path / "empty") as bag:
        bag._connections["/camera/image_raw"] = bag._connect("/camera/image_raw", "sensor_msgs/msg/Image", False)
        bag.write_message("/other/compressed", 10**9, image)
    with pytest.raises(SourceError, match=r"/camera/image_raw of .* has no messages; with messages are /other"):
        open_source(tmp_path / "empty", "/camera/image_raw")


def test_what_is_damaged_ends_with_how_far_it_was_read(tmp_path):
    """Bytes of a chunk are wrong while index and metadata are whole."""
    path = write_camera(tmp_path / "bag", [10**9 + i * 10**8 for i in range(5)])
    source = open_source(path)
    (file,) = path.glob("*.mcap")
    data = bytearray(file.read_bytes())
    data[data.index(b"zstd") + 40] ^= 255
    file.write_bytes(data)
    with pytest.raises(SourceError, match="0 of the 5 images that it announces on /camera/image_raw/compressed"):
        list(source)
