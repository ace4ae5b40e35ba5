# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The steps of depth preparation by hand, and block matching on a pair whose disparity is known."""

from __future__ import annotations

import numpy as np
from stereo_folder import pair

from mt_perception.geometry import scale_camera
from mt_perception.types import Camera
from mt_perception_training.depth import clean
from mt_perception_training.depth.matching import agreed, match
from mt_perception_training.window import Window

NAN = np.nan


def a(*rows):
    return np.array(rows, np.float32)


def test_a_cut_moves_the_principal_point_and_nothing_else():
    window = Window.after_cutting((10, 20), top=0.1, left=0.25, bottom=0.2)
    assert window == Window(top=1, left=5, height=7, width=15)
    camera = window.camera(Camera(20, 10, 30.0, 31.0, 9.5, 4.5, 0.2))
    assert camera == Camera(15, 7, 30.0, 31.0, 4.5, 3.5, 0.2)
    image = np.arange(200).reshape(10, 20)
    assert window.of(image)[0, 0] == image[1, 5] and window.of(image)[-1, -1] == image[7, 19]


def test_half_the_size_has_half_the_disparity_and_the_same_depth():
    camera = Camera(4, 2, 100.0, 100.0, 1.5, 0.5, 0.2)
    disparity_px = a([8, 8, 4, NAN], [8, 8, 4, NAN])
    half, half_camera = clean.resize_disparity(disparity_px, (1, 2)), scale_camera(camera, (1, 2))
    assert half_camera.fx_px == 50.0 and half[0, 0] == 4
    assert clean.to_metres(half, half_camera, 250)[0, 0] == 2.5 == clean.to_metres(disparity_px, camera, 250)[0, 0]


def test_metres_have_an_end():
    camera = Camera(3, 1, 100.0, 100.0, 1.0, 0.0, 0.2)
    np.testing.assert_array_equal(clean.to_metres(a([10, 0.05, NAN]), camera, 250), a([2, NAN, NAN]))


def test_holes_get_what_lies_behind():
    disparity_px = a([NAN] * 6, [NAN, 5, NAN, NAN, 3, NAN], [NAN] * 6)
    assert clean.inpaint(disparity_px).tolist() == [[5, 5, 3, 3, 3, 3]] * 3
    assert np.isnan(clean.inpaint(a([NAN, NAN]))).all()


def test_smoothing_drops_specks_and_keeps_edges_and_holes():
    disparity_px = np.full((7, 9), 4, np.float32)
    disparity_px[:, 5:], disparity_px[3, 2], disparity_px[3, 7] = 20, 60, NAN
    expected = np.where(np.arange(9) < 5, np.float32(4), np.float32(20)) * np.ones((7, 1), np.float32)
    expected[3, 7] = NAN
    np.testing.assert_array_equal(clean.smooth(disparity_px, 3), expected)
    assert clean.smooth(disparity_px, 1) is disparity_px


def test_left_and_right_have_to_agree():
    #   points at the column  0  0  2  -1 0  unknown
    of_left, of_right = a([0, 1, 0, 4, 4, NAN]), a([4, 9, 0.5, 9, 9, 9])
    assert np.isnan(agreed(of_left, of_right, 1.0)).tolist() == [[True, True, False, True, False, True]]


def test_matching_a_textured_pair():
    left, right, disparity_px = pair(np.random.default_rng(1))
    found = match(left, right, 32)
    known = ~np.isnan(found)
    error = np.abs(found / disparity_px - 1)[known]
    assert known.mean() > 0.8 and np.median(error) < 0.01 and error.mean() < 0.03
    hidden = np.s_[45:65, 78:88]  # the box covers these in the right image
    assert np.isnan(found[hidden]).mean() > 0.5
