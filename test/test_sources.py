import cv2
import numpy as np
import pytest

from mt_perception.bag_messages import new_compressed, new_header
from mt_perception.bags import BagWriter, Recorded
from mt_perception.sources import SourceError, camera_info_topic, open_source


def test_a_folder_is_played_by_name(tmp_path):
    for name, value in (("b.png", 2), ("a.jpg", 1), ("c.PNG", 3)):
        cv2.imwrite(str(tmp_path / name), np.full((4, 6, 3), value * 50, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture")
    source = open_source(tmp_path)
    assert len(source) == 3
    assert [int(shot.picture.mean().round()) // 50 for shot in source] == [1, 2, 3]
    assert len(list(source)) == 3, "each iteration begins anew"


def test_a_video(tmp_path):
    video = cv2.VideoWriter(str(tmp_path / "v.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, (64, 32))
    for value in (0, 100, 200):
        video.write(np.full((32, 64, 3), value, np.uint8))
    video.release()
    source = open_source(tmp_path / "v.avi")
    assert len(source) == 3 and source.rate_hz == 12.5
    assert [round(float(shot.picture.mean()), -1) for shot in source] == [0, 100, 200]


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


def test_a_recording_is_grouped_by_stamp_around_the_left_picture(stereo_bag):
    source = open_source(stereo_bag)
    assert (source.topic, len(source), source.compressed) == ("/left/image_rect/compressed", 4, True)
    for index, shot in enumerate(source):
        assert isinstance(shot.picture, Recorded)
        assert shot.picture.message().header.stamp.nanosec == index * 10**8
        assert set(shot.others) == {"/right/image_rect/compressed", "/ground_truth/labels/compressed"}


def test_the_file_inside_a_recording_means_the_recording(stereo_bag):
    assert len(open_source(next(stereo_bag.glob("*.mcap")))) == 4


def test_camera_info_lies_beside_its_picture():
    assert camera_info_topic("/left/image_rect/compressed") == "/left/camera_info"
    assert camera_info_topic("image") == "camera_info"


def test_wrong_inputs_are_explained(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        open_source(tmp_path / "none")
    with pytest.raises(SourceError, match="holds no pictures"):
        open_source(tmp_path)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(SourceError, match="cannot be read as a video"):
        open_source(tmp_path / "broken.mp4")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(SourceError, match=r"broken\.png cannot be read"):
        list(open_source(tmp_path / "broken.png"))


def test_messages_that_come_late_belong_to_their_instant(tmp_path):
    """As in a recording of the node: results come when the next pictures have been there for a while."""
    with BagWriter(tmp_path / "bag") as bag:
        for index in range(12):
            for topic, late_by in (("/image/compressed", 0), ("/segmentation/mask/compressed", 5)):
                if (taken := index - late_by) >= 0:
                    head = new_header(taken * 10**8, "camera")
                    message = new_compressed(np.zeros((4, 6), np.uint8), "png", head)
                    bag.write_message(topic, index * 10**8, message)
    shots = list(open_source(tmp_path / "bag"))
    assert len(shots) == 12
    assert [bool(shot.others) for shot in shots] == [True] * 7 + [False] * 5
