# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What Nav2's layers take for granted, on live messages and through the layers' own QoS.

First the semantic segmentation layer, at the end the voxel layer.

The facts are from the sources of https://github.com/kiwicampus/semantic_segmentation_layer (jazzy and rolling): it
addresses mask, confidence and cloud by one running index, unchecked, and tells classes apart by 8-bit ids.
"""

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip("rclpy")

from nodes import Probe
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image, PointCloud2, PointField

from mt_perception.bags.sources import open_source
from mt_perception.draw.cloud import POINT
from mt_perception.messages.compressed import array_from_compressed
from mt_perception.messages.read import array_from_image, stamp_ns
from mt_perception.utils.resources import city_recording

SENSOR_DATA = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)
LATCHED = QoSProfile(depth=5, durability=DurabilityPolicy.TRANSIENT_LOCAL)
STAMP_NS = 1_700_000_000_000_000_123
HEIGHT, WIDTH = 96, 193  # odd rows, which some would pad; the cloud is under the half megabyte of shared memory


@pytest.fixture(scope="module")
def layer(root):
    """The layer's parameters in the shipped file."""
    values = yaml.safe_load((root / "config" / "nav2_semantic_layer.yaml").read_text())
    costmap = values["local_costmap"]["local_costmap"]["ros__parameters"]
    assert "semantic_segmentation_layer" in costmap["plugins"]
    return costmap["semantic_segmentation_layer"]


@pytest.fixture(scope="module")
def source(layer):
    return layer[layer["observation_sources"]]


@pytest.fixture(scope="module")
def node(start_once, small_model):
    """The default model, which knows a street with a sky."""
    return start_once("node", **small_model | {"input_width": 320, "input_height": 192})


@pytest.fixture(scope="module")
def street():
    """(HEIGHT, WIDTH, 3) BGR, of the rendered street."""
    frame = next(iter(open_source(city_recording())))
    return cv2.resize(array_from_compressed(frame.image.message()), (WIDTH, HEIGHT))


@pytest.fixture(scope="module")
def probe(start_once, node, source):
    """Listens as the layer does, to the topics that the file names."""
    probe = Probe(start_once.namespace)
    for name, kind in (("segmentation", Image), ("confidence", Image), ("pointcloud", PointCloud2)):
        topic = source[f"{name}_topic"].removeprefix("/")
        probe.listen(topic, kind, qos=SENSOR_DATA)
    probe.listen("depth/image")
    probe.wait_for_node()
    yield probe
    probe.destroy_node()


@pytest.fixture(scope="module")
def results(probe, street):
    """Mask, confidence, cloud and depth of one image. Best effort may lose some while both sides find each other."""
    probe.send_info(250.0, (HEIGHT, WIDTH))
    for stamp in range(STAMP_NS, STAMP_NS + 30):
        probe.send(stamp, image=street, frame_id="camera_optical")
        probe.spin(0.3)
        last = [messages[-1] for messages in probe.received.values() if messages]
        if len(last) == 4 and len({stamp_ns(each.header) for each in last}) == 1:
            return last
    raise AssertionError(f"never all four of one image: {probe.counts()}")


@pytest.fixture(scope="module")
def labels(probe, source, results):
    """The class map as someone gets it who comes late, long after it was published."""
    vision_msgs = pytest.importorskip("vision_msgs.msg", reason="vision_msgs is not installed: it comes with ROS")
    topic = source["labels_topic"].removeprefix("/")
    probe.listen(topic, vision_msgs.LabelInfo, qos=LATCHED)
    return probe.until(lambda: probe.received[topic])[0]


def test_mask_and_confidence_are_bytes_without_padding(results):
    for image in results[:2]:
        assert image.encoding == "mono8" and image.step == image.width == WIDTH
        assert len(image.data) == image.width * image.height


def test_all_have_one_size(results):
    assert {(each.height, each.width) for each in results} == {(HEIGHT, WIDTH)}


def test_all_have_the_images_stamp_and_frame(results):
    assert len({stamp_ns(each.header) for each in results}) == 1
    assert STAMP_NS <= stamp_ns(results[0].header) < STAMP_NS + 30, "down to the nanosecond"
    assert {each.header.frame_id for each in results} == {"camera_optical"}


def test_the_cloud_is_organised_and_its_rows_are_not_padded(results):
    cloud = results[2]
    assert cloud.row_step == cloud.width * cloud.point_step == WIDTH * POINT.itemsize
    assert len(cloud.data) == cloud.height * cloud.row_step and not cloud.is_dense


def test_the_cloud_has_floats_x_y_z(results):
    fields = {field.name: field for field in results[2].fields}
    assert [fields[axis].datatype for axis in "xyz"] == [PointField.FLOAT32] * 3
    assert [fields[axis].count for axis in "xyz"] == [1] * 3


def test_pixel_and_point_of_one_index_belong_together(results):
    mask, confidence, cloud, depth = results
    points = np.frombuffer(cloud.data, POINT)
    depth_m = array_from_image(depth).ravel()
    seen = np.isfinite(depth_m)
    assert 0.3 < seen.mean() < 1, "there is a sky, which has no depth"
    np.testing.assert_array_equal(np.isfinite(points["z"]), seen)
    np.testing.assert_array_equal(points["z"][seen], depth_m[seen])
    columns = np.tile(np.arange(WIDTH), HEIGHT)
    np.testing.assert_allclose(points["x"][seen], ((columns - WIDTH / 2) / 250 * depth_m)[seen], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(points["label"], array_from_image(mask).ravel())
    np.testing.assert_allclose(points["confidence"] * 255, array_from_image(confidence).ravel(), atol=1e-3)


def test_confidence_uses_the_range_of_a_byte(results):
    confidence = array_from_image(results[1])
    assert confidence.max() > 240 and confidence.min() < 160


def test_every_label_in_the_mask_has_a_name(results, labels):
    ids = {each.class_id: each.class_name for each in labels.class_map}
    assert set(np.unique(array_from_image(results[0])).tolist()) <= set(ids)
    assert len(set(ids.values())) == len(labels.class_map) and max(ids) < 255
    assert ids[0] == "road" and ids[13] == "car"


def test_the_file_knows_every_class_and_no_other(source, labels):
    known = [name for kind in source["class_types"] for name in source[kind]["classes"]]
    assert sorted(known) == sorted(each.class_name for each in labels.class_map)


def test_the_file_gives_costs_that_the_layer_takes(source):
    """It keeps costs and confidence in bytes, and `samples_to_max_cost` and the distances in their declared types."""
    assert source["class_types"]
    for kind in source["class_types"]:
        for name in ("base_cost", "max_cost", "mark_confidence", "samples_to_max_cost"):
            assert type(source[kind][name]) is int and 0 <= source[kind][name] <= 255
        assert type(source[kind]["dominant_priority"]) is bool and source[kind]["base_cost"] <= 254
    for name in ("max_obstacle_distance", "min_obstacle_distance", "tile_map_decay_time"):
        assert type(source[name]) is float


def test_message_filters_matches_them_exactly(probe, results, layer, source):
    filters = pytest.importorskip("message_filters", reason="message_filters is not installed: it comes with ROS")
    assert layer["use_approximate_time_sync"] is False
    matched = []
    topics = (("segmentation", Image), ("confidence", Image), ("pointcloud", PointCloud2))
    subscribers = [
        filters.Subscriber(probe, kind, source[f"{name}_topic"].removeprefix("/"), qos_profile=SENSOR_DATA)
        for name, kind in topics
    ]
    synchronizer = filters.TimeSynchronizer(subscribers, 1000)
    synchronizer.registerCallback(lambda *messages: matched.append([stamp_ns(each.header) for each in messages]))
    for index in range(1000, 1030):
        probe.send(STAMP_NS + index, (HEIGHT, WIDTH))
        probe.spin(0.2)
        if len(matched) >= 3:
            break
    assert len(matched) >= 3 and all(len(set(stamps)) == 1 for stamps in matched)
    for each in subscribers:
        probe.destroy_subscription(each.sub)


def test_the_voxel_layer_finds_its_fields_and_marks_what_stands_in_the_street(probe, results, street, root):
    """By the rules in Nav2's sources: heights of the source, then those of the layer; ranges from the camera.

    They are of a camera that looks along the street from 1.5 m above it: a point's height is 1.5 - y.
    """
    values = yaml.safe_load((root / "config" / "nav2_obstacle_layer.yaml").read_text())
    layer = values["local_costmap"]["local_costmap"]["ros__parameters"]["voxel_layer"]
    source = layer["obstacles"]
    topic = source["topic"].removeprefix("/")
    probe.listen(topic, PointCloud2, qos=SENSOR_DATA)
    for stamp in range(STAMP_NS + 2000, STAMP_NS + 2030):
        probe.send(stamp, image=street, frame_id="camera_optical")
        probe.spin(0.3)
        if probe.received[topic]:
            break
    cloud = probe.received[topic][-1]
    assert cloud.header.frame_id == "camera_optical" and stamp_ns(cloud.header) >= STAMP_NS + 2000
    assert cloud.height == 1 and len(cloud.data) == cloud.width * cloud.point_step and not cloud.is_bigendian
    fields = {field.name: (field.datatype, field.count) for field in cloud.fields}
    assert [fields[axis] for axis in "xyz"] == [(PointField.FLOAT32, 1)] * 3
    points = np.frombuffer(cloud.data, POINT)
    up_m, away_m = 1.5 - points["y"], np.sqrt(sum(points[axis] ** 2 for axis in "xyz"))
    low, high = source["min_obstacle_height"], min(source["max_obstacle_height"], layer["max_obstacle_height"])
    near, far = source["obstacle_min_range"], source["obstacle_max_range"]
    assert ((up_m >= low) & (up_m <= high) & (away_m >= near) & (away_m < far)).sum() > 10
