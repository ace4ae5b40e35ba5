"""Recordings through the network without ROS: everything comes out, and always the same."""

from __future__ import annotations

import numpy as np
import pytest

from mt_perception.bags import Bag, BagError
from mt_perception.cli import main
from mt_perception.messages import array_from_image, frame_from_message, stamp_ns, with_camera
from mt_perception.offline import process
from mt_perception.offline.process import Processing, process_bag
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from recordings import write_street

RESULTS = {"/segmentation/mask", "/segmentation/confidence", "/depth/image", "/depth/camera_info"}
NAMES = "/segmentation/label_info"


@pytest.fixture
def settings(bundle) -> Settings:
    return Settings(model=str(bundle.folder), backend="openvino", precision="fp32")


@pytest.fixture
def street(tmp_path):
    return write_street(tmp_path / "street", start_ns=10**9)


def contents(path, topics=None):
    with Bag(path) as bag:
        return [(each.topic, each.received_ns, bytes(each.data)) for each in bag.messages(topics)]


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_every_picture_comes_out_beside_what_went_in(street, settings, tmp_path, storage):
    tally = process_bag(street, tmp_path / "out", Processing(settings, storage=storage))
    assert (tally.pictures, tally.skipped) == (8, {})
    with Bag(tmp_path / "out") as bag:
        assert {bag.counts[topic] for topic in RESULTS} == {8}
        with Bag(street) as given:
            assert {topic: bag.counts[topic] for topic in given.counts} == given.counts
    given = contents(street)
    assert [each for each in contents(tmp_path / "out") if each[0] not in {*RESULTS, NAMES}] == given
    assert not (tmp_path / "out.parts").exists()


def test_results_are_those_of_the_perceiver_with_the_pictures_header(street, settings, tmp_path):
    process_bag(street, tmp_path / "out", Processing(settings, keep=False))
    perceiver = Perceiver.open(settings)
    with Bag(street) as bag, Bag(tmp_path / "out") as out:
        (info, *_) = bag.messages(["/left/camera_info"])
        pictures = [each.message() for each in bag.messages(["/left/image_rect/compressed"])]
        depths = [each.message() for each in out.messages(["/depth/image"])]
        assert set(out.counts) == {*RESULTS, NAMES} and out.counts[NAMES] == 1
    from mt_perception.messages import camera_from_info

    for picture, depth in zip(pictures, depths, strict=True):
        assert depth.header == picture.header and stamp_ns(depth.header) >= 10**9
        frame = with_camera(frame_from_message(picture), camera_from_info(info.message()))
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
    tally = process_bag(street, tmp_path / "out", whole)
    assert tally.pictures == 8 - 3  # the first quarter of a second held three
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_recording_that_breaks_off_is_processed_as_far_as_it_goes(settings, tmp_path, capsys, bundle):
    street = write_street(tmp_path / "street", instants=200, start_ns=10**9)  # more than one chunk of mcap
    (file,) = street.glob("*.mcap")
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 3 // 4])
    tally = process_bag(street, tmp_path / "out", Processing(settings))
    assert 0 < tally.pictures < 200 and "breaks off" in tally.losses[0]
    with Bag(tmp_path / "out") as bag:
        assert bag.counts["/segmentation/mask"] == tally.pictures


def test_results_that_are_there_already_are_replaced(street, settings, tmp_path):
    process_bag(street, tmp_path / "once", Processing(settings))
    process_bag(tmp_path / "once", tmp_path / "twice", Processing(settings))
    assert contents(tmp_path / "twice") == contents(tmp_path / "once")


def test_parts_of_another_model_are_not_mixed_in(street, settings, tmp_path):
    parts = tmp_path / "out.parts"
    parts.mkdir()
    (parts / "process.json").write_text('{"model": "another"}')
    with pytest.raises(BagError, match="made with"):
        process_bag(street, tmp_path / "out", Processing(settings))


def test_several_processes_give_the_same_messages(street, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "SEGMENT_S", 0.4)
    process_bag(street, tmp_path / "one", Processing(settings))
    process_bag(street, tmp_path / "two", Processing(settings), workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_command(street, bundle, tmp_path, capsys):
    arguments = ["bag", "process", str(street), str(tmp_path / "out"), "--model", str(bundle.folder)]
    assert main(arguments) == 0
    assert "8 pictures" in capsys.readouterr().out
    assert main(arguments) == 1
    assert "exists already" in capsys.readouterr().err
