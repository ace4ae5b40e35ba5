# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import pytest
from helpers import make_image
from hypothesis import given, settings
from hypothesis import strategies as st

from mt_perception.geometry import (
    LetterBox,
    depth_from_disparity,
    depth_from_millimetres,
    disparity_from_depth,
    millimetres_from_depth,
    output_size,
    resize,
    scale_camera,
    to_rgb,
)
from mt_perception.types import Camera, Frame

sizes = st.tuples(st.integers(1, 300), st.integers(1, 300))


def test_letterbox_by_hand():
    letterbox = LetterBox.fit((2, 4), (8, 8))
    assert (letterbox.top, letterbox.left, letterbox.height, letterbox.width) == (2, 0, 4, 8)
    assert letterbox.apply(Frame(np.full((2, 4, 3), 200, np.uint8))).shape == (8, 8, 3)


def test_bars_mirror_the_image():
    image = np.arange(8, dtype=np.uint8).reshape(2, 4)
    fitted = LetterBox.fit((2, 4), (5, 4)).apply(Frame(image, "mono"))[..., 0]
    assert fitted.tolist() == [image[row].tolist() for row in (0, 0, 1, 1, 0)]  # one row above, two below


def test_stretch_fills():
    assert LetterBox.stretch((2, 4), (8, 8)).unpad(np.zeros((8, 8))).shape == (8, 8)


@pytest.mark.parametrize(
    ("setting", "image", "size"),
    [
        ("input", (1080, 1920), (1080, 1920)),
        ("network", (1080, 1920), (360, 640)),
        ("auto", (720, 1280), (720, 1280)),  # twice as large is not more than twice
        ("auto", (721, 1280), (360, 640)),
        ("auto", (720, 1281), (360, 640)),
        ("auto", (180, 320), (180, 320)),
        ("960x540", (180, 320), (540, 960)),
    ],
)
def test_the_size_of_results(setting, image, size):
    assert output_size(setting, image, (360, 640)) == size


@pytest.mark.parametrize("size", [(45, 80), (44, 79), (46, 60), (23, 300)])
def test_a_much_smaller_image_is_an_average(size):
    image = cv2.GaussianBlur(make_image(180, 320), (0, 0), 4)
    average = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(resize(image, size).astype(int) - average).mean() < 2
    columns = np.zeros((8, 16), np.uint8)
    columns[:, ::2] = 200
    assert resize(columns, (2, 4)).tolist() == [[100] * 4] * 2  # no column is skipped


def test_undo_puts_every_class_back_in_its_place():
    mask = np.arange(8, dtype=np.uint8).reshape(2, 4)
    letterbox = LetterBox.fit((2, 4), (12, 16))
    enlarged = np.zeros((12, 16), np.uint8)
    letterbox.unpad(enlarged)[:] = np.kron(mask, np.ones((4, 4), np.uint8))
    assert letterbox.inverse(enlarged).tolist() == mask.tolist()


@settings(deadline=None, max_examples=60)
@given(source=sizes, target=sizes, name=st.sampled_from(["letterbox", "stretch"]))
def test_undo_gives_the_source_size_back(source, target, name):
    letterbox = LetterBox.named(name, source, target)
    fitted = letterbox.apply(Frame(np.zeros((*source, 3), np.uint8)))
    assert fitted.shape == (*target, 3) and fitted.flags.c_contiguous
    assert letterbox.inverse(np.zeros(target, np.float32)).shape == source


@settings(deadline=None, max_examples=40)
@given(
    source=st.tuples(st.integers(40, 200), st.integers(40, 200)),
    factor=st.floats(0.6, 2.5),
    name=st.sampled_from(["letterbox", "stretch"]),
)
def test_undo_after_apply_moves_nothing(source, factor, name):
    """A horizontal and a vertical ramp come back with an error of a pixel's worth at most: no shift, no swap."""
    target = (max(32, round(source[0] * factor)), max(32, round(source[1] * factor * 1.1)))
    for axis in (0, 1):
        ramp = np.linspace(0, 250, source[axis]).astype(np.uint8)
        image = np.broadcast_to(ramp[:, None] if axis == 0 else ramp[None], source).copy()
        letterbox = LetterBox.named(name, source, target)
        back = letterbox.inverse(letterbox.apply(Frame(image, "mono"))[..., 0]).astype(int)
        step = 250 / min(source[axis], (letterbox.height, letterbox.width)[axis])
        inner = (slice(3, -3), slice(3, -3))
        assert np.abs(back - image.astype(int))[inner].max() <= 1.5 * step + 3
        assert abs((back - image.astype(int))[inner].mean()) <= 0.5 * step + 1


@given(width=st.integers(2, 4000), height=st.integers(2, 3000), size=sizes)
def test_scaling_a_camera_back_restores_it(width, height, size):
    camera = Camera(width, height, 700.5, 690.25, width / 2 - 3, height / 2 + 2, baseline_m=0.2)
    back = scale_camera(scale_camera(camera, size), (height, width))
    assert back.baseline_m == 0.2 and (back.width_px, back.height_px) == (width, height)
    for name in ("fx_px", "fy_px", "cx_px", "cy_px"):
        assert getattr(back, name) == pytest.approx(getattr(camera, name), rel=1e-9, abs=1e-6)


def test_camera_of_a_letterboxed_image_by_hand():
    # 4x2 image, centre between the middle pixels, doubled and moved down by 2
    camera = Camera(4, 2, 3.0, 3.0, 1.5, 0.5)
    fitted = LetterBox.fit((2, 4), (8, 8)).camera(camera)
    assert (fitted.width_px, fitted.height_px, fitted.fx_px) == (8, 8, 6.0)
    assert (fitted.cx_px, fitted.cy_px) == (3.5, 3.5)


@pytest.mark.parametrize(
    ("pixel_format", "pixel"),
    [("rgb", [1, 2, 3]), ("bgr", [3, 2, 1]), ("rgba", [1, 2, 3, 9]), ("bgra", [3, 2, 1, 9])],
)
def test_all_colour_orders_become_rgb(pixel_format, pixel):
    image = np.broadcast_to(np.uint8(pixel), (2, 3, len(pixel))).copy()
    assert to_rgb(image, pixel_format)[1, 2].tolist() == [1, 2, 3]


def test_resize_averages_when_it_shrinks_a_lot():
    checkerboard = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    assert abs(int(resize(checkerboard, (16, 16)).mean()) - 127) <= 1
    assert resize(checkerboard, (16, 16)).std() < 2


def test_disparity_and_depth_by_hand():
    # 500 px * 0.2 m / 10 px = 10 m
    depth_m = depth_from_disparity(np.array([[10.0, 0.0, -1.0, np.nan]]), 500.0, 0.2)
    assert depth_m[0, 0] == 10 and np.isnan(depth_m[0, 1:]).all()
    assert disparity_from_depth(np.array([[10.0, np.inf]]), 500.0, 0.2).tolist() == [[10.0, 0.0]]


@given(st.lists(st.floats(0.5, 500), min_size=1, max_size=20))
def test_disparity_is_the_inverse_of_depth(values):
    depth_m = np.array([values], np.float32)
    back = depth_from_disparity(disparity_from_depth(depth_m, 721.5, 0.54), 721.5, 0.54)
    np.testing.assert_allclose(back, depth_m, rtol=1e-5)


def test_millimetres_by_hand():
    depth_m = np.array([[0.001, 1.2344, 65.535, 65.6, np.inf, np.nan]], np.float32)
    assert millimetres_from_depth(depth_m).tolist() == [[1, 1234, 65535, 0, 0, 0]]
    back = depth_from_millimetres(np.array([[0, 1, 65535]], np.uint16))
    assert np.isnan(back[0, 0]) and back[0, 1:] == pytest.approx([0.001, 65.535])
