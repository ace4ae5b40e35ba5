"""The recorder loses at most a second, whatever ends it."""

import resource
import signal

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rosbags.rosbag2 import Reader

from mt_perception.bag_metadata import read_metadata
from mt_perception.bags import Bag


@pytest.fixture
def recorded(start, probe, tmp_path):
    """A recorder and the folder of its recording, in which the first message is safe."""
    out = tmp_path / "out"
    recorder = start("recorder", output=str(out), topics=["image"])
    probe.until(lambda: probe.pictures.get_subscription_count() > 0)

    def safe():
        probe.send(1, size=(20, 30))
        return (out / "metadata.yaml").exists() and read_metadata(out)["message_count"]

    probe.until(safe)
    return recorder, out


def test_killed_it_leaves_a_recording_that_every_reader_opens(recorded):
    recorder, out = recorded
    assert recorder.stop(signal.SIGKILL)[0] == -signal.SIGKILL
    with Bag(out) as bag, Reader(out) as reader:
        assert bag.loss == "" and bag.counts["/image"] == reader.message_count > 0
        assert len(list(bag.messages())) == reader.message_count


def test_where_the_disk_is_full_it_ends_with_one_sentence_and_what_was_safe(recorded, probe):
    recorder, out = recorded
    safe = read_metadata(out)["message_count"]
    full = 200_000  # bytes that a file may have, as of a disk that is full
    resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, (full, full))
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)

    def ended():
        probe.send(2, picture=noise)
        return recorder.process.poll() is not None

    probe.until(ended)
    assert recorder.process.returncode == 1 and "Traceback" not in recorder.log
    (said,) = [line for line in recorder.log.splitlines() if "error" in line]
    assert said.startswith("error: ") and "out cannot be written any further ([Errno 27] File too large)" in said
    with Bag(out) as bag, Reader(out) as reader:
        assert bag.loss == "" and bag.counts["/image"] == reader.message_count >= safe
