# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Disparity and its confidence where both are known."""

import numpy as np
import pytest
from stereo.pairs import BLIND, BOX, BOX_PX, CAMERA, HEIGHT, WALL_PX, WIDTH, box_and_wall, stereo_pair

from mt_perception.stereo import match


def test_a_box_before_a_wall():
    """d = f * B / Z: 100 px * 0.2 m / 5 m = 4 px and 20 / 2 = 10 px."""
    left, right, depth_m = box_and_wall()
    found = match(stereo_pair(left, right), WIDTH)
    assert found.size == (HEIGHT, WIDTH) == found.disparity_px.shape == found.confidence.shape
    sure = found.confidence > 0.5
    assert sure.mean() > 0.6 and found.usable
    assert np.median(found.disparity_px[BOX][sure[BOX]]) == pytest.approx(BOX_PX, abs=0.1)
    assert np.median(found.disparity_px[:25][sure[:25]]) == pytest.approx(WALL_PX, abs=0.1)
    right_ones = np.abs(found.depth_m[sure] / depth_m[sure] - 1) < 0.1
    assert right_ones.mean() > 0.95


def test_a_smaller_match_tells_the_same_metres():
    left, right, _ = box_and_wall()
    found = match(stereo_pair(left, right), WIDTH // 2)
    assert found.size == (HEIGHT // 2, WIDTH // 2) and found.camera.fx_px == 50.0
    inside = found.depth_m[18:32, 50:70]
    assert np.nanmedian(inside) == pytest.approx(2.0, rel=0.05)


def test_cameras_that_look_towards_each_other():
    """The right principal point lies 6 px further right, so all disparities in the images are 6 px smaller."""
    left, right, _ = box_and_wall()
    rolled = np.roll(right, 6, axis=1)
    found = match(stereo_pair(left, rolled, cx_px=CAMERA.cx_px + 6), WIDTH)
    assert np.nanmedian(found.disparity_px[BOX]) == pytest.approx(BOX_PX, abs=0.1)
    assert np.nanmedian(found.disparity_px[75:, 30:]) == pytest.approx(WALL_PX, abs=0.1)


def test_a_darker_right_image_matches_too():
    left, right, _ = box_and_wall()
    found = match(stereo_pair(left, (right * 0.6 + 10).astype(np.uint8)), WIDTH)
    assert np.nanmedian(found.disparity_px[BOX]) == pytest.approx(BOX_PX, abs=0.1)
    assert (found.confidence > 0.5).mean() > 0.5


def test_where_there_is_no_texture_there_is_no_confidence():
    left, right, _ = box_and_wall()
    left, right = left.copy(), right.copy()
    left[60:], right[60:] = 128, 128
    found = match(stereo_pair(left, right), WIDTH)
    assert found.confidence[70:].max() == 0 and (found.confidence[:25] > 0.5).mean() > 0.6


@pytest.mark.parametrize("kind", BLIND)
def test_a_right_camera_that_sees_nothing_is_not_believed(kind):
    left, right, _ = box_and_wall()
    assert not match(stereo_pair(left, BLIND[kind](left, right)), WIDTH).usable
