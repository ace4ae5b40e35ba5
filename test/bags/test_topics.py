# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which topic of a recording is what: in that of the package, under any names, and where a user names them."""

from __future__ import annotations

import numpy as np
import pytest

from mt_perception.bags.bag import Bag, BagError
from mt_perception.bags.sources import open_source
from mt_perception.bags.topics import find_camera, is_compressed, layout_of
from mt_perception.bags.writer import BagWriter
from mt_perception.messages.rosbags import new_camera_info, new_compressed, new_header, new_image
from mt_perception.types import Camera

ARM, COMPRESSED = ([f"/{name}".replace("SIDE", side) for side in ("left", "right")]
                   for name in ("left_arm/stereo/SIDE/image", "a/SIDE/image_raw/compressed"))  # fmt: skip
CAMERA = Camera(6, 4, 5.0, 5.0, 3.0, 2.0)


@pytest.fixture
def recording(tmp_path):
    """A function that writes a recording of these topics: cameras, or images, compressed where the name says so."""

    def write(names: str):
        with BagWriter(tmp_path / "bag") as bag:
            for index, name in enumerate(names.split()):
                head, pixels = new_header(10**9, "c"), np.full((4, 6, 3), index, np.uint8)
                if name.endswith("camera_info"):
                    message = new_camera_info(CAMERA, head)
                else:
                    compressed = name.endswith("compressed")
                    message = new_compressed(pixels, "png", head) if compressed else new_image(pixels, "rgb8", head)
                bag.write_message(name, 10**9, message)
        return tmp_path / "bag"

    return write


def test_the_recording_of_the_package(root):
    with Bag(root / "recordings" / "city") as bag:
        layout = layout_of(bag)
        assert layout.topics == {
            "image": "/left/image_rect/compressed",
            "camera_info": "/left/camera_info",
            "right/image_rect": "/right/image_rect/compressed",
            "right/camera_info": "/right/camera_info",
            "ground_truth/labels": "/ground_truth/labels/compressed",
            "ground_truth/depth": "/ground_truth/depth/compressed",
            "ground_truth/label_info": "/ground_truth/label_info",
        }
        assert {layout.role(topic) for topic in bag.counts} == set(layout.topics), "nothing in it has no role"
        assert (layout.by_reception, layout.notes) == (False, ())


@pytest.mark.parametrize(
    ("names", "image", "right"),
    [
        ("/front_right/image", "/front_right/image", ""),
        ("/camera/image_raw /camera/image_rect_color", "/camera/image_rect_color", ""),
        ("/CAM_FRONT/image_rect_compressed", "/CAM_FRONT/image_rect_compressed", ""),
        ("/left_arm/stereo/right/image /left_arm/stereo/left/image", *ARM),
        ("/d455/infra2/image_rect_raw /d455/infra1/image_rect_raw", *(f"/d455/infra{i}/image_rect_raw" for i in "12")),
        ("/a/left/image_raw/compressed /a/right/image_raw/compressed", *COMPRESSED),
    ],
)  # fmt: skip
def test_cameras_by_their_names(recording, names, image, right):
    with Bag(recording(names)) as bag:
        found = find_camera(bag)
        assert (found.topic, found.right) == (image, right)
        topics = layout_of(bag).topics
        assert (topics["image"], topics.get("right/image_rect", "")) == (image, right)


def test_a_named_topic_wins_in_whatever_form_it_was_recorded(recording):
    path = recording("/rear/image_raw/compressed /front/image_rect /front/camera_info /rear/camera_info /other/view")
    with Bag(path) as bag:
        assert find_camera(bag).topic == "/front/image_rect"
        for name in ("/rear/image_raw/compressed", "/rear/image_raw", "rear/image_raw"):
            topics = layout_of(bag, name, "other/view").topics
            assert topics["image"] == "/rear/image_raw/compressed" and topics["camera_info"] == "/rear/camera_info"
            assert topics["right/image_rect"] == "/other/view" and is_compressed(bag, topics["image"])
        with pytest.raises(BagError, match="has no topic /none; it has /front/camera_info, /front/image_rect"):
            layout_of(bag, "/none")
        with pytest.raises(BagError, match="is of type sensor_msgs/msg/CameraInfo"):
            layout_of(bag, "/rear/camera_info")
    source = open_source(path, "rear/image_raw", stereo=True, right="other/view")
    (frame,) = source
    assert source.compressed and set(frame.others) >= {"/other/view", "/rear/camera_info"}


def test_a_camera_beside_results_goes_before_one_elsewhere(recording):
    """A recording of two robots, of which one perceives."""
    with Bag(recording("/a/image /b/image /b/segmentation/mask")) as bag:
        assert layout_of(bag).topics == {"image": "/b/image", "segmentation/mask": "/b/segmentation/mask"}
