# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings through the network without ROS: everything comes out, and always the same."""

from __future__ import annotations

import json
import locale
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from mt_perception.bags.bag import Bag, BagError
from mt_perception.bags.metadata import read_metadata
from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import main
from mt_perception.messages.read import array_from_image, frame_from_message, stamp_ns, with_camera
from mt_perception.messages.types import TYPES
from mt_perception.pipeline import Perceiver
from mt_perception.processing import process, segments
from mt_perception.processing.process import process_bag
from mt_perception.processing.shard import Processing
from mt_perception.settings import SETTINGS, Settings
from mt_perception.utils import files
from mt_perception.utils.files import FolderError, own_folder
from recordings import contents, write_street

RESULTS = {"/segmentation/mask", "/segmentation/confidence", "/depth/image", "/depth/camera_info"}
NAMES = "/segmentation/label_info"


@pytest.fixture
def settings(bundle) -> Settings:
    return Settings(model=str(bundle.folder), backend="openvino", precision="fp32")


@pytest.fixture
def street(tmp_path):
    return write_street(tmp_path / "street", start_ns=10**9)


def test_opencv_has_the_threads_of_the_host_program_again(street, settings, tmp_path):
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    try:
        process_bag(street, tmp_path / "out", Processing(settings))
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_every_image_comes_out_beside_what_went_in(street, settings, tmp_path, storage):
    stats = process_bag(street, tmp_path / "out", Processing(settings, storage=storage))
    assert (stats.images, stats.skipped) == (8, {})
    with Bag(tmp_path / "out") as bag:
        assert {bag.counts[topic] for topic in RESULTS} == {8}
        with Bag(street) as given:
            assert {topic: bag.counts[topic] for topic in given.counts} == given.counts
    given = contents(street)
    assert [each for each in contents(tmp_path / "out") if each[0] not in {*RESULTS, NAMES}] == given
    assert not (tmp_path / "out.shards").exists()


def test_results_are_those_of_the_perceiver_with_the_images_header(street, settings, tmp_path):
    process_bag(street, tmp_path / "out", Processing(settings, keep=False))
    perceiver = Perceiver.open(settings)
    with Bag(street) as bag, Bag(tmp_path / "out") as out:
        (info, *_) = bag.messages(["/left/camera_info"])
        images = [each.message() for each in bag.messages(["/left/image_rect/compressed"])]
        depths = [each.message() for each in out.messages(["/depth/image"])]
        assert set(out.counts) == {*RESULTS, NAMES} and out.counts[NAMES] == 1
    from mt_perception.messages.read import camera_from_info

    for image, depth in zip(images, depths, strict=True):
        assert depth.header == image.header and stamp_ns(depth.header) >= 10**9
        frame = with_camera(frame_from_message(image), camera_from_info(info.message()))
        np.testing.assert_array_equal(array_from_image(depth), perceiver(frame).depth_m)


def test_stopped_in_the_middle_it_goes_on_and_gives_the_same(street, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "SEGMENT_S", 0.25)
    whole = Processing(settings)
    process_bag(street, tmp_path / "whole", whole)
    done = []

    def stop_after_one(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(arguments)
        return original(*arguments)

    original = process.process_segment
    monkeypatch.setattr(process, "process_segment", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        process_bag(street, tmp_path / "out", whole)
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(process, "process_segment", original)
    stats = process_bag(street, tmp_path / "out", whole)
    assert stats.images == 8 - 3  # the first quarter of a second held three
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_interrupted_while_the_parts_are_joined_it_loses_none(street, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "SEGMENT_S", 0.4)
    process_bag(street, tmp_path / "whole" / "out", Processing(settings))
    original = segments.read_metadata

    def interrupted(shard):
        if shard.name == "out_1":
            raise KeyboardInterrupt
        return original(shard)

    monkeypatch.setattr(segments, "read_metadata", interrupted)
    with pytest.raises(KeyboardInterrupt):
        process_bag(street, tmp_path / "out", Processing(settings))
    monkeypatch.setattr(segments, "read_metadata", original)
    assert process_bag(street, tmp_path / "out", Processing(settings)).images == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "whole" / "out")
    assert not (tmp_path / "out.shards").exists()


def test_a_recording_that_breaks_off_is_processed_as_far_as_it_goes(settings, tmp_path, capsys, bundle):
    street = write_street(tmp_path / "street", frames=200, start_ns=10**9)  # more than one chunk of mcap
    (file,) = street.glob("*.mcap")
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 3 // 4])
    stats = process_bag(street, tmp_path / "out", Processing(settings))
    assert 0 < stats.images < 200 and "breaks off" in stats.warnings[0]
    with Bag(tmp_path / "out") as bag:
        assert bag.counts["/segmentation/mask"] == stats.images


def test_results_that_are_there_already_are_replaced(street, settings, tmp_path):
    process_bag(street, tmp_path / "once", Processing(settings))
    process_bag(tmp_path / "once", tmp_path / "twice", Processing(settings))
    assert contents(tmp_path / "twice") == contents(tmp_path / "once")


def test_parts_of_another_model_are_not_mixed_in(street, settings, tmp_path):
    shards = tmp_path / "out.shards"
    with own_folder(shards):
        (shards / "process.json").write_text('{"model": "another"}')
    with pytest.raises(BagError, match="made with"):
        process_bag(street, tmp_path / "out", Processing(settings))


@pytest.mark.parametrize("record", ["", "null", '{"model": "a', "[1]"])
def test_a_record_that_is_cut_off_is_one_sentence(street, settings, tmp_path, record):
    with own_folder(tmp_path / "out.shards"):
        (tmp_path / "out.shards" / "process.json").write_text(record)
    with pytest.raises(BagError, match=r"process\.json cannot be read: remove .*out\.shards, or give another output"):
        process_bag(street, tmp_path / "out", Processing(settings))


@pytest.mark.parametrize("name", ["out.shards", "out.shards/out_0.unfinished"])
def test_a_folder_of_somebody_else_is_left_alone(street, settings, tmp_path, name):
    if name != "out.shards":
        with own_folder(tmp_path / "out.shards"):
            pass
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.tex").write_text("years of work")
    with pytest.raises(FolderError, match=f"{name} is not of this program, and is left alone"):
        process_bag(street, tmp_path / "out", Processing(settings))
    assert (tmp_path / name / "thesis.tex").read_text() == "years of work"


def test_two_runs_into_one_output_do_not_mix(street, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_PATIENCE_S", 0.1)
    with own_folder(tmp_path / "out.shards"), pytest.raises(FolderError, match="another process works in"):
        process_bag(street, tmp_path / "out", Processing(settings))
    assert process_bag(street, tmp_path / "out", Processing(settings)).images == 8


def test_a_clock_that_was_set_costs_no_segments_for_the_years_between(street, settings, tmp_path):
    """Two messages of 1970, then those of today: 88 million segments of 20 s, of which two hold something."""
    now_ns = 1_790_000_000 * 10**9
    with Bag(street) as bag, BagWriter(tmp_path / "set") as writer:
        writer.adopt(bag)
        for number, each in enumerate(bag.messages()):
            shift_ns = 0 if number < 2 else now_ns
            writer.write(each.topic, each.type_name, each.received_ns + shift_ns, each.data)
    cut = segments.cut(tmp_path / "set", tmp_path, "set", 20.0)
    assert len(cut) == 2 and cut[0].start_ns == 10**9
    assert cut[0].stop_ns == cut[1].start_ns <= now_ns + 10**9 and cut[1].stop_ns == now_ns + 17 * 10**8 + 1
    assert process_bag(tmp_path / "set", tmp_path / "out", Processing(settings)).images == 8


def test_a_recording_that_is_compressed_as_a_whole_is_unpacked_once(street, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "SEGMENT_S", 0.2)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    writer = Writer(tmp_path / "packed", version=9, storage_plugin=StoragePlugin.MCAP)
    writer.set_compression(CompressionMode.FILE, CompressionFormat.ZSTD)
    with Bag(street) as bag, writer:
        topics = {
            each.topic: writer.add_connection(each.topic, each.msgtype, typestore=TYPES) for each in bag.connections
        }
        for each in bag.messages():
            writer.write(topics[each.topic], each.received_ns, bytes(each.data))
    stats = process_bag(tmp_path / "packed", tmp_path / "out", Processing(settings))
    assert (stats.images, stats.warnings) == (8, [])
    assert len(list((tmp_path / "temporary").glob("*/*.mcap"))) == 1


def test_it_may_go_on_with_other_settings_that_change_no_result(street, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "SEGMENT_S", 0.4)
    process_bag(street, tmp_path / "whole", Processing(settings))
    with ExitStack() as owned:
        (first, *_), _ = process._plan(street, tmp_path / "out", Processing(settings), owned)
    process.process_segment(Processing(settings), 2, first)  # then it is stopped
    changed = settings.replace(threads=1, streams=2, overlay_opacity=0.1, depth_color_max_m=40.0, late_after_s=9.0)
    assert 0 < process_bag(street, tmp_path / "out", Processing(changed)).images < 8
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_it_does_not_go_on_with_settings_that_change_results(street, settings, tmp_path):
    changes = {"fit": "stretch", "input_width": 96, "output_size": "network", "precision": "auto", "stereo": True}
    with ExitStack() as owned:
        process._plan(street, tmp_path / "out", Processing(settings), owned)
    for name, value in changes.items():
        with ExitStack() as owned, pytest.raises(BagError, match=rf"shards made with ({name}|topics) "):
            process._plan(street, tmp_path / "out", Processing(settings.replace(**{name: value})), owned)
    assert process.INDIFFERENT.isdisjoint(changes) and set(SETTINGS) > process.INDIFFERENT


def test_it_does_not_go_on_with_shards_of_a_version_that_did_not_note_a_setting(street, settings, tmp_path):
    with ExitStack() as owned:
        process._plan(street, tmp_path / "out", Processing(settings), owned)
    (manifest,) = (tmp_path / "out.shards").glob("*.json")
    facts = json.loads(manifest.read_text())
    facts["topic"] = facts.pop("topics")[0]  # as they were written before there were several
    manifest.write_text(json.dumps(facts))
    refusal = (
        r"out\.shards holds shards made by another version, which does not tell topics; remove .*, or give another"
    )
    with ExitStack() as owned, pytest.raises(BagError, match=refusal):
        process._plan(street, tmp_path / "out", Processing(settings), owned)


def test_several_processes_or_cores_give_the_same_messages(street, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "SEGMENT_S", 0.4)
    before = locale.setlocale(locale.LC_ALL)
    process_bag(street, tmp_path / "one", Processing(settings.replace(threads=1)))
    process_bag(street, tmp_path / "two", Processing(settings), workers=2)
    process_bag(street, tmp_path / "three", Processing(settings.replace(threads=3)))  # three images at a time
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(tmp_path / "three")
    assert locale.setlocale(locale.LC_ALL) == before  # OpenVINO sets another while it compiles


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_long_recording_has_a_file_for_each_segment(street, settings, tmp_path, monkeypatch, storage):
    monkeypatch.setattr(process, "SEGMENT_S", 0.4)
    process_bag(street, tmp_path / "a.b", Processing(settings, storage=storage))
    suffix = {"mcap": ".mcap", "sqlite3": ".db3"}[storage]
    assert {each.name for each in (tmp_path / "a.b").iterdir()} == {f"a.b_0{suffix}", f"a.b_1{suffix}", "metadata.yaml"}
    with Bag(tmp_path / "a.b") as bag, Bag(street) as given:
        assert bag.counts["/segmentation/mask"] == 8 and bag.counts[NAMES] == 1 and bag.span_ns == given.span_ns
        received_ns = [each.received_ns for each in bag.messages()]
        assert received_ns == sorted(received_ns) and len(received_ns) == sum(bag.counts.values())
    told = read_metadata(tmp_path / "a.b")["files"]
    assert [each["starting_time"]["nanoseconds_since_epoch"] for each in told] == [10**9, 10**9 + 4 * 10**8]
    assert told[0]["duration"]["nanoseconds"] == 3 * 10**8
    assert [each["message_count"] for each in told] == [4 * 9 + 1, 4 * 9]


def test_the_command(street, bundle, tmp_path, capsys):
    arguments = ["bag", "process", str(street), str(tmp_path / "out"), "--model", str(bundle.folder)]
    assert main(arguments) == 0
    assert "8 images" in capsys.readouterr().out
    assert main(arguments) == 1
    assert "exists already" in capsys.readouterr().err


def test_on_a_full_disk_it_ends_with_one_sentence_and_goes_on_when_there_is_space(bundle, street, small_disk, capfd):
    arguments = ["bag", "process", str(street), str(small_disk / "out"), "--model", str(bundle.folder)]
    arguments += ["--backend", "openvino", "--precision", "fp32", "--storage", "mcap"]
    (small_disk / "others").write_bytes(bytes(2**20 - 2**15))
    assert main(arguments) == 1
    said = capfd.readouterr().err
    assert "No space left on device" in said and "Traceback" not in said and said.count("error: ") == 1
    assert not (small_disk / "out").exists()
    (small_disk / "others").unlink()
    assert main(arguments) == 0
    with Bag(small_disk / "out") as bag:
        assert {bag.counts[topic] for topic in RESULTS} == {8}


def test_ctrl_c_ends_it_with_its_workers_and_the_next_call_goes_on(bundle, settings, tmp_path):
    street = write_street(tmp_path / "street", 300, start_ns=10**9)
    program = "import sys; from mt_perception.utils.entry import perceive; sys.exit(perceive())"
    arguments = ["bag", "process", str(street), str(tmp_path / "out"), "--model", str(bundle.folder), "--workers", "2"]
    started = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=-1, stderr=-1, text=True)
    while not list(tmp_path.glob("out.shards/*.unfinished")):
        assert started.poll() is None
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=30)
    assert started.returncode == 130 and said.endswith("stopped\n") and "Traceback" not in said
    assert process_bag(street, tmp_path / "out", Processing(Settings(model=str(bundle.folder)))).images > 0
