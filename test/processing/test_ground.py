# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A recording through a network whose road is a plane of a known height, brought to the height that is true."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest

from mt_perception.bags.bag import Bag
from mt_perception.bags.by_stamp import DEPTH
from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import main
from mt_perception.geometry import rays
from mt_perception.messages.read import array_from_image
from mt_perception.pipeline import Perceiver
from mt_perception.processing import process, shard
from mt_perception.processing.process import process_bag
from mt_perception.processing.shard import Processing, process_segment
from mt_perception.settings import Settings
from recordings import CAMERA, SIZE, contents, write_street

FRAMES = 12


def plane_m(height_m):
    """Depth of a level plane that far below the camera."""
    drop = np.broadcast_to(rays(CAMERA)[1], SIZE)
    return np.divide(np.float32(height_m), drop, out=np.full(SIZE, np.inf, np.float32), where=drop > 0)


class Plane:
    """A network that sees nothing but road, nearer in brighter images."""

    name = precision = device = "plane"
    progress = fallback = ""

    def infer(self, image, depth_scale, outputs, camera=None):
        made = {
            "mask": np.zeros(SIZE, np.uint8),
            "confidence": np.full(SIZE, 255, np.uint8),
            "depth_m": plane_m(1.0 + image.mean() / 255),
        }
        return {name: made[name] for name in outputs}


@pytest.fixture
def settings(bundle, monkeypatch):
    """Settings for `depth_mode: ground`, whose network is a `Plane` on each of two inference workers."""
    made = Settings(model=str(bundle.folder), depth_mode="ground", camera_height_m=1.5)
    workers = tuple(Perceiver(bundle, Plane(), SIZE, made) for _ in range(2))
    monkeypatch.setattr(shard, "_perceivers", lambda settings, cores, count: workers[:count])
    return made


@pytest.fixture
def drive(tmp_path):
    return write_street(tmp_path / "drive", FRAMES, start_ns=10**9)


def depths_m(path):
    with Bag(path) as bag:
        return [array_from_image(each.message()) for each in bag.messages([f"/{DEPTH}"])]


@pytest.mark.parametrize("stereo", [False, True], ids=["one camera", "a pair"])
def test_the_road_has_the_cameras_height(drive, settings, tmp_path, stereo):
    """The first image says its scale alone; what the brightness does later is smoothed."""
    stats = process_bag(drive, tmp_path / "out", Processing(settings.replace(stereo=stereo)))
    assert (stats.images, stats.problems()) == (FRAMES, [])
    first, *others = depths_m(tmp_path / "out")
    np.testing.assert_allclose(first, plane_m(1.5), rtol=1e-4)
    assert len(others) == FRAMES - 1
    assert all(np.median(each[40:] / first[40:]) == pytest.approx(1, rel=0.1) for each in others)


@pytest.mark.parametrize("stereo", [False, True], ids=["one camera", "a pair"])
def test_segments_give_the_same_in_any_order(drive, settings, tmp_path, monkeypatch, stereo):
    """Each looks back as far as its scale remembers: here, to the beginning."""
    processing = Processing(settings.replace(stereo=stereo))
    process_bag(drive, tmp_path / "whole", processing)
    monkeypatch.setattr(process, "SEGMENT_S", 0.4)
    with ExitStack() as owned:
        tasks, _ = process._plan(drive, tmp_path / "out", processing, owned)
    assert len(tasks) == 3
    for task in reversed(tasks):
        process_segment(processing, 2, task)
    process_bag(drive, tmp_path / "out", processing)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_each_of_two_cameras_has_a_scale_of_its_own(drive, settings, tmp_path):
    with Bag(drive) as bag, BagWriter(tmp_path / "two") as two:
        camera = next(bag.messages(["/left/camera_info"]))
        for each in bag.messages():
            two.write(each.topic, each.type_name, each.received_ns, each.data)
            if each.topic == "/left/camera_info":
                two.write("/right/camera_info", camera.type_name, each.received_ns, each.data)
    sides = ("/left/image_rect/compressed", "/right/image_rect/compressed")
    assert process_bag(tmp_path / "two", tmp_path / "out", Processing(settings, sides)).images == 2 * FRAMES
    for side in sides:
        process_bag(tmp_path / "two", tmp_path / side[1:5], Processing(settings, (side,)))
        alone = contents(tmp_path / side[1:5], [f"/{DEPTH}"])
        both = contents(tmp_path / "out", [f"/{side.split('/')[1]}/{DEPTH}"])
        assert [each[1:] for each in both] == [each[1:] for each in alone] and len(alone) == FRAMES


def test_images_without_road_keep_the_networks_scale_and_are_told(drive, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(Plane, "infer", lambda *arguments, infer=Plane.infer: no_road(infer(*arguments)))
    stats = process_bag(drive, tmp_path / "out", Processing(settings))
    assert stats.images == FRAMES
    assert stats.problems() == ["in some images the scale of depth is the network's own: too little road is in sight"]


def no_road(outputs):
    return {name: np.full_like(array, 2) if name == "mask" else array for name, array in outputs.items()}


def test_a_height_is_asked_for(drive, tmp_path, capsys):
    assert main(["bag", "process", str(drive), str(tmp_path / "out"), "--depth-mode", "ground"]) == 1
    assert "needs to know how high the camera is" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
