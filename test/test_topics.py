# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The table of topics: everything that names a topic agrees with it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import yaml

from mt_perception.messages.outputs import IMAGES, MESSAGES
from mt_perception.processing.outputs import processed
from mt_perception.topics import (
    DIAGNOSTICS,
    DISPARITY,
    IMAGE_TYPE,
    LABEL_INFO,
    OBSTACLES,
    OUTPUT_TOPICS,
    POINTS,
    camera_info_topic,
    compressed_output,
    image_inputs,
    is_made_here,
    is_rectified,
    namespace_of,
    truth_name,
)
from mt_perception.types import OUTPUTS

NAMES = {each.name for each in OUTPUT_TOPICS}


def test_names_count_in_whole_words():
    assert (
        is_rectified("/camera/image_rect")
        and is_rectified("/image_rect_color/compressed")
        and is_rectified("/rect/image")
    )
    assert not is_rectified("/direct_cam/image") and not is_rectified("/correct/image_raw")
    assert truth_name("/robot/ground_truth/labels/compressed") == "ground_truth/labels/compressed"
    assert truth_name("/underground_truth/labels") == ""
    assert namespace_of("/a/b/segmentation/mask", "segmentation/mask") == "a/b/"
    assert namespace_of("segmentation/mask/compressed", "segmentation/mask") == ""
    assert namespace_of("/presegmentation/mask", "segmentation/mask") is None
    assert not is_made_here("/underground_truth/image") and not is_made_here("/camera_depth/image")


def test_camera_info_lies_beside_its_image():
    assert camera_info_topic("/left/image_rect/compressed") == "/left/camera_info"
    assert camera_info_topic("image") == "camera_info"


def test_every_output_is_made_by_one_function_from_what_the_network_gives():
    """Those of a pair and of a model are made with them, not with each frame."""
    of_frames = [each for each in OUTPUT_TOPICS if each.made == "frame"]
    assert [each.name for each in of_frames if each.type_name == IMAGE_TYPE] == list(IMAGES)
    assert {each.name for each in of_frames if each.type_name != IMAGE_TYPE} == set(MESSAGES)
    assert NAMES - {*IMAGES, *MESSAGES} == {DISPARITY, LABEL_INFO}
    assert all(each.needs and each.needs <= set(OUTPUTS) for each in of_frames)
    assert {bool(each.encoding) == (each.type_name == IMAGE_TYPE) for each in OUTPUT_TOPICS} == {True}


def test_every_output_has_its_row_in_the_readme(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    rows = [
        f"| `{each.name}` | {' '.join(filter(None, (each.type_name.split('/')[-1], each.encoding)))} | {each.content} |"
        for each in OUTPUT_TOPICS
    ]
    assert [row for row in rows if row not in readme] == []
    for name in (*image_inputs(False), *image_inputs(True)):
        assert f"`{name}`" in readme and f"`{camera_info_topic(name)}`" in readme


def test_the_rights_of_the_node_are_its_topics(root):
    profile = ElementTree.parse(root / "config" / "sros2_policy.xml").find("enclaves/enclave/profiles/profile")
    rights = {right: {each.text for group in profile.findall(f"topics[@{right}]") for each in group}
              for right in ("publish", "subscribe")}  # fmt: skip
    assert rights["publish"] == NAMES | {DIAGNOSTICS, "/parameter_events", "/rosout", "~/transition_event"}
    images = {*image_inputs(False), *image_inputs(True)}
    listened = {name + form for name in images for form in ("", "/compressed")} | set(map(camera_info_topic, images))
    assert rights["subscribe"] == listened | {"/clock", "/tf", "/tf_static", "/parameter_events"}


def test_what_is_shipped_for_nav2_names_topics_of_the_node(root):
    text = (root / "config" / "nav2_semantic_layer.yaml").read_text()
    assert yaml.safe_load(text)
    assert set(re.findall(r'_topic: "/([a-z_/]+)"', text)) <= NAMES and "points" in text
    assert [each["topic"] for each in voxel_sources(root)[1]] == [f"/{OBSTACLES}", f"/{POINTS}"]


def voxel_sources(root):
    """The voxel layer in the file for it, and its sources."""
    text = (root / "config" / "nav2_obstacle_layer.yaml").read_text()
    layer = yaml.safe_load(text)["local_costmap"]["local_costmap"]["ros__parameters"]["voxel_layer"]
    return layer, [layer[name] for name in layer["observation_sources"].split()]


NAV2_SOURCE = {
    **dict.fromkeys(("topic", "sensor_frame", "data_type"), str),
    **dict.fromkeys(("inf_is_valid", "marking", "clearing"), bool),
    **dict.fromkeys(("observation_persistence", "expected_update_rate"), float),
    **{f"{end}_obstacle_height": float for end in ("min", "max")},
    **{f"{what}_{end}_range": float for what in ("obstacle", "raytrace") for end in ("min", "max")},
}
"""What Nav2's obstacle and voxel layers declare for each source (jazzy, kilted), and refuse in other types."""


def test_nav2s_voxel_layer_takes_the_shipped_file_and_marks_something_with_it(root):
    """A source's highest obstacle is at 0 m unless it says more: without that line Nav2 drops every point."""
    layer, sources = voxel_sources(root)
    assert [each for each in layer.values() if isinstance(each, dict)] == sources
    for source in sources:
        assert {name: type(each) for name, each in source.items()}.items() <= NAV2_SOURCE.items()
        assert source["data_type"] == "PointCloud2" and source["marking"] != source["clearing"]
    marking, clearing = sources
    assert marking["marking"] and 0 < marking["min_obstacle_height"] < 1 < marking["max_obstacle_height"]
    assert layer["z_voxels"] <= 16 and layer["max_obstacle_height"] <= layer["z_voxels"] * layer["z_resolution"]
    assert clearing["min_obstacle_height"] < 0, "the ground clears"
    assert clearing["raytrace_max_range"] > marking["obstacle_max_range"], "what is marked can be cleared"


def test_bag_process_writes_what_a_recording_of_the_node_needs():
    """`record:=true` adds an image to look at; disparity is made only where it is requested."""
    results = {each.name for each in processed()}
    recorded = {each.name for each in OUTPUT_TOPICS if each.recorded}
    assert recorded - results == {"segmentation/overlay"} and results - recorded == {DISPARITY}
    assert len(results) == 6


def test_the_compressed_form_of_a_result_is_no_camera():
    for output in OUTPUT_TOPICS:
        if output.encoding:
            assert is_made_here(f"/robot/{compressed_output(output).name}")
    assert not is_made_here("/camera/image_raw/compressed") and not is_made_here("/camera/depth/compressedDepth")
