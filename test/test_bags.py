import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from mt_perception.bag_messages import new_compressed, new_header
from mt_perception.bags import Bag, BagError, BagWriter


def write(path, storage, count=5, size=(4, 6, 3)):
    with BagWriter(path, storage) as bag:
        for index in range(count):
            head = new_header(index * 10**8, "camera")
            for topic in ("/image/compressed", "/other/compressed"):
                picture = np.random.default_rng(index).integers(0, 256, size, np.uint8)
                bag.write_message(topic, index * 10**8 + 7, new_compressed(picture, "png", head))


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
        assert bag.loss == ""
    (file,) = (tmp_path / "bag").glob("bag.*")
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    if not has_metadata:
        (tmp_path / "bag" / "metadata.yaml").unlink()
    with Bag(tmp_path / "bag") as bag:
        rest = [(each.topic, each.received_ns, bytes(each.data)) for each in bag.messages()]
        assert sum(bag.counts.values()) == len(rest) and 0 < len(rest) < len(whole)
        assert rest == whole[: len(rest)]
        assert "breaks off" in bag.loss and len(rest) > 0.5 * len(whole)
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
        assert "all its messages are there" in bag.loss
