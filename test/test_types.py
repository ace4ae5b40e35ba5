# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from mt_perception.types import Camera, DataError, Frame, StereoPair


def test_frame_knows_height_before_width():
    assert Frame(np.zeros((3, 4, 3), np.uint8)).size == (3, 4)


@pytest.mark.parametrize(
    ("image", "pixel_format", "said"),
    [
        (np.zeros((3, 4, 3), np.float32), "rgb", "float32"),
        (np.zeros((3, 4), np.uint8), "rgb", "(H, W, 3)"),
        (np.zeros((3, 4, 3), np.uint8), "mono", "(H, W)"),
        (np.zeros((3, 4, 3), np.uint8), "bgra", "(H, W, 4)"),
        (np.zeros((0, 4, 3), np.uint8), "rgb", "not empty"),
        (np.zeros((3, 4, 3), np.uint8), "yuv", "expected one of rgb"),
    ],
)
def test_frame_refuses_what_is_no_image(image, pixel_format, said):
    with pytest.raises(DataError) as error:
        Frame(image, pixel_format)
    assert said in str(error.value)


def test_frame_refuses_a_camera_of_another_size():
    with pytest.raises(DataError, match="5x3 pixels, the image has 4x3"):
        Frame(np.zeros((3, 4, 3), np.uint8), camera=Camera(5, 3, 1, 1, 1, 1))


@pytest.mark.parametrize("fx", [0, -1, float("nan"), float("inf")])
def test_camera_refuses_impossible_focal_lengths(fx):
    with pytest.raises(DataError, match="fx_px"):
        Camera(4, 3, fx, 1, 1, 1)


CAMERA = Camera(4, 3, 100, 100, 1.5, 1.0)
RIGHT = replace(CAMERA, cx_px=1.25, baseline_m=0.2)


def frame(camera, height=3):
    return Frame(np.zeros((height, 4, 3), np.uint8), camera=camera)


def test_a_pair_is_the_left_camera_with_the_rights_baseline():
    pair = StereoPair(frame(CAMERA), frame(RIGHT))
    assert pair.camera == replace(CAMERA, baseline_m=0.2) and pair.offset_px == 0.25


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (frame(None), frame(RIGHT), "camera_info of both"),
        (frame(CAMERA), frame(None), "camera_info of both"),
        (frame(CAMERA), frame(CAMERA), r"no baseline: P\[3\] must be .* exchanged"),
        (frame(CAMERA), frame(replace(RIGHT, height_px=2), 2), "left image has 4x3 pixels and the right one 4x2"),
        (frame(CAMERA), frame(replace(RIGHT, fx_px=102)), "fx_px 100 and the right one 102"),
        (frame(CAMERA), frame(replace(RIGHT, cy_px=3)), "cy_px 1 and the right one 3"),
    ],
)
def test_a_pair_that_was_not_rectified_together_is_refused(left, right, said):
    with pytest.raises(DataError, match=said):
        StereoPair(left, right)
