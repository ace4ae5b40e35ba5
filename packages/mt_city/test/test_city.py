# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The made-up city: its truth is exact, its images are repeatable, its streets are streets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mt_city import City, CityError, CityFrame, CityOptions, Mounting
from mt_city.labels import BUILDING, CAR, ROAD, SKY, UNLABELLED, VEGETATION

pytestmark = pytest.mark.usefixtures("rendering")

SMALL = CityOptions(width_px=256, height_px=128, noise=False)


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with City(4, SMALL) as made:
        yield made


@pytest.fixture(scope="module")
def frame(city: City) -> CityFrame:
    return city.render(5.5)


def test_a_frame_has_the_shapes_and_types_it_promises(frame: CityFrame) -> None:
    assert frame.right is not None and frame.labels is not None and frame.depth_m is not None
    assert frame.left.shape == frame.right.shape == (128, 256, 3)
    assert frame.left.dtype == frame.right.dtype == frame.labels.dtype == np.uint8
    assert frame.labels.shape == frame.depth_m.shape == (128, 256)
    assert frame.depth_m.dtype == np.float32
    assert frame.stamp_ns == 5_500_000_000


def test_the_example_of_the_readme_gives_what_it_says() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (Path(__file__).parents[1] / "README.md").read_text(), re.S)
    there: dict[str, Any] = {}
    exec(example, there)  # noqa: S102  the README's own lines
    frame = there["frame"]
    assert frame.left.shape == (384, 640, 3) and frame.depth_m.shape == frame.labels.shape == (384, 640)
    assert frame.camera.baseline_m and frame.mounting.height_m


def test_what_is_not_asked_for_is_none(city: City) -> None:
    bare = city.render(1.0, right=False, truth=False)
    assert bare.right is None and bare.labels is None and bare.depth_m is None


def test_camera_model_matches_the_field_of_view(city: City) -> None:
    camera = city.camera
    assert camera.fx_px == pytest.approx(128 / np.tan(np.radians(25)))
    assert (camera.cx_px, camera.cy_px, camera.baseline_m) == (127.5, 63.5, 0.22)


def test_labels_are_train_ids(frame: CityFrame) -> None:
    assert frame.labels is not None
    assert set(np.unique(frame.labels)) <= {*range(19), UNLABELLED}


def test_sky_is_infinitely_far_and_nothing_else_is(frame: CityFrame) -> None:
    assert frame.labels is not None and frame.depth_m is not None
    assert (frame.labels == SKY).any()
    np.testing.assert_array_equal(frame.labels == SKY, np.isinf(frame.depth_m))


def road_m(mounting: Mounting, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Depth of flat road along the rays (x, y, 1): how far each goes down per metre ahead, against the height."""
    pitch, roll = np.radians(mounting.pitch_deg), np.radians(mounting.roll_deg)
    return mounting.height_m / (np.sin(pitch) + np.cos(pitch) * (y * np.cos(roll) + x * np.sin(roll)))


def test_depth_of_the_road_follows_from_height_pitch_and_roll() -> None:
    """By hand: a level camera 1.5 m above the road sees it 3 m ahead at half a metre down per metre; nose down by 45
    degrees, the axis meets it at 1.5 sqrt(2); rolled by 30 degrees, the ray (1, 0, 1) goes down by sin 30."""
    half, none, one = (np.array(value) for value in (0.5, 0.0, 1.0))
    assert road_m(Mounting(1.5, 0), none, half) == pytest.approx(3.0)
    assert road_m(Mounting(1.5, 45), none, none) == pytest.approx(1.5 * np.sqrt(2))
    assert road_m(Mounting(1.5, 0, 30), one, none) == pytest.approx(3.0)


@pytest.mark.parametrize("roll_deg", [0.0, 5.0, -5.0])
def test_depth_of_the_road_is_what_geometry_says(roll_deg: float) -> None:
    options = CityOptions(width_px=256, height_px=128, height_m=1.4, pitch_deg=4.0, roll_deg=roll_deg, jitter_deg=1.0)
    with City(4, options) as city:
        seen = city.render(2.0, right=False)
    assert seen.labels is not None and seen.depth_m is not None
    rays = np.meshgrid(np.arange(256) - seen.camera.cx_px, np.arange(95, 128) - seen.camera.cy_px)
    expected = road_m(seen.mounting, *(each / seen.camera.fx_px for each in rays))
    road = seen.labels[95:] == ROAD
    assert road.mean() > 0.3
    assert np.abs(seen.depth_m[95:] / expected - 1)[road].max() < 0.01


def test_pitch_and_roll_change_from_frame_to_frame_within_the_jitter() -> None:
    options = CityOptions(width_px=96, height_px=48, pitch_deg=3.0, roll_deg=-1.0, jitter_deg=0.5)
    times = (0.0, 0.1, 7.0)
    with City(2, options) as city:
        held = [city.render(t, right=False, truth=False).mounting for t in times]
        assert city.render(0.1, right=False, truth=False).mounting == held[1]  # whatever was rendered before
    changes = np.array([(each.pitch_deg - 3.0, each.roll_deg + 1.0) for each in held])
    assert np.abs(changes).max() <= 0.5 and len(np.unique(changes)) == changes.size
    assert len({each.height_m for each in held}) == 1


def test_right_image_shifted_by_the_disparity_is_the_left_one(frame: CityFrame) -> None:
    assert frame.right is not None and frame.depth_m is not None
    disparity = frame.camera.fx_px * 0.22 / frame.depth_m
    rows, columns = np.mgrid[:128, :256]
    source = columns - disparity
    inside = source >= 0
    warped = frame.right[rows, np.round(np.maximum(source, 0)).astype(int)]
    error = np.abs(warped.astype(int) - frame.left).mean(-1)
    still = np.abs(frame.right.astype(int) - frame.left).mean(-1)
    assert np.mean(error[inside] < 20) > 0.85
    assert error[inside].mean() < 0.6 * still[inside].mean()


def test_same_seed_and_time_give_the_same_frame() -> None:
    noisy = CityOptions(width_px=96, height_px=48)
    frames = []
    for times in ((2.0,), (7.0, 2.0)):  # whatever was rendered before
        with City(11, noisy) as city:
            frames.append([city.render(t) for t in times][-1])
    for name in ("left", "right", "labels", "depth_m"):
        np.testing.assert_array_equal(getattr(frames[0], name), getattr(frames[1], name))
    code = (
        "from mt_city import *; import zlib;"
        "f = City(11, CityOptions(width_px=96, height_px=48)).render(2.0);"
        "print(zlib.crc32(f.left.tobytes()), zlib.crc32(f.depth_m.tobytes()))"
    )
    import zlib

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert out.stdout.split() == [
        str(zlib.crc32(frames[0].left.tobytes())),
        str(zlib.crc32(frames[0].depth_m.tobytes())),
    ]


def test_time_moves_the_camera_and_the_traffic(city: City, frame: CityFrame) -> None:
    later = city.render(6.0)
    assert later.depth_m is not None and frame.depth_m is not None
    assert np.mean(later.left != frame.left) > 0.3
    before, _, _ = city._actors[0].pose(city._route, 5.5)
    after, _, _ = city._actors[0].pose(city._route, 6.0)
    assert 0.3 < np.linalg.norm(after - before) < 10


def test_the_drive_starts_again_after_a_lap(city: City) -> None:
    first, again = city.render(1.0), city.render(1.0 + city.lap_s)
    assert np.mean(first.labels == again.labels) > 0.99


def test_streets_hold_what_streets_hold() -> None:
    """Over a few seeds: nearly all classes, in proportions like those of real street scenes."""
    counts = np.zeros(256)
    tiny = CityOptions(width_px=192, height_px=96, noise=False, antialias=False)
    for seed in range(3):
        with City(seed, tiny) as city:
            for t in np.linspace(0, city.lap_s, 4, endpoint=False):
                counts += np.bincount(city.render(t, right=False).labels.ravel(), minlength=256)
    share = counts / counts.sum()
    assert np.count_nonzero(share[:19]) >= 15
    for train_id, low, high in (
        (ROAD, 0.2, 0.45),
        (BUILDING, 0.08, 0.4),
        (VEGETATION, 0.03, 0.35),
        (SKY, 0.03, 0.25),
        (CAR, 0.03, 0.2),
    ):
        assert low < share[train_id] < high, f"class {train_id} fills {share[train_id]:.1%}"


@pytest.mark.parametrize("t_s", [-1.0, float("inf")])
def test_wrong_times_are_refused(city: City, t_s: float) -> None:
    with pytest.raises(CityError, match="time"):
        city.render(t_s)
