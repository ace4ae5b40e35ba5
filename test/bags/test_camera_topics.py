# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which topic is the camera's: by type, encoding and number of messages; and what of names counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.bags.camera_topics import (
    Chosen,
    ImageTopic,
    choose,
    doubt,
    encoding_of,
    kind_of,
    right_of,
    stated_encoding,
)
from mt_perception.messages.rosbags import new_compressed, new_header, new_image

JPEG = "rgb8; jpeg compressed bgr8"

RECORDINGS = {
    "RealSense, align_depth": {
        "/camera/camera/color/image_raw": "rgb8", "/camera/camera/aligned_depth_to_color/image_raw": "16UC1",
        "/camera/camera/depth/image_rect_raw": "16UC1",
    },
    "RealSense, compressed": {
        "/camera/color/image_raw/compressed": "rgb8",
        "/camera/aligned_depth_to_color/image_raw/compressedDepth": "16UC1",
    },
    "RealSense with infrared": {
        "/camera/camera/color/image_raw": "rgb8", "/camera/camera/infra1/image_rect_raw": "mono8",
        "/camera/camera/depth/image_rect_raw": "16UC1",
    },
    "Gazebo": {"/rgbd_camera/image": "rgb8", "/rgbd_camera/depth_image": "32FC1"},
    "Azure Kinect": {
        "/rgb/image_raw": "bgra8", "/depth_to_rgb/image_raw": "16UC1", "/ir/image_raw": "mono16",
        "/depth/image_raw": "16UC1",
    },
    "ZED with confidence": {
        "/zed/zed_node/rgb/image_rect_color": "bgra8", "/zed/zed_node/confidence/confidence_map": "32FC1",
        "/zed/zed_node/depth/depth_registered": "32FC1",
    },
    "ZED, left": {"/zed/left/image_rect_color": "bgra8", "/zed/left/image_rect_gray": "mono8"},
    "OAK-D": {"/oakd/rgb/preview/image_raw": "bgr8", "/oakd/stereo/image_raw": "16UC1"},
    "Spot": {"/camera/frontleft/image": "rgb8", "/depth/frontleft/image": "16UC1"},
    "a detector's image": {"/camera/image_raw": "rgb8", "/yolo/dbg_image": "bgr8", "/annotated/image": "bgr8"},
    "a camera of YUV beside a grey one": {"/usb_cam/image_raw": "yuv422_yuy2", "/grey/image_raw": "mono8"},
    "names that only hold letters of others": {"/bright_cam/image": "bgr8", "/leftover/depth": "32FC1"},
    "one camera that looks to the right": {"/front_right/image_raw": "rgb8"},
    "a grey camera beside its confidence": {"/tof/ir/image": "mono8", "/tof/confidence/image": "mono8"},
    "rectified beside raw": {"/cam/image_rect_color": "rgb8", "/cam/image_raw": "rgb8"},
    "raw beside compressed": {"/cam/image_raw": "rgb8", "/cam/image_raw/compressed": "rgb8"},
    "left beside right": {"/rig/left/image_raw": "rgb8", "/rig/right/image_raw": "rgb8"},
    "a node's own recording": {
        "/r2/image": "rgb8", "/r2/depth/color": "rgb8", "/r2/segmentation/mask": "mono8",
        "/r2/ground_truth/labels/compressed": "mono8", "/r2/segmentation/overlay": "rgb8",
    },
}  # fmt: skip


def topics(encodings, count=6):
    return [ImageTopic(name, encoding, count) for name, encoding in encodings.items()]


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_camera_of_usual_recordings_is_found(name):
    """The camera is the first of each, here; neither order nor alphabet may tell."""
    given = topics(RECORDINGS[name])
    assert choose(given).topic == choose(given[::-1]).topic == given[0].name


@pytest.mark.parametrize("encodings", [
    {}, {"/depth/image_raw": "16UC1"}, {"/confidence_map": "32FC1"}, {"/confidence/image": "mono8"},
    {"/segmentation/overlay": "rgb8"}, {"/robot/ground_truth/labels": "mono8"}, {"/x/compressedDepth": "16UC1"},
])  # fmt: skip
def test_what_is_no_camera_is_never_taken_for_one(encodings):
    assert choose(topics(encodings)) is None


def test_topics_without_messages_are_passed_over_and_what_else_there_was_is_said():
    given = [ImageTopic("/cam/image_raw", "", 0), ImageTopic("/cam/image_raw/compressed", "bgr8", 6)]
    assert choose(given) == Chosen(
        "/cam/image_raw/compressed",
        note="taking /cam/image_raw/compressed (bgr8, 6 messages); --topic (in the player: topic) takes another: "
        "/cam/image_raw (no messages)",
    )
    assert choose(given[:1]) is None
    assert choose(given[1:]).note == ""


def test_a_calibrated_camera_goes_before_others_and_a_stream_before_a_few_messages():
    assert choose([ImageTopic("/a", "rgb8", 9), ImageTopic("/b", "rgb8", 9, has_camera_info=True)]).topic == "/b"
    assert choose([ImageTopic("/a", "rgb8", 4), ImageTopic("/b", "rgb8", 9)]).topic == "/b"
    assert choose([ImageTopic("/a", "rgb8", 5), ImageTopic("/b", "rgb8", 9)]).topic == "/a"  # a few were lost
    assert choose([ImageTopic("/a", "mono8", 900), ImageTopic("/b", "rgb8", 9)]).topic == "/b"


def test_what_is_made_of_an_image_keeps_its_stamp_and_comes_later():
    given = [
        ImageTopic("/a", "rgb8", 9, stamp_ns=5, received_ns=30),
        ImageTopic("/b", "rgb8", 9, stamp_ns=5, received_ns=9),
    ]
    assert choose(given).topic == "/b"
    assert choose([given[0], ImageTopic("/b", "rgb8", 9, stamp_ns=6, received_ns=9)]).topic == "/a"


def test_with_stereo_it_is_a_camera_with_a_partner():
    infra = {f"/camera/infra{side}/image_rect_raw": "mono8" for side in (2, 1)}
    given = topics({"/camera/color/image_raw": "rgb8", **infra})
    assert choose(given).topic == "/camera/color/image_raw"
    chosen = choose(given, stereo=True)
    assert (chosen.topic, chosen.right) == ("/camera/infra1/image_rect_raw", "/camera/infra2/image_rect_raw")
    assert choose(given[:2], stereo=True) is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("/left/image_rect", "/right/image_rect"),
        ("/left/image_rect/compressed", "/right/image_rect/compressed"),
        ("/left_arm/stereo/left/image_rect", "/left_arm/stereo/right/image_rect"),
        ("/left_camera/image_raw", "/right_camera/image_raw"),
        ("/camera/infra1/left", "/camera/infra2/right"),
        ("/cleft/image", ""),
        ("/right/image_rect", ""),
        ("/left/image_raw", ""),
    ],
)
def test_the_right_partner_differs_in_whole_words(left, right):
    names = ["/right/image_rect", "/right/image_rect/compressed", "/left_arm/stereo/right/image_rect", "/cright/image",
             "/right_arm/stereo/left/image_rect", "/right_camera/image_raw", "/camera/infra2/right"]  # fmt: skip
    assert right_of(left, [*names, left]) == right


def test_kinds_of_encodings():
    kinds = {
        "color": "rgb8 bgr8 rgba8 bgra8 rgb16 bgr16 8UC3 8UC4 yuv422 yuv422_yuy2 uyvy nv12 nv21 bayer_rggb8",
        "mono": "mono8 mono16 8UC1",
        "depth": "16UC1 32FC1 64FC1 16SC1 32SC1 32FC3",
        "unknown": "h264 banana8",
    }
    assert {kind: {kind_of(each) for each in text.split()} for kind, text in kinds.items()} == {k: {k} for k in kinds}
    assert "not a camera's image" in doubt("/x", "16UC1") and doubt("/x", "mono16") == doubt("/x", "rgb8") == ""


def test_the_encoding_of_a_compressed_image_is_told_or_found():
    head, pixels = new_header(1, "c"), np.zeros((4, 6, 3), np.uint8)
    made = {"jpg": pixels, "png": pixels[..., 0], "webp": pixels}
    found = {each: encoding_of(new_compressed(array, each, head)) for each, array in made.items()}
    assert found == {"jpg": "bgr8", "png": "mono8", "webp": "bgr8"}
    deep = new_compressed(np.zeros((4, 6), np.uint16), "png", head)
    assert (stated_encoding(deep), encoding_of(deep)) == ("", "16UC1")
    for form, encoding in (
        (JPEG, "rgb8"),
        ("mono16; compressedDepth rvl", "16UC1"),
        ("bayer_rggb8; jpeg compressed ", "bayer_rggb8"),
    ):
        deep.format = form
        assert stated_encoding(deep) == encoding
    deep.data, deep.format = np.zeros(9, np.uint8), "jpeg"
    assert encoding_of(deep) == ""
    assert encoding_of(new_image(pixels, "rgb8", head)) == "rgb8"


WORDS = st.lists(st.sampled_from(["camera", "stereo", "front", "arm", "image", "rect", "cleft", "bright"]), max_size=3)


@given(before=WORDS, after=WORDS, between=st.sampled_from("/_"), sides=st.sampled_from(["left right", "infra1 infra2"]))
def test_any_pair_whose_names_differ_in_the_side_alone_is_found(before, after, between, sides):
    """In whatever word; and what holds the letters of a side within a word stays as it is."""
    left, right = (f"/{between.join([*before, side, *after])}" for side in sides.split())
    others = [each.replace("cleft", "cright") for each in (left, right)]
    assert right_of(left, [left, right, *others]) == right
    assert right_of(right, [left, *others]) == ""
