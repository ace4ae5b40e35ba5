# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import errno
import os
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import yaml
from mcap.reader import SeekingReader, make_reader
from rosbags.rosbag2 import CompressionFormat, CompressionMode, Reader, StoragePlugin, Writer

from mt_perception.bags.bag import Bag, BagError
from mt_perception.bags.files import storages
from mt_perception.bags.writer import BagWriter
from mt_perception.messages.rosbags import new_compressed, new_header
from mt_perception.messages.types import TYPES
from mt_perception.types import DataError


def write(path, storage, count=5, size=(4, 6, 3)):
    with BagWriter(path, storage) as bag:
        for index in range(count):
            head = new_header(index * 10**8, "camera")
            for topic in ("/image/compressed", "/other/compressed"):
                image = np.random.default_rng(index).integers(0, 256, size, np.uint8)
                bag.write_message(topic, index * 10**8 + 7, new_compressed(image, "png", head))


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_what_is_written_is_read(tmp_path, storage):
    write(tmp_path / "bag", storage)
    with Bag(tmp_path / "bag") as bag:
        assert bag.counts == {"/image/compressed": 5, "/other/compressed": 5}
        assert bag.duration_s == pytest.approx(0.4)
        recorded = list(bag.messages(["/image/compressed"]))
        assert [each.received_ns for each in recorded] == [i * 10**8 + 7 for i in range(5)]
        assert recorded[3].message().header.stamp.nanosec == 3 * 10**8
        assert list(bag.messages(["/none"])) == []


def test_recordings_are_never_overwritten(tmp_path):
    write(tmp_path / "bag", "mcap")
    with pytest.raises(BagError, match="exists already"):
        BagWriter(tmp_path / "bag")


@pytest.mark.parametrize("inside", ["results", "results/../more", "deep/down"])
def test_a_recording_is_no_place_for_another(tmp_path, monkeypatch, inside):
    write(tmp_path / "bag", "mcap")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BagError, match=r"would lie in the recording .*bag, which stays as it is: give another folder"):
        BagWriter(Path("bag", inside))
    assert sorted(tmp_path.rglob("*")) == before


def test_an_interrupted_recording_is_complete(tmp_path):
    with pytest.raises(KeyboardInterrupt), BagWriter(tmp_path / "bag") as bag:
        bag.write_message("/a", 1, new_compressed(np.zeros((2, 2), np.uint8), "png", new_header(1, "c")))
        raise KeyboardInterrupt
    with Bag(tmp_path / "bag") as bag:
        assert bag.counts == {"/a": 1}


def test_what_is_no_recording_is_refused(tmp_path):
    with pytest.raises(BagError, match=r"no metadata\.yaml"):
        Bag(tmp_path)
    (tmp_path / "metadata.yaml").write_text("rubbish")
    with pytest.raises(BagError, match="no recording that can be read"):
        Bag(tmp_path)
    (tmp_path / "rubbish.mcap").write_text("rubbish")
    with pytest.raises(BagError, match="holds no whole message"):
        Bag(tmp_path)


@pytest.mark.parametrize("has_metadata", [True, False])
@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_recording_that_breaks_off_is_read_as_far_as_it_goes(tmp_path, has_metadata, storage):
    write(tmp_path / "bag", storage, count=100, size=(100, 100, 3))  # several chunks
    with Bag(tmp_path / "bag") as bag:
        whole = [(each.topic, each.received_ns, bytes(each.data)) for each in bag.messages()]
        assert bag.read_error == ""
    (file,) = (tmp_path / "bag").glob("bag.*")
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    if not has_metadata:
        (tmp_path / "bag" / "metadata.yaml").unlink()
    with Bag(tmp_path / "bag") as bag:
        rest = [(each.topic, each.received_ns, bytes(each.data)) for each in bag.messages()]
        assert sum(bag.counts.values()) == len(rest) and 0 < len(rest) < len(whole)
        assert rest == whole[: len(rest)]
        assert "breaks off" in bag.read_error and len(rest) > 0.5 * len(whole)
        later = list(bag.messages(["/image/compressed"], start_ns=10 * 10**8, stop_ns=20 * 10**8))
        assert [each.received_ns for each in later] == [i * 10**8 + 7 for i in range(10, 20)]


def test_an_sqlite3_recording_that_was_never_closed_is_read_with_its_log(tmp_path):
    """As `ros2 bag record` leaves it that is killed: no metadata.yaml, and the last messages in the log of sqlite3."""
    write(tmp_path / "bag", "sqlite3", count=20)
    file, killed = tmp_path / "bag" / "bag.db3", tmp_path / "killed"
    killed.mkdir()
    with closing(sqlite3.connect(file)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("INSERT INTO messages SELECT id + 100, topic_id, timestamp + 2000000000, data FROM messages")
        base.commit()
        for name in ("bag.db3", "bag.db3-wal"):
            shutil.copy(tmp_path / "bag" / name, killed / name)
    with Bag(killed) as bag:
        assert bag.counts == {"/image/compressed": 40, "/other/compressed": 40}
        assert "all its messages are there" in bag.read_error


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_single_file_is_that_file_whatever_lies_beside_it(tmp_path, storage):
    write(tmp_path / "three", storage, count=3)
    write(tmp_path / "five", storage, count=5)
    (three,), (five,) = ([f for f in (tmp_path / n).iterdir() if f.name != "metadata.yaml"] for n in ("three", "five"))
    alone = tmp_path / "alone"
    alone.mkdir()
    for other in (None, five, tmp_path / "five" / "metadata.yaml"):  # of another recording
        if other:
            shutil.copy(other, alone / other.name)
        copy = shutil.copy(three, alone / three.name)
        with Bag(copy) as bag:
            assert bag.counts == {"/image/compressed": 3, "/other/compressed": 3}
            assert len(list(bag.messages())) == 6
            assert bag.read_error == "", "a whole file is not damaged because nothing describes it"
    (alone / "metadata.yaml").unlink()
    with pytest.raises(BagError, match=f"holds several.*{five.name}, {three.name}.*give one of them"):
        Bag(alone)
    with Bag(three) as bag:  # the only file of its recording
        assert bag.counts["/image/compressed"] == 3


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_the_pieces_of_a_recording_are_one_without_metadata_too(tmp_path, storage):
    suffix = {"mcap": ".mcap", "sqlite3": ".db3"}[storage]
    (tmp_path / "drive").mkdir()
    for number in range(11):  # so that 10 comes after 9, not after 1
        with BagWriter(tmp_path / f"drive_{number}", storage) as bag:
            head = new_header(number * 10**9, "c")
            bag.write_message("/image", number * 10**9, new_compressed(np.zeros((2, 2), np.uint8), "png", head))
        shutil.copy(tmp_path / f"drive_{number}" / f"drive_{number}{suffix}", tmp_path / "drive")
    with Bag(tmp_path / "drive") as bag:
        assert (bag.counts, bag.span_ns, bag.read_error) == ({"/image": 11}, (0, 10**10 + 1), "")
        assert [each.received_ns // 10**9 for each in bag.messages()] == list(range(11))
        assert [each.received_ns // 10**9 for each in bag.messages(start_ns=9 * 10**9)] == [9, 10]


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("mode", [CompressionMode.MESSAGE, CompressionMode.FILE])
def test_compressed_recordings_are_read_or_it_is_said_how(tmp_path, storage, mode):
    path = tmp_path / "bag"
    writer = Writer(path, version=9, storage_plugin=StoragePlugin[storage.upper()])
    writer.set_compression(mode, CompressionFormat.ZSTD)
    message = new_compressed(np.zeros((4, 6), np.uint8), "png", new_header(7, "c"))
    with writer:
        topic = writer.add_connection("/image", message.__msgtype__, typestore=TYPES)
        writer.write(topic, 9, TYPES.serialize_cdr(message, message.__msgtype__))

    def stamps(path):
        with Bag(path) as bag:
            return [each.message().header.stamp.nanosec for each in bag.messages()]

    (file,) = (each for each in path.iterdir() if each.name != "metadata.yaml")
    assert stamps(path) == stamps(file) == [7]
    (path / "metadata.yaml").unlink()
    if mode is CompressionMode.MESSAGE:
        assert stamps(path) == stamps(file) == [7]
        return
    for each in (path, file):
        with pytest.raises(BagError, match=rf"unpack it first \(zstd -d {file.name}\)"):
            Bag(each)


def test_a_flipped_byte_in_a_topics_name_costs_no_message(tmp_path):
    for name, place in (("told", "metadata.yaml"), ("indexed", "indexed.mcap")):
        write(tmp_path / name, "mcap")
        file = tmp_path / name / place
        data = bytearray(file.read_bytes())
        data[data.rindex(b"/image/compressed") + 1] ^= 1  # the last one: in the summary, that is read first
        file.write_bytes(data)
        with Bag(tmp_path / name) as bag:
            assert bag.counts == {"/image/compressed": 5, "/other/compressed": 5}
            assert len(list(bag.messages(["/image/compressed"]))) == 5
            assert "is not what its metadata.yaml says" in bag.read_error
            assert "all messages of its files are read" in bag.read_error


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_metadata_that_tell_of_more_than_there_is_are_not_believed(tmp_path, storage):
    write(tmp_path / "bag", storage)
    file = tmp_path / "bag" / "metadata.yaml"
    facts = yaml.safe_load(file.read_text())
    told = facts["rosbag2_bagfile_information"]["topics_with_message_count"][0]
    told["message_count"] = 50
    file.write_text(yaml.safe_dump(facts))
    with Bag(tmp_path / "bag") as bag:
        assert bag.counts == {"/image/compressed": 5, "/other/compressed": 5}
        assert f"tells of 50 messages on {told['topic_metadata']['name']}, and its files hold 5" in bag.read_error


def test_fewer_messages_than_a_file_announces_are_told_when_all_was_read(tmp_path):
    write(tmp_path / "bag", "mcap")
    file = tmp_path / "bag.mcap"
    shutil.copy(tmp_path / "bag" / "bag.mcap", file)
    data = bytearray(file.read_bytes())
    counts = data.rindex(b"\x05\x00\x00\x00\x00\x00\x00\x00")  # in the statistics: of the last topic
    data[counts] = 6
    file.write_bytes(data)
    with Bag(file) as bag:
        assert bag.read_error == "" and len(list(bag.messages())) == 10
        assert "fewer messages than it announces: 5 of 6 on /" in bag.read_error


def noise(size):
    """An image that takes its full size when it is compressed."""
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    return new_compressed(pixels, "png", new_header(1, "camera"))


def received_ns(path):
    with Bag(path) as bag:
        assert bag.read_error == ""
        return [each.received_ns for each in bag.messages()]


def test_after_a_checkpoint_every_reader_opens_it_whatever_happens(tmp_path):
    image = noise(200)
    writer = BagWriter(tmp_path / "bag")
    for index in range(40):  # some chunks
        writer.write_message("/image", index, image)
        if index % 10 == 4:
            writer.checkpoint()
    for copy, number in ((tmp_path / "killed", 35), (tmp_path / "ended", 40)):
        if number == 40:
            writer.__exit__()
        shutil.copytree(tmp_path / "bag", copy)  # as SIGKILL leaves it: nothing of this process is on its way
        assert received_ns(copy) == received_ns(copy / "bag.mcap") == list(range(number))
        with Reader(copy) as reader, (copy / "bag.mcap").open("rb") as file:
            assert reader.message_count == number
            checked = make_reader(file, validate_crcs=True)
            assert isinstance(checked, SeekingReader) and checked.get_summary().statistics.message_count == number
            assert [message.log_time for _, _, message in checked.iter_messages()] == list(range(number))
    assert (tmp_path / "ended" / "bag.mcap").read_bytes().count(b"zstd") > 1


def test_a_full_disk_costs_what_came_after_the_last_checkpoint(tmp_path, monkeypatch):
    """As on a disk of 300 KB: `pwrite` writes what fits, then refuses."""

    def full(handle, data, at):
        if at >= 300_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(handle, data[: 300_000 - at], at)

    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", full)
    image = noise(100)
    said = r"bag cannot be written any further \(No space left on device\)"
    with pytest.raises(BagError, match=said), BagWriter(tmp_path / "bag") as writer:  # its end is no second failure
        for index in range(100):
            writer.write_message("/image", index, image)
            writer.checkpoint()
    assert received_ns(tmp_path / "bag") == list(range(9))  # 30 KB each
    with Reader(tmp_path / "bag") as reader:
        assert reader.message_count == 9


@pytest.mark.parametrize("length", [0, 1, 8, 9, 20, 100])
@pytest.mark.parametrize("suffix", [".mcap", ".db3"])
@pytest.mark.parametrize("has_metadata", [True, False])
def test_files_that_hold_nothing_are_one_sentence(tmp_path, suffix, length, has_metadata):
    write(tmp_path / "bag", {".mcap": "mcap", ".db3": "sqlite3"}[suffix])
    file = tmp_path / "bag" / f"bag{suffix}"
    file.write_bytes(file.read_bytes()[:length])
    if not has_metadata:
        (tmp_path / "bag" / "metadata.yaml").unlink()
    with pytest.raises(BagError, match="holds no whole message"):
        Bag(tmp_path / "bag")
    with pytest.raises(BagError, match="holds no whole message"):
        Bag(file)


def test_a_damaged_chunk_costs_itself_alone(tmp_path):
    """What an index says only shows while it is read: of a chunk in the middle, or all of them."""
    write(tmp_path / "bag", "mcap", count=100, size=(100, 100, 3))
    file = tmp_path / "bag" / "bag.mcap"
    with Bag(tmp_path / "bag") as bag:
        whole = [(each.topic, each.received_ns, bytes(each.data)) for each in bag.messages()]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with Bag(tmp_path / "bag") as bag:
        rest = [(each.topic, each.received_ns, bytes(each.data)) for each in bag.messages()]
        assert set(rest) < set(whole) and len(set(rest)) == len(rest) > 0.6 * len(whole)
        assert "is damaged" in bag.read_error
        assert "1 of its chunks cannot be read (CRCValidationError)" in bag.read_error


def test_a_damaged_index_costs_nothing(tmp_path):
    write(tmp_path / "bag", "mcap", count=100, size=(100, 100, 3))
    file = tmp_path / "bag" / "bag.mcap"
    with Bag(tmp_path / "bag") as bag:
        whole = [(each.topic, each.received_ns, bytes(each.data)) for each in bag.messages()]
        (reader,) = storages(bag._reader)
        sizes = [struct.pack("<Q", each.compressed_size) for each in reader.chunks]
    data = file.read_bytes()
    for size in sizes:  # each stands in the chunk, and last in the index
        at = data.rindex(size)
        data = data[:at] + struct.pack("<Q", 77) + data[at + 8 :]
    file.write_bytes(data)
    with Bag(tmp_path / "bag") as bag:
        assert [(each.topic, each.received_ns, bytes(each.data)) for each in bag.messages()] == whole
        assert "is damaged" in bag.read_error and "all messages of its files are read" in bag.read_error


def test_bytes_that_are_no_message_are_a_fault_of_the_data(tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        bag.write("/image", "sensor_msgs/msg/CompressedImage", 1, b"\xff\xff\0\0 not CDR")
    with Bag(tmp_path / "bag") as bag, pytest.raises(DataError, match="/image cannot be read as sensor_msgs"):
        next(bag.messages()).message()
