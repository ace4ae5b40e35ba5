# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the names of a recording's topics tell: of which camera results and truth are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.bags.roles import roles_of

ROLES = {
    "one camera": (
        "/image /camera_info /segmentation/mask /depth/image /ground_truth/labels", "/image", "",
        {"image": "/image", "camera_info": "/camera_info", "segmentation/mask": "/segmentation/mask",
         "depth/image": "/depth/image", "ground_truth/labels": "/ground_truth/labels"},
    ),
    "a driver's names, results compressed, a lidar's points elsewhere": (
        "/cam/color/image_raw /cam/color/camera_info /r/segmentation/mask/compressed /r/depth/camera_info"
        " /lidar/points",
        "/cam/color/image_raw", "",
        {"image": "/cam/color/image_raw", "camera_info": "/cam/color/camera_info",
         "segmentation/mask": "/r/segmentation/mask/compressed", "depth/camera_info": "/r/depth/camera_info"},
    ),
    "a pair": (
        "/left_arm/stereo/left/image_rect /left_arm/stereo/right/image_rect/compressed"
        " /left_arm/stereo/left/camera_info /left_arm/stereo/right/camera_info",
        "/left_arm/stereo/left/image_rect", "/left_arm/stereo/right/image_rect/compressed",
        {"image": "/left_arm/stereo/left/image_rect", "camera_info": "/left_arm/stereo/left/camera_info",
         "right/image_rect": "/left_arm/stereo/right/image_rect/compressed",
         "right/camera_info": "/left_arm/stereo/right/camera_info"},
    ),
    "raw before compressed": (
        "/ground_truth/depth/compressed /ground_truth/depth /ground_truth/labels/compressed", "", "",
        {"ground_truth/depth": "/ground_truth/depth", "ground_truth/labels": "/ground_truth/labels/compressed"},
    ),
    "two robots: that of the camera": (
        "/r1/segmentation/mask /r2/segmentation/mask /r1/ground_truth/labels /r2/ground_truth/labels", "/r2/image", "",
        {"image": "/r2/image", "segmentation/mask": "/r2/segmentation/mask",
         "ground_truth/labels": "/r2/ground_truth/labels"},
    ),
    "processed once more": (
        "/demo/segmentation/mask /segmentation/mask /demo/depth/image /depth/image", "/demo/image", "",
        {"image": "/demo/image", "segmentation/mask": "/segmentation/mask", "depth/image": "/depth/image"},
    ),
    "two cameras of one node": (
        "/front/segmentation/mask /left/segmentation/mask", "/robot/left/image_rect", "",
        {"image": "/robot/left/image_rect", "segmentation/mask": "/left/segmentation/mask"},
    ),
    "true for the other camera alone": (
        "/front/segmentation/mask /left/segmentation/mask /front/ground_truth/labels", "/left/image", "",
        {"image": "/left/image", "segmentation/mask": "/left/segmentation/mask"},
    ),
    "once more, of a camera elsewhere": (
        "/demo/segmentation/mask /segmentation/mask /demo/ground_truth/labels", "/camera/image", "",
        {"image": "/camera/image", "segmentation/mask": "/segmentation/mask",
         "ground_truth/labels": "/demo/ground_truth/labels"},
    ),
    "names that only end alike": ("/presegmentation/mask /underground_truth/labels /depth/image", "", "", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", ROLES)
def test_roles_of_a_recordings_topics_by_hand(name):
    topics, image, right, expected = ROLES[name]
    assert roles_of(topics.split(), image, right)[0] == expected
    assert roles_of(topics.split()[::-1], image, right)[0] == expected


def test_what_is_left_out_of_several_namespaces_is_said():
    _, notes = roles_of(ROLES["two robots: that of the camera"][0].split(), "/r2/image")
    assert notes == [
        "results are read from /r2/segmentation/mask, not from /r1/segmentation/mask",
        "truth is read from /r2/ground_truth/, not from /r1/ground_truth/",
    ]


@given(space=st.lists(st.from_regex("[a-z][a-z0-9_]{0,6}", fullmatch=True), max_size=3).map("/".join))
def test_a_namespace_changes_no_role(space):
    """Whatever its words; a camera's own names may be words of it."""
    prefix = f"/{space}" if space else ""
    topics, image, right, expected = ROLES["a pair"]
    more = {name: f"/{name}" for name in ("segmentation/mask", "depth/camera_info", "ground_truth/depth")}
    given_topics = [f"{prefix}{each}" for each in (*topics.split(), *more.values())]
    roles, notes = roles_of(given_topics, prefix + image, prefix + right)
    assert roles == {role: prefix + topic for role, topic in (expected | more).items()} and notes == []
