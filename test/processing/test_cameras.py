# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Several cameras of a recording in one call: each comes out as it does by itself, below its own name."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from mt_perception.bags.bag import Bag, BagError
from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import main
from mt_perception.messages.read import array_from_image
from mt_perception.pipeline import Perceiver
from mt_perception.processing import process, shard
from mt_perception.processing.cameras import find_cameras
from mt_perception.processing.outputs import processed
from mt_perception.processing.process import process_bag, process_bags
from mt_perception.processing.shard import Processing
from mt_perception.settings import Settings
from mt_perception.topics import DEPTH, DEPTH_CAMERA, LABEL_INFO, MASK
from recordings import LEFT, SIZE, contents, write_street, write_two_cameras

FRONT, LEFT_IMAGE = "/front/image/compressed", "/left/image_raw"
COUNTS = {"/front": 6, "/left": 3}


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    return write_two_cameras(tmp_path_factory.mktemp("drive") / "drive")


@pytest.fixture(scope="module")
def settings(bundle):
    return Settings(model=str(bundle.folder), backend="openvino", precision="fp32")


@pytest.fixture(scope="module")
def both(settings):
    return Processing(settings, (FRONT, LEFT_IMAGE))


@pytest.fixture(scope="module")
def out(drive, both, tmp_path_factory):
    """What both cameras gave in one call."""
    path = tmp_path_factory.mktemp("both") / "out"
    stats = process_bag(drive, path, both)
    assert (stats.images, stats.problems()) == (9, [])
    return path


def results(path, space):
    """The messages of results below the namespace `space`, by their names without it."""
    return [
        (topic.removeprefix(f"{space}/"), received_ns, data)
        for topic, received_ns, data in contents(path)
        if topic.startswith((f"{space}/segmentation", f"{space}/depth"))
    ]


@pytest.mark.parametrize(("topic", "space"), [(FRONT, "/front"), (LEFT_IMAGE, "/left")])
def test_each_camera_comes_out_as_it_does_by_itself(out, drive, settings, tmp_path, topic, space):
    process_bag(drive, tmp_path / "alone", Processing(settings, (topic,), keep=False))
    alone = results(tmp_path / "alone", "")
    assert results(out, space) == alone
    assert Counter(name for name, *_ in alone)[MASK] == COUNTS[space]


def test_each_camera_has_its_own_size_and_camera_info(out):
    with Bag(out) as bag:
        assert {topic for topic in bag.counts if topic.endswith(LABEL_INFO)} == {
            f"/front/{LABEL_INFO}", f"/left/{LABEL_INFO}"
        }  # fmt: skip
        for space, size, fx_px in (("/front", SIZE, 80.0), ("/left", (LEFT.height_px, LEFT.width_px), 30.0)):
            depth = next(bag.messages([f"{space}/{DEPTH}"])).message()
            info = next(bag.messages([f"{space}/{DEPTH_CAMERA}"])).message()
            assert array_from_image(depth).shape == size == (info.height, info.width) and info.k[0] == fx_px


def test_what_went_in_is_there_too_and_what_was_made_before_is_replaced(out, drive, both, settings, tmp_path):
    kept = [each for each in contents(out) if each not in {*contents(out, made(out))}]
    assert kept == contents(drive)
    process_bag(drive, tmp_path / "one", Processing(settings, (FRONT,)))  # its results have no name before them
    process_bag(tmp_path / "one", tmp_path / "again", both)
    process_bag(tmp_path / "again", tmp_path / "third", both)
    assert contents(tmp_path / "again") == contents(tmp_path / "third") == contents(out)


def made(path):
    with Bag(path) as bag:
        return [topic for topic in bag.counts if topic.endswith(tuple(each.name for each in processed()))]


def test_stopped_in_the_middle_it_goes_on_with_the_same_cameras_alone(
    drive, both, settings, out, tmp_path, monkeypatch
):
    monkeypatch.setattr(process, "SEGMENT_S", 0.2)
    original, done = process.process_segment, []

    def stop_after_one(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(arguments)
        return original(*arguments)

    with monkeypatch.context() as stopping:
        stopping.setattr(process, "process_segment", stop_after_one)
        with pytest.raises(KeyboardInterrupt):
            process_bag(drive, tmp_path / "out", both)
    with pytest.raises(
        BagError, match=r"holds shards made with topics \['/front/image/compressed', '/left/image_raw'\]"
    ):
        process_bag(drive, tmp_path / "out", Processing(settings, (FRONT,)))
    assert 0 < process_bag(drive, tmp_path / "out", both).images < 9
    assert sorted(contents(tmp_path / "out")) == sorted(contents(out))


NAMED = {
    "/front/image /left/image": "/front /left",
    "/robot/front/image_raw/compressed /robot/left/camera/image_rect": "/robot/front /robot/left/camera",
    "/cam/image_left /cam/image_right/compressed": "/cam/image_left /cam/image_right",
    "image front/image": "/image /front",
}


@pytest.mark.parametrize("topics", NAMED)
def test_results_are_named_as_those_of_a_node_with_these_cameras(topics, tmp_path):
    with BagWriter(tmp_path / "bag") as bag, Bag(write_street(tmp_path / "street", 1)) as street:
        image = next(street.messages(["/left/image_rect/compressed"]))
        for topic in topics.split():
            bag.write(topic, image.type_name, 1, image.data)
    with Bag(tmp_path / "bag") as bag:
        cameras, notes = find_cameras(bag, topics.split())
    assert [each.namespace for each in cameras] == NAMED[topics].split() and not notes


def test_one_camera_under_two_names_and_several_pairs_are_refused(drive, tmp_path, capsys):
    command = ["bag", "process", str(drive), str(tmp_path / "out"), "--topic", "/front/image", "--topic"]
    assert main([*command, FRONT]) == 1
    told = f"{FRONT} is named twice; name each camera once"
    assert told in capsys.readouterr().err
    assert main([*command, "/left/image_raw", "--stereo"]) == 1
    told = "--stereo takes one pair, and --topic names /front/image, /left/image_raw; process several pairs one by one"
    assert told in capsys.readouterr().err
    assert main([*command, "/rear/image"]) == 1
    assert "has no topic /rear/image" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_empty_topic_beside_others_is_no_camera_to_be_found(drive):
    with Bag(drive) as bag, pytest.raises(BagError, match="one of several topics is empty"):
        find_cameras(bag, [FRONT, ""])


def test_a_named_topic_that_is_no_camera_is_taken_and_told(drive):
    with Bag(drive) as bag:
        (camera,), notes = find_cameras(bag, ["/front/ground_truth/depth"])
    assert camera.images == ("/front/ground_truth/depth/compressed",)
    assert "holds 16UC1, which is depth or another measure, not a camera's image" in notes[0]


def test_a_camera_of_which_nothing_can_be_read_is_named(drive, settings, tmp_path, capsys):
    with Bag(drive) as bag, BagWriter(tmp_path / "broken") as broken:
        for each in bag.messages():
            data = each.data[:60] if each.topic == LEFT_IMAGE else each.data
            broken.write(each.topic, each.type_name, each.received_ns, data)
    command = ["bag", "process", str(tmp_path / "broken"), str(tmp_path / "out"), "--model", settings.model]
    assert main([*command, "--topic", FRONT, "--topic", LEFT_IMAGE]) == 1
    said = capsys.readouterr().err
    assert f"error: nothing was made of {LEFT_IMAGE} of {tmp_path / 'broken'}: " in said
    assert f"3 images skipped: {LEFT_IMAGE}: a message of {LEFT_IMAGE} cannot be read" in said
    assert not (tmp_path / "out").exists()


def test_evaluate_finds_the_results_of_the_camera_that_is_named(out, tmp_path, capsys):
    found = {}
    for name, options in {"front": ["--topic", "/front/image"], "left": ["--topic", LEFT_IMAGE], "none": []}.items():
        assert main(["evaluate", str(out), *options, "--json", str(tmp_path / "scores.json")]) == 0
        (found[name],) = json.loads((tmp_path / "scores.json").read_text())["recordings"]
    assert {name: (each["images"], each["results"]) for name, each in found.items()} == {
        "front": (6, 6), "left": (3, 3), "none": (3, 3)
    }  # fmt: skip
    assert "abs_rel" in found["front"]["scores"] and "abs_rel" not in found["left"]["scores"]  # that is front's truth
    read = [
        f"results are read from /left/{MASK}, not from /front/{MASK}",
        "truth is another camera's: /front/ground_truth/",
    ]
    chosen = f"taking {LEFT_IMAGE} (rgb8, 3 messages); --topic (in the player: topic) takes another: {FRONT} "
    assert found["left"]["warnings"] == read and found["none"]["warnings"] == [*read, f"{chosen}(bgr8, 6 messages)"]


def test_several_recordings_and_cameras_share_the_loaded_models(drive, both, tmp_path, monkeypatch):
    """There are two: a core has one of its own."""
    opened = []
    original = Perceiver.open
    monkeypatch.setattr(Perceiver, "open", lambda settings: opened.append(settings) or original(settings))
    monkeypatch.setattr(process, "SEGMENT_S", 0.2)
    shard._perceivers.cache_clear()
    settings = both.settings.replace(threads=2)
    outs = [tmp_path / name for name in ("a", "b")]
    outcomes = process_bags([(drive, out) for out in outs], Processing(settings, both.topics))
    assert [each.images for each in outcomes.values()] == [9, 9] and len(opened) == 2
