# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Networks of others as teachers: what they say of images whose answer is known."""

from __future__ import annotations

import json
import math

import cv2
import numpy as np
import pytest
from helpers import make_image
from hypothesis import given
from hypothesis import strategies as st
from tiny_teachers import ABOVE_ROAD_M, write_depth_teacher, write_label_teacher

pytest.importorskip("openvino")
pytest.importorskip("onnx")

from mt_perception.labels import CITYSCAPES
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.types import Camera, Frame
from mt_perception_training.teachers.network import TeacherError
from mt_perception_training.teachers.opening import open_teachers
from mt_perception_training.teachers.own_camera import Move
from mt_perception_training.teachers.views import Views, confident

ONCE = Views(flip=False)


def camera_of(fx, width=200, height=120, cx=92.0, cy=55.0):
    return Camera(width, height, fx, fx * 0.97, cx, cy)


# depth, in the teacher's own camera


@pytest.mark.parametrize("width", ["w", 96])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("fx", [80.0, 150.0, 200.0])
def test_a_flat_road_is_where_the_other_camera_sees_it(tmp_path, width, flip, fx):
    """At the row y a camera 1.65 m above a road sees it fy * 1.65 / (y - cy) metres away, whatever its lens."""
    teacher = open_teachers([write_depth_teacher(tmp_path, width)], Views(flip)).depth
    camera = camera_of(fx)
    depth_m = teacher.depth_m(np.zeros((120, 200, 3), np.uint8), camera)
    rows = np.arange(120) - camera.cy_px
    with np.errstate(divide="ignore"):
        expected_m = np.broadcast_to((camera.fy_px * ABOVE_ROAD_M / rows)[:, None], (120, 200))
    assert depth_m.shape == (120, 200) and depth_m.dtype == np.float32
    # where the teacher sees at most 7 m it has 13 rows and more under the horizon: between rows it is exact to 1 %
    near = (expected_m > 0) & (expected_m < 7)
    seen = np.isfinite(depth_m)
    assert (near & seen).sum() > 500 and not seen[rows <= 0].any()
    np.testing.assert_allclose(depth_m[near & seen], expected_m[near & seen], rtol=0.012)
    # its 48 rows end 27.5 under the horizon, and from there on it says nothing
    lowest = 27.5 * camera.fy_px / 58
    assert (
        seen[(rows > 10 * camera.fy_px / 58) & (rows < lowest - 1)][:, 92].all() and not seen[rows > lowest + 1].any()
    )


@pytest.mark.parametrize("width", ["w", 96])
def test_what_stands_out_comes_back_without_a_shift(tmp_path, width):
    teacher = open_teachers([write_depth_teacher(tmp_path, width)], Views()).depth
    box = np.s_[70:90, 60:100]
    image = np.zeros((120, 200, 3), np.uint8)
    image[box] = 255, 0, 0
    camera = camera_of(90.0)
    plain, with_box = (teacher.depth_m(each, camera) for each in (np.zeros_like(image), image))
    farther = with_box / plain > 2**0.5
    rows, columns = np.nonzero(farther)
    assert [rows.min(), rows.max() + 1] == pytest.approx([70, 90], abs=1)
    assert [columns.min(), columns.max() + 1] == pytest.approx([60, 100], abs=1)
    np.testing.assert_allclose((with_box / plain)[75:85, 65:95], 2, rtol=1e-3)


def test_what_a_fixed_width_does_not_cover_is_not_known(tmp_path):
    """A lens half as long sees 200 px, of which 96 px of the teacher's are 48: from 92 - 22.5 to 92 + 25.5."""
    paths = write_depth_teacher(tmp_path / "a", 96), write_depth_teacher(tmp_path / "b")
    fixed, free = (open_teachers([path], ONCE).depth for path in paths)
    image, camera = np.zeros((120, 200, 3), np.uint8), camera_of(30.0)
    for teacher, columns in ((fixed, range(70, 118)), (free, range(200))):
        seen = np.isfinite(teacher.depth_m(image, camera)).any(axis=0)
        assert np.flatnonzero(seen).tolist() == list(columns)


def test_outside_of_its_range_it_says_nothing(tmp_path):
    teacher = open_teachers([write_depth_teacher(tmp_path, output={"valid_m": [4.0, 6.0]})], ONCE).depth
    depth_m = teacher.depth_m(np.zeros((120, 200, 3), np.uint8), camera_of(60.0))
    known = depth_m[np.isfinite(depth_m)]
    assert known.size and known.min() >= 4 and known.max() <= 6


@given(st.floats(20, 500), st.floats(20, 500), st.floats(-20, 120), st.floats(-20, 80), st.floats(0.5, 2))
def test_depth_comes_back_to_the_pixel_that_looks_along_its_ray(fx, other_fx, cx, cy, aspect):
    """The logarithm of depth is made linear in the target's pixels, so that interpolation is exact."""
    source = Camera(100, 60, fx, fx * aspect, cx, cy)
    target = Camera(90, 50, other_fx, other_fx, 47.0, 21.0)
    rows, columns = np.mgrid[:50, :90].astype(np.float32)
    depth_m = Move(source, target).inverse(0.01 * columns - 0.02 * rows)
    x = (np.arange(100) - cx) / fx * other_fx + 47
    y = ((np.arange(60) - cy) / (fx * aspect) * other_fx + 21)[:, None]
    margin = 0.01
    inside = (x >= 0) & (x <= 89) & (y >= 0) & (y <= 49)
    outside = (x < -0.5 - margin) | (x > 89.5 + margin) | (y < -0.5 - margin) | (y > 49.5 + margin)
    assert np.isnan(depth_m[outside]).all()
    np.testing.assert_allclose(depth_m[inside], np.exp(0.01 * x - 0.02 * y)[inside], rtol=2e-3)


def test_an_image_is_blurred_only_where_it_shrinks():
    stripes = np.zeros((60, 100, 3), np.uint8)
    stripes[:, ::2] = 200
    same, third = (Camera(50, 50, fx, fx, 20.0, 20.0) for fx in (90.0, 30.0))
    source = Camera(100, 60, 90.0, 90.0, 20.0, 20.0)
    assert np.array_equal(Move(source, same).apply(stripes), stripes[:50, :50])
    assert np.abs(Move(source, third).apply(stripes)[14:33, 14:46].astype(int) - 100).max() < 12


# labels


def test_scores_become_probabilities_by_hand(tmp_path):
    """Red gives the scores (1, 0, 0): road with e / (e + 2) = 0.576, and channels of one class add up."""
    red = np.zeros((12, 20, 3), np.uint8)
    red[..., 0] = 255
    ids, sure = open_teachers([write_label_teacher(tmp_path)], Views()).labels.labels(red)
    share = math.e / (math.e + 2)
    assert ids.shape == (12, 20) and ids.dtype == np.uint8 and (ids == 0).all()
    np.testing.assert_allclose(sure, share, rtol=1e-5)
    two = write_label_teacher(tmp_path, output={"train_ids": [13, 0, 13]})
    ids, sure = open_teachers([two], Views()).labels.labels(red)
    assert (ids == 13).all()
    np.testing.assert_allclose(sure, (math.e + 1) / (math.e + 2), rtol=1e-5)


def test_numbers_are_as_the_yaml_file_says(tmp_path):
    """(200 / 255 * 2 - 1 - 0.1) / 0.5 = 0.937 at the channel that comes first in bgr."""
    blue = np.zeros((8, 16, 3), np.uint8)
    blue[..., 2] = 200
    how = {"channels": "bgr", "range": [-1.0, 1.0], "mean": [0.1], "std": [0.5]}
    path = write_label_teacher(tmp_path, input=how, output={"meaning": "probabilities"})
    ids, sure = open_teachers([path], ONCE).labels.labels(blue)
    assert (ids == 0).all()
    np.testing.assert_allclose(sure, (200 / 255 * 2 - 1.1) / 0.5, rtol=1e-5)


@pytest.mark.parametrize("how", [{}, {"width": 64}, {"width": 32, "height": 48}])
def test_labels_lie_on_their_things_at_every_size(tmp_path, how):
    image = np.zeros((60, 90, 3), np.uint8)
    image[..., 2], image[20:40, 10:40] = 255, (0, 255, 0)
    path = write_label_teacher(tmp_path, input=how)
    ids, _ = open_teachers([path], Views(True, (0.5, 1.0, 2.0))).labels.labels(image)
    expected = np.full((60, 90), 10, np.uint8)
    expected[20:40, 10:40] = 13
    inner = cv2.erode((expected == 13).astype(np.uint8), np.ones((7, 7))) > 0
    outer = cv2.dilate((expected == 13).astype(np.uint8), np.ones((7, 7))) == 0
    assert (ids[inner] == 13).all() and (ids[outer] == 10).all()


def test_what_is_unsure_or_no_class_is_left_out():
    ids, sure = np.array([[0, 13, 10, 255]], np.uint8), np.array([[0.5, 0.49, 1, 1]], np.float32)
    assert confident(ids, sure, 0.5, CITYSCAPES).tolist() == [[0, 255, 10, 255]]


# bundles


@pytest.fixture(scope="module")
def trained(bundle, tmp_path_factory):
    """The test bundle, passed off as trained."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    folder.mkdir()
    for file in bundle.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    card = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(card | {"trained": True}))
    return folder


def test_a_bundle_says_what_the_perceiver_says(trained):
    image, camera = make_image(90, 160), camera_of(130.0, 160, 90)
    teachers = open_teachers([trained], ONCE)
    said = Perceiver.open(Settings(model=str(trained), precision="fp32"))(Frame(image, camera=camera))
    ids, sure = teachers.labels.labels(image)
    depth_m = teachers.depth.depth_m(image, camera)
    finite = np.isfinite(said.depth_m)
    assert np.array_equal(ids, said.mask) and len(np.unique(ids)) > 2
    np.testing.assert_allclose(sure, said.confidence / 255, rtol=1e-6)
    np.testing.assert_allclose(depth_m[finite], said.depth_m[finite], rtol=1e-5)
    assert finite.any() and np.isnan(depth_m[~finite]).all()


def test_with_mirror_images_left_is_as_right(trained):
    image, camera = make_image(90, 160), camera_of(130.0, 160, 90, cx=79.5)
    teachers = open_teachers([trained], Views(True, (1.0, 1.5)))
    ids, sure = teachers.labels.labels(image)
    _, other = teachers.labels.labels(np.ascontiguousarray(image[:, ::-1]))
    np.testing.assert_allclose(sure, other[:, ::-1], atol=0.01)
    assert (sure <= 1).all() and set(np.unique(ids)) <= {*range(19), 255}
    one, two = (teachers.depth.depth_m(np.ascontiguousarray(each), camera) for each in (image, image[:, ::-1]))
    np.testing.assert_allclose(one, two[:, ::-1], rtol=1e-3)


# who may teach


def test_a_bundle_speaks_where_no_network_does(trained, tmp_path):
    depth, labels = write_depth_teacher(tmp_path), write_label_teacher(tmp_path)
    both = open_teachers([trained, depth], ONCE)
    assert "bundle" in both.identities["labels"] and both.identities["depth"]["file"] == "depth.onnx"
    assert open_teachers([depth], ONCE).labels is None
    for paths in ([depth, depth], [trained, trained], [trained, depth, labels]):
        with pytest.raises(TeacherError, match="already; leave out"):
            open_teachers(paths, ONCE)


def test_an_untrained_bundle_is_no_teacher(bundle):
    with pytest.raises(TeacherError, match="untrained; its output means nothing"):
        open_teachers([bundle.folder], ONCE)
