# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Planes whose height and tilt are known, and what happens to depth over the frames of a camera."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stereo.recorded import street

from mt_perception.bags.sources import open_source
from mt_perception.geometry import rays
from mt_perception.labels import CITYSCAPES, LabelSet
from mt_perception.messages.compressed import array_from_compressed
from mt_perception.prediction import Prediction
from mt_perception.scale.ground import Ground, GroundDepth, GroundError, Mount, estimate_scale
from mt_perception.types import Camera, DataError, Frame
from mt_perception.utils.resources import city_recording

CAMERA = Camera(200, 100, 110.0, 100.0, 95.0, 45.0)
SIZE = (CAMERA.height_px, CAMERA.width_px)
HEIGHT_M = 1.5
MOUNT = Mount(HEIGHT_M)
CITY_HEIGHT_M = 1.663  # drawn by the seed of the recording in the package


def normal_of(pitch_deg, roll_deg):
    """Straight down, as seen by a camera that is pitched down and rolled clockwise."""
    pitch, roll = math.radians(pitch_deg), math.radians(roll_deg)
    return (math.cos(pitch) * math.sin(roll), math.cos(pitch) * math.cos(roll), math.sin(pitch))


def plane_m(height_m=HEIGHT_M, pitch_deg=0.0, roll_deg=0.0):
    """The depth (H, W) of an endless plane that far below the camera; infinite above the horizon."""
    columns, rows = rays(CAMERA)
    x, y, z = normal_of(pitch_deg, roll_deg)
    drop = (x * columns + y * rows + z).astype(np.float64)
    return np.divide(height_m, drop, out=np.full(SIZE, np.inf), where=drop > 1e-6).astype(np.float32)


def test_a_level_plane_by_hand():
    """100 px of focal length: 1.5 m below the camera, 30 px below the horizon, is 5 m away."""
    assert plane_m()[75, 10] == pytest.approx(5.0)
    found = estimate_scale(plane_m() * np.float32(0.5), np.isfinite(plane_m()), CAMERA, MOUNT)
    assert found.factor == pytest.approx(2.0, rel=1e-5) and found.tilt_deg == pytest.approx(0, abs=0.01)
    assert found.spread < 1e-5 and found.inlier_share == 1 and found.pixels > 1000


@given(st.floats(-15, 15), st.floats(-10, 10), st.floats(0.2, 5))
def test_any_height_pitch_and_roll_is_found(pitch_deg, roll_deg, height_m):
    depth_m = plane_m(height_m, pitch_deg, roll_deg)
    found = estimate_scale(depth_m, depth_m < 20 * height_m, CAMERA, MOUNT)
    assert found.factor == pytest.approx(HEIGHT_M / height_m, rel=1e-4)
    tilt_deg = math.degrees(math.acos(normal_of(pitch_deg, roll_deg)[1]))
    assert found.tilt_deg == pytest.approx(tilt_deg, abs=0.05)


@given(st.floats(0.01, 100), st.integers(0, 5))
def test_the_depths_own_scale_does_not_matter(scale, seed):
    noise = np.exp(np.random.default_rng(seed).normal(0, 0.1, SIZE)).astype(np.float32)
    depth_m = plane_m(pitch_deg=3) * noise
    road = np.isfinite(depth_m)
    one, other = (estimate_scale(each, road, CAMERA, MOUNT) for each in (depth_m, depth_m * np.float32(scale)))
    assert other.factor * scale == pytest.approx(one.factor, rel=1e-4)
    assert (other.tilt_deg, other.spread) == pytest.approx((one.tilt_deg, one.spread), abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_noise_and_cars_that_pass_for_road_do_not_move_it(seed):
    """A fifth of noise everywhere, and a third of the road hidden by two walls 4 m and 8 m away."""
    rng = np.random.default_rng(seed)
    depth_m = plane_m(pitch_deg=2, roll_deg=-1)
    depth_m[:, :35] = np.minimum(depth_m[:, :35], 4.0)
    depth_m[:, 150:180] = np.minimum(depth_m[:, 150:180], 8.0)
    depth_m *= np.exp(rng.normal(0, 0.2, SIZE)).astype(np.float32)
    found = estimate_scale(depth_m * np.float32(0.7), np.isfinite(depth_m), CAMERA, MOUNT)
    assert found.factor == pytest.approx(1 / 0.7, rel=0.06) and found.tilt_deg < 5
    assert 0.1 < found.spread < 0.35 and 0.5 < found.inlier_share < 0.9


def test_pixels_without_depth_do_not_count():
    depth_m = plane_m()
    depth_m[60:70], depth_m[:, 20:30], depth_m[90:] = np.nan, np.inf, 0
    assert estimate_scale(depth_m, np.ones(SIZE, bool), CAMERA, MOUNT).factor == pytest.approx(1.0, rel=1e-5)


def road_in(rows):
    road = np.zeros(SIZE, bool)
    road[rows] = True
    return road


@pytest.mark.parametrize(
    ("depth_m", "road", "said"),
    [
        (plane_m(), road_in(np.s_[99:]), "too little road"),
        (plane_m(), road_in(np.s_[:45]), "too little road"),  # all of it above the horizon
        (np.full(SIZE, np.inf, np.float32), road_in(np.s_[:]), "too little road"),
        (plane_m(), road_in(np.s_[90:]), "too short a stretch"),
        (plane_m(pitch_deg=30), road_in(np.s_[:]), "too steep"),
        (plane_m(roll_deg=30), road_in(np.s_[60:]), "too steep"),
        (np.full(SIZE, 9.0, np.float32), road_in(np.s_[:]), "too steep"),  # a wall before the camera
        (np.exp(np.random.default_rng(0).uniform(-2, 3, SIZE)).astype(np.float32), road_in(np.s_[:]), "road is"),
    ],
    ids=["one row", "sky", "no depth", "near", "pitch", "roll", "wall", "nonsense"],
)
def test_what_is_no_plausible_road_is_refused_with_its_reason(depth_m, road, said):
    with pytest.raises(GroundError, match=said):
        estimate_scale(depth_m, road, CAMERA, MOUNT)


def test_a_mount_that_is_known_to_look_down_is_no_tilt():
    """30 degrees down: a rotation about the x axis, from z forward and y down to z up."""
    half = math.radians(90 + 30) / 2
    mount = Mount.from_pose(0.4, -math.sin(half), 0.0, 0.0, math.cos(half))
    assert mount.down == pytest.approx(normal_of(30, 0), abs=1e-12)
    found = estimate_scale(plane_m(0.8, pitch_deg=30), np.ones(SIZE, bool), CAMERA, mount)
    assert found.factor == pytest.approx(0.5, rel=1e-4) and found.tilt_deg == pytest.approx(0, abs=0.05)


def test_a_camera_in_optical_axes_looks_level():
    """The rotation that REP 103 gives for optical frames: roll -90, yaw -90 degrees."""
    assert Mount.from_pose(1.0, -0.5, 0.5, -0.5, 0.5).down == pytest.approx((0, 1, 0))


@pytest.mark.parametrize("height_m", [0.0, -1.0, math.nan, math.inf])
def test_a_height_that_is_none_is_refused(height_m):
    with pytest.raises(DataError, match="must be above 0"):
        Mount(height_m)


def prediction(depth_m, stamp_s=0.0, camera=CAMERA, train_id=0):
    frame = Frame(np.zeros((*SIZE, 3), np.uint8), stamp_ns=round(1e9 * stamp_s), camera=camera)
    return Prediction(frame, {"mask": np.full(SIZE, train_id, np.uint8), "depth_m": depth_m})


def test_frames_without_road_keep_the_last_scale():
    ground = GroundDepth(CITYSCAPES)
    before = prediction(plane_m(3.0), train_id=2)
    np.testing.assert_array_equal(ground(before, MOUNT).depth_m, before.depth_m)
    assert not ground.scale.known and ground.problem == "too little road is in sight"
    np.testing.assert_allclose(ground(prediction(plane_m(3.0), 1), MOUNT).depth_m, plane_m(1.5), rtol=1e-5)
    assert ground.problem == "" and isinstance(ground.scale.latest, Ground)
    after = ground(prediction(plane_m(3.0), 2, train_id=2), MOUNT)
    np.testing.assert_allclose(after.depth_m, plane_m(1.5), rtol=1e-5)
    assert ground.scale.age_s == 1.0
    np.testing.assert_array_equal(after.mask, 2)


def test_one_bad_frame_moves_the_scale_by_what_its_time_weighs():
    ground = GroundDepth(CITYSCAPES)
    ground(prediction(plane_m(1.5), 0), MOUNT)
    ground(prediction(plane_m(3.0), 0.1), MOUNT)
    assert math.log2(1 / ground.scale.factor) == pytest.approx(1 - math.exp(-0.1 / 2), rel=1e-3)


def test_without_camera_or_class_it_says_so():
    ground = GroundDepth(CITYSCAPES)
    ground(prediction(plane_m(), camera=None), MOUNT)
    assert ground.problem == "there is no valid camera_info"
    ground = GroundDepth(LabelSet("no road", CITYSCAPES.labels[1:]))
    ground(prediction(plane_m()), MOUNT)
    assert ground.problem == "the model does not know the class 'road'"


def test_outputs_of_another_size_have_a_camera_of_that_size():
    """Every third pixel, the middle one of three: their camera is that of the whole made smaller."""
    columns = rows = slice(1, None, 3)
    frame = Frame(np.zeros((99, 198, 3), np.uint8), camera=replace(CAMERA, width_px=198, height_px=99))
    depth_m = plane_m(3.0)[:99, :198][rows, columns]
    made = Prediction(frame, {"mask": np.zeros(depth_m.shape, np.uint8), "depth_m": depth_m})
    ground = GroundDepth(CITYSCAPES)
    ground(made, MOUNT)
    assert ground.scale.factor == pytest.approx(0.5, rel=1e-5)
    assert ground.scale.latest.tilt_deg == pytest.approx(0, abs=0.01)


def test_true_depth_of_the_rendered_street_tells_how_high_its_camera_is():
    """With kerbs, cars, people and millimetres."""
    for (pair, truth_m), source_frame in zip(street(4), open_source(city_recording()), strict=False):
        labels = array_from_compressed(source_frame.others["/ground_truth/labels/compressed"].message())
        found = estimate_scale(truth_m * np.float32(0.5), labels == 0, pair.camera, Mount(CITY_HEIGHT_M))
        assert found.factor == pytest.approx(2.0, rel=0.01) and found.inlier_share > 0.9
