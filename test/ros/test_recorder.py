# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The recorder loses at most a second, whatever ends it."""

import resource
import signal

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rosbags.rosbag2 import Reader

from mt_perception.bags.bag import Bag
from mt_perception.bags.metadata import read_metadata


@pytest.fixture
def record(start, probe):
    """`record(out)`: a recorder, and the number of messages that are safe already."""

    def recorder_to(out):
        recorder = start("recorder", output=str(out), topics=["image"])
        probe.until(lambda: probe.images.get_subscription_count() > 0)

        def safe():
            probe.send(1, size=(20, 30))
            return (out / "metadata.yaml").exists() and read_metadata(out)["message_count"]

        return recorder, probe.until(safe)

    return recorder_to


def test_killed_it_leaves_a_recording_that_every_reader_opens(record, tmp_path):
    recorder, _ = record(tmp_path / "out")
    assert recorder.stop(signal.SIGKILL)[0] == -signal.SIGKILL
    with Bag(tmp_path / "out") as bag, Reader(tmp_path / "out") as reader:
        assert bag.read_error == "" and bag.counts["/image"] == reader.message_count > 0
        assert len(list(bag.messages())) == reader.message_count


def ends_with_what_was_safe(recorder, probe, out, safe, error):
    """It gets noise until it ends, which takes one sentence, and can then be read."""
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)

    def ended():
        probe.send(2, image=noise)
        return recorder.process.poll() is not None

    probe.until(ended)
    assert recorder.process.returncode == 1 and "Traceback" not in recorder.log
    (said,) = [line for line in recorder.log.splitlines() if "error" in line]
    assert said.startswith("error: ") and f"out cannot be written any further ({error})" in said
    with Bag(out) as bag, Reader(out) as reader:
        assert bag.read_error == "" and bag.counts["/image"] == reader.message_count >= safe


def test_where_a_file_may_not_grow_it_ends_with_one_sentence_and_what_was_safe(record, probe, tmp_path):
    recorder, safe = record(tmp_path / "out")
    resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, (200_000, 200_000))
    ends_with_what_was_safe(recorder, probe, tmp_path / "out", safe, "File too large")


def test_where_the_disk_is_full_it_does_so_too(record, probe, small_disk):
    recorder, safe = record(small_disk / "out")
    ends_with_what_was_safe(recorder, probe, small_disk / "out", safe, "No space left on device")
