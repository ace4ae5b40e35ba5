# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings made here, read by others: the mcap package with its ROS 2 decoder, rosbags, and sqlite3 itself."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
import yaml

pytest.importorskip("mcap_ros2", reason="mcap-ros2-support is not installed")

from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from mt_perception.bags.bag import Bag
from mt_perception.bags.metadata import read_metadata
from mt_perception.bags.writer import BagWriter
from mt_perception.labels import CITYSCAPES
from mt_perception.messages.read import array_from_image
from mt_perception.messages.rosbags import new_header, new_label_info
from mt_perception.messages.types import reliable_qos
from mt_perception.processing.process import Processing, process_bag
from mt_perception.settings import Settings
from mt_perception.topics import DEPTH, LABEL_INFO, MASK, TRUE_LABEL_INFO
from mt_perception.utils.resources import city_recording
from recordings import write_street

FOREIGN = "robot_msgs/msg/Charge"
TRANSIENT_LOCAL, VOLATILE = 1, 2
STAMP_AND_CHARGE = b"\0\1\0\0" + np.array([7, 8], "<u4").tobytes()


@pytest.fixture(scope="module", params=["mcap", "sqlite3"])
def processed(request, bundle, tmp_path_factory):
    """What `bag process` writes of a street, with a latched topic of a type that is not known here."""
    folder = tmp_path_factory.mktemp(request.param)
    street = write_street(folder / "street", start_ns=10**9, storage=request.param)
    settings = Settings(model=str(bundle.folder), backend="openvino", precision="fp32")
    out = folder / "out"
    process_bag(with_foreign(street, folder / "all", request.param), out, Processing(settings, storage=request.param))
    return request.param, out


def with_foreign(street, path, storage):
    """The recording `street` with one more message, as some robot's own program wrote it."""
    own = get_typestore(Stores.ROS2_JAZZY)
    own.register(get_types_from_msg("builtin_interfaces/Time stamp\n", FOREIGN))
    with Bag(street) as bag, Writer(path, version=9, storage_plugin=StoragePlugin[storage.upper()]) as writer:
        topics = {
            each.topic: writer.add_connection(each.topic, each.msgtype, typestore=own) for each in bag.connections
        }
        charge = writer.add_connection("/charge", FOREIGN, typestore=own, offered_qos_profiles=[reliable_qos(True)])
        writer.write(charge, 10**9, STAMP_AND_CHARGE)
        for each in bag.messages():
            writer.write(topics[each.topic], each.received_ns, each.data)
    return path


def check(messages):
    """`messages`: (topic, decoded message) of a processed street."""
    by_topic = {}
    for topic, message in messages:
        by_topic.setdefault(topic, []).append(message)
    assert {len(by_topic[f"/{topic}"]) for topic in (MASK, DEPTH)} == {8}
    assert array_from_image(by_topic[f"/{MASK}"][0]).shape == (60, 100)
    (info,) = by_topic[f"/{LABEL_INFO}"]
    assert {each.class_id: each.class_name for each in info.class_map} == {
        each.train_id: each.name for each in CITYSCAPES if each.train_id != 255
    }
    assert (by_topic["/charge"][0].stamp.sec, by_topic["/charge"][0].stamp.nanosec) == (7, 8)


def test_the_mcap_packages_own_reader_reads_every_message(processed):
    storage, out = processed
    if storage != "mcap":
        with sqlite3.connect(out / "out_0.db3") as base:
            assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return
    with (out / "out_0.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        statistics = reader.get_summary().statistics
        messages = list(reader.iter_decoded_messages())
        assert statistics.message_count == len(messages)
        check((channel.topic, message) for _, channel, _, message in messages)


def test_rosbags_reads_every_message_with_the_definitions_in_the_recording(processed):
    _, out = processed
    with Reader(out) as reader:
        types = get_typestore(Stores.EMPTY)
        for connection in reader.connections:
            types.register(get_types_from_msg(connection.msgdef.data, connection.msgtype))
            assert types.hash_rihs01(connection.msgtype) == connection.digest
        decoded = ((c.topic, types.deserialize_cdr(data, c.msgtype)) for c, _, data in reader.messages())
        check(decoded)


def durabilities(folder):
    """As rosbag2 of Humble reads them, topic by topic: a text with YAML in it, whose words are numbers."""
    facts = read_metadata(folder)
    assert facts["version"] <= 8
    topics = (each["topic_metadata"] for each in facts["topics_with_message_count"])
    return {
        each["name"]: [qos["durability"] for qos in yaml.safe_load(each["offered_qos_profiles"])] for each in topics
    }


def test_players_of_every_distribution_are_told_what_is_latched(processed):
    _, out = processed
    found = durabilities(out)
    assert {topic for topic, values in found.items() if values == [TRANSIENT_LOCAL]} == {f"/{LABEL_INFO}", "/charge"}
    assert found[f"/{MASK}"] == [VOLATILE]


def test_the_shipped_recording_is_for_every_distribution():
    found = durabilities(city_recording())
    assert found.pop(f"/{TRUE_LABEL_INFO}") == [TRANSIENT_LOCAL]
    assert set(map(tuple, found.values())) == {(VOLATILE,)}


def test_the_hash_of_label_info_is_that_of_vision_msgs(tmp_path):
    """Published in share/vision_msgs/msg/LabelInfo.json: with another one, players would refuse the topic."""
    with BagWriter(tmp_path / "bag") as bag:
        bag.write_message("/names", 1, new_label_info(CITYSCAPES, new_header(1, "")), latched=True)
    with Reader(tmp_path / "bag") as reader:
        assert reader.connections[0].digest == (
            "RIHS01_3d37df4015cdf660cc851c51897f2acd957e1ca6205ba0a99aebffb9406b0783"
        )
