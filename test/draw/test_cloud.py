# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt_perception.draw.cloud import POINT, hovers, labelled_cloud, obstacle_points, thinned_points
from mt_perception.geometry import rays
from mt_perception.types import Camera

CAMERA = Camera(width_px=3, height_px=2, fx_px=2.0, fy_px=4.0, cx_px=1.0, cy_px=0.0)


def cloud_of(depth_m, camera=CAMERA):
    shape = depth_m.shape
    image = np.arange(3 * depth_m.size, dtype=np.uint8).reshape(*shape, 3)
    return labelled_cloud(depth_m, camera, image, np.full(shape, 13, np.uint8), np.full(shape, 51, np.uint8))


def test_points_by_hand():
    """At 4 m with fx = 2, one pixel beside the principal point is 2 m aside; with fy = 4, one row is 1 m."""
    points = cloud_of(np.full((2, 3), 4.0, np.float32))
    np.testing.assert_array_equal(points["x"], [[-2, 0, 2]] * 2)
    np.testing.assert_array_equal(points["y"], [[0] * 3, [1] * 3])
    np.testing.assert_array_equal(points["z"], np.full((2, 3), 4))
    np.testing.assert_array_equal(points["label"], 13)
    np.testing.assert_allclose(points["confidence"], 0.2)


def test_colors_are_packed_as_in_pcl():
    points = cloud_of(np.ones((2, 3), np.float32))
    packed = points["rgb"].view(np.uint32) & 0xFFFFFF
    assert [hex(value) for value in packed.ravel()[:2]] == ["0x102", "0x30405"]


@pytest.mark.parametrize("unknown", [np.nan, np.inf, -np.inf])
def test_no_depth_no_point_but_its_place_is_kept(unknown):
    points = cloud_of(np.array([[1, unknown, 1], [1, 1, 1]], np.float32))
    for axis in "xyz":
        np.testing.assert_array_equal(np.isnan(points[axis]), [[False, True, False], [False] * 3])
    assert points.shape == (2, 3) and points["label"][0, 1] == 13


def test_type_is_packed():
    assert POINT.itemsize == sum(POINT[name].itemsize for name in POINT.names) == 24


@given(
    fx=st.floats(10, 2000),
    fy=st.floats(10, 2000),
    cx=st.floats(-5, 20),
    cy=st.floats(-5, 20),
    depth=st.floats(0.1, 250),
)
def test_points_project_back_to_their_pixels(fx, fy, cx, cy, depth):
    camera = Camera(7, 5, fx, fy, cx, cy)
    points = cloud_of(np.full((5, 7), depth, np.float32), camera)
    columns, rows = np.meshgrid(np.arange(7), np.arange(5))
    np.testing.assert_allclose(points["x"] / points["z"] * fx + cx, columns, atol=1e-3)
    np.testing.assert_allclose(points["y"] / points["z"] * fy + cy, rows, atol=1e-3)


def test_rays_are_computed_once_for_a_camera():
    assert rays(CAMERA)[0] is rays(Camera(3, 2, 2.0, 4.0, 1.0, 0.0))[0]


def wall_behind_a_pole(width=40, pole=slice(18, 20)):
    """A wall at 20 m, before it a pole of two columns at 5 m, with a pixel on the way at each side of it."""
    depth_m = np.full((12, width), 20.0, np.float32)
    depth_m[:, pole] = 5.0
    depth_m[:, [pole.start - 1, pole.stop]] = 9.0
    return depth_m


def test_what_is_on_the_way_from_a_pole_to_the_wall_hovers_and_the_thin_pole_stays():
    expected = np.zeros((12, 40), bool)
    expected[:, [17, 20]] = True
    np.testing.assert_array_equal(hovers(wall_behind_a_pole()), expected)


@pytest.mark.parametrize("unknown", [np.nan, np.inf, 0.0])
def test_unknown_depth_hovers_and_what_is_beside_it_does_not(unknown):
    depth_m = np.full((12, 20), 7.0, np.float32)
    depth_m[:, :5] = unknown
    np.testing.assert_array_equal(hovers(depth_m), depth_m != 7)


@given(steep=st.floats(-0.01, 0.01), aside=st.floats(-0.01, 0.01))
def test_nothing_within_a_plane_hovers_however_flat_it_is_seen(steep, aside):
    """Depths of 4 m to 1 km; at the image's border there are no surroundings to be the mean of."""
    rows, columns = np.mgrid[0:60, 0:90]
    inverse = steep * rows / 60 + aside * columns / 90
    depth_m = (1 / (inverse - inverse.min() + 1e-3)).astype(np.float32)
    assert not hovers(depth_m)[6:-6, 6:-6].any()


def test_obstacles_are_the_sure_points_of_the_chosen_classes():
    points = cloud_of(np.full((2, 3), 4.0, np.float32))
    points["label"] = [[13, 13, 0], [13, 11, 255]]
    points["confidence"] = [[0.9, 0.4, 0.9], [0.5, 0.9, 0.9]]
    kept = obstacle_points(points, [13, 11])
    assert kept["x"].tolist() == [-2, -2, 0] and kept["label"].tolist() == [13, 13, 11] and kept.dtype == POINT
    assert len(obstacle_points(points, [])) == 0 and len(obstacle_points(points, [7], voxel_m=1.0)) == 0


def test_of_the_points_in_one_cube_the_first_stays():
    """Cubes of 2.5 m: x of -2, 0, 2 lie in two of them, and both rows in the same."""
    kept = obstacle_points(cloud_of(np.full((2, 3), 4.0, np.float32)), [13], 0.0, 2.5)
    assert kept["x"].tolist() == [-2, 0] and kept["y"].tolist() == [0, 0]
    assert len(obstacle_points(cloud_of(np.full((2, 3), 4.0, np.float32)), [13], 0.0, 0.5)) == 6


def test_points_are_thinned_evenly_in_rows_and_columns():
    """Of 24 points, 6: every second in both directions; the last is pixel (2, 4) at 4 m."""
    camera, depth_m = Camera(6, 4, 2.0, 4.0, 1.0, 0.0), np.full((4, 6), 4.0, np.float32)
    xyz_m, pixels = thinned_points(depth_m, camera, np.ones((4, 6), bool), 6)
    assert pixels.tolist() == [0, 2, 4, 12, 14, 16]
    assert xyz_m[0].tolist() == [-2, 0, 4] and xyz_m[-1].tolist() == [6, 2, 4] and xyz_m.dtype == np.float32


def test_of_few_points_all_are_kept():
    keep = np.zeros((2, 3), bool)
    xyz_m, pixels = thinned_points(np.full((2, 3), 4.0, np.float32), CAMERA, keep, 2)
    assert xyz_m.shape == (0, 3) and len(pixels) == 0
    keep[1, 1:] = True
    assert thinned_points(np.full((2, 3), 4.0, np.float32), CAMERA, keep, 2)[1].tolist() == [4, 5]
