# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from mt_perception.labels import Label, LabelSet
from mt_perception.prediction import Prediction
from mt_perception.types import Camera, DataError, Frame

TWO = LabelSet("two", (Label("grass", 0, 0, (0, 200, 0)), Label("sky", 1, 1, (0, 0, 200))))
BGR = np.zeros((2, 4, 3), np.uint8) + np.array([30, 20, 10], np.uint8)


@pytest.fixture
def seen():
    """An image of 4x2, and outputs of half its size: two metres of grass, and sky."""
    camera = Camera(4, 2, fx_px=8, fy_px=8, cx_px=1.5, cy_px=0.5)
    outputs = {
        "mask": np.array([[0, 1]], np.uint8),
        "confidence": np.array([[255, 51]], np.uint8),
        "depth_m": np.array([[2, np.inf]], np.float32),
    }
    return Prediction(Frame(BGR, "bgr", camera=camera), outputs, classes=TWO)


def test_prediction_holds_what_was_requested():
    frame = Frame(np.zeros((3, 4, 3), np.uint8))
    prediction = Prediction(frame, {"mask": np.zeros((3, 4), np.uint8)})
    assert prediction.size == (3, 4)
    with pytest.raises(DataError, match="depth_m was not requested"):
        _ = prediction.depth_m


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"mask": np.zeros((3, 4), np.int64)},
        {"labels": np.zeros((3, 4), np.uint8)},
        {"mask": np.zeros((3, 4), np.uint8), "depth_m": np.zeros((4, 3), np.float32)},
    ],
)
def test_prediction_refuses_wrong_outputs(outputs):
    with pytest.raises(DataError):
        Prediction(Frame(np.zeros((3, 4, 3), np.uint8)), outputs)


def test_the_image_comes_in_rgb_and_in_the_outputs_size(seen):
    np.testing.assert_array_equal(seen.image, [[[10, 20, 30]] * 2])


def test_colours_are_those_of_its_own_classes(seen):
    np.testing.assert_array_equal(seen.mask_colors(), [[[0, 200, 0], [0, 0, 200]]])
    np.testing.assert_array_equal(seen.overlay(0.5), [[[5, 110, 15], [5, 10, 115]]])
    np.testing.assert_array_equal(seen.overlay(0), seen.image)


def test_near_is_brighter_than_far(seen):
    near, far = seen.depth_colors().astype(int).sum(axis=2)[0]
    assert near > far


def test_the_camera_is_that_of_the_outputs_size(seen):
    """At half the size the principal point moves from (1.5, 0.5) to (0.5, 0): pixel centres lie at whole numbers."""
    assert seen.camera == Camera(2, 1, fx_px=4, fy_px=4, cx_px=0.5, cy_px=0)


def test_points_by_hand(seen):
    """The first pixel's centre is half a pixel left of the axis: at 2 m with 4 px of focal length, a quarter metre."""
    grass, sky = seen.points()[0]
    assert (grass["x"], grass["y"], grass["z"], grass["label"], grass["confidence"]) == (-0.25, 0, 2, 0, 1)
    assert np.isnan(sky["z"]) and sky["label"] == 1 and sky["confidence"] == pytest.approx(0.2)


def test_without_a_camera_one_is_assumed():
    prediction = Prediction(Frame(BGR, "bgr"), {"depth_m": np.ones((2, 4), np.float32)})
    assert prediction.camera == Camera.assumed((2, 4))


@pytest.mark.parametrize("method", ["mask_colors", "overlay", "depth_colors", "points"])
def test_what_was_not_requested_cannot_be_shown(method):
    prediction = Prediction(Frame(BGR, "bgr"), {"confidence": np.zeros((2, 4), np.uint8)})
    with pytest.raises(DataError, match="was not requested; this prediction holds confidence"):
        getattr(prediction, method)()


def test_another_depth_keeps_all_else(seen):
    other = seen.with_depth(np.full((1, 2), 5, np.float32))
    assert other.depth_m[0, 1] == 5 and other.classes == TWO
    np.testing.assert_array_equal(other.mask, seen.mask)
