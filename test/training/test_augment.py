# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Augmentation: image, labels and depth move together, and depth keeps its meaning."""

from __future__ import annotations

import numpy as np
import pytest
from miniature import CAMERA, HEIGHT, WIDTH, scene

from mt_perception.datasets.city import city_camera
from mt_perception.datasets.sample import Sample
from mt_perception.labels import UNLABELLED
from mt_perception_training.augment import (
    Augmenter,
    flipped,
    jitter_color,
    letterbox_scale,
    nearest_of_cells,
    resize_depth,
    resized,
)
from mt_perception_training.recipe import Augmentation, Phase
from mt_perception_training.window import Window


@pytest.fixture
def sample() -> Sample:
    made = scene(np.random.default_rng(0))
    return Sample("scene", made.left, made.labels, made.depth_m, city_camera(made.camera))


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7])
def test_a_larger_image_is_a_nearer_one(sample: Sample, scale: float) -> None:
    """`depth * fx` of the image is what a resize keeps: twice as large looks half as far to one reference camera."""
    made = resized(sample, scale, fx_px=CAMERA.fx_px)
    box = made.depth_m[made.labels == 13]
    width_ratio = made.image.shape[1] / WIDTH
    np.testing.assert_allclose(box, 5.0 / width_ratio, rtol=1e-5)


def test_the_reference_camera_sees_what_the_deployed_network_sees(sample: Sample) -> None:
    """The pipeline multiplies by fx_camera / fx_training, both at network resolution: the inverse of the target's."""
    target = resized(sample, 0.8, fx_px=500.0)
    fx_network = CAMERA.fx_px * target.image.shape[1] / WIDTH
    metres = target.depth_m[target.labels == 13] * (fx_network / 500.0)
    np.testing.assert_allclose(metres, 5.0, rtol=1e-5)


def test_sky_and_missing_truth_are_no_targets(sample: Sample) -> None:
    assert np.isnan(resized(sample, 1.0, 100.0).depth_m[sample.labels == 10]).all()
    bare = resized(Sample("bare", sample.image), 1.0, 100.0)
    assert np.isnan(bare.depth_m).all() and (bare.labels == UNLABELLED).all()


def test_targets_stay_on_their_pixels(sample: Sample) -> None:
    """The box is the only red thing, the only label 13, and 5 m away: wherever it goes, all three agree."""
    phase = Phase(
        {"city": 1}, 1, 1, crop_width=64, crop_height=64, loss_stride=1,
        augmentation=Augmentation((0.7, 1.5), color=0, blur=0),
    )  # fmt: skip
    augment = Augmenter(phase, (HEIGHT, WIDTH), CAMERA.fx_px)
    for seed in range(20):
        made = augment(sample, np.random.default_rng(seed))
        assert made.image.shape == (64, 64, 3) and made.labels.shape == made.depth_m.shape == (64, 64)
        red = (made.image[..., 0].astype(int) - made.image[..., 1]) > 60
        assert (red == (made.labels == 13)).mean() > 0.95
        box = made.depth_m[made.labels == 13]
        assert box.size == 0 or np.ptp(box) < 1e-4


def test_targets_are_taken_at_the_stride(sample: Sample) -> None:
    augment = Augmenter(Phase({"city": 1}, 1, 1, crop_width=96, crop_height=64), (HEIGHT, WIDTH), 100.0)
    made = augment(sample, np.random.default_rng(0))
    assert made.image.shape == (64, 96, 3) and made.labels.shape == (16, 24)


def test_a_window_that_sticks_out_is_padded() -> None:
    array = np.arange(12).reshape(3, 4)
    cut = Window(-1, 2, 3, 4).cut(array, -1)
    assert cut.tolist() == [[-1, -1, -1, -1], [2, 3, -1, -1], [6, 7, -1, -1]]
    for seed in range(20):
        window = Window.random((3, 9), (5, 4), np.random.default_rng(seed))
        assert -2 <= window.top <= 0 and 0 <= window.left <= 5


def test_a_flip_is_its_own_inverse(sample: Sample) -> None:
    whole = resized(sample, 1.0, 100.0)
    again = flipped(flipped(whole))
    assert np.array_equal(again.image, whole.image) and np.array_equal(again.labels, whole.labels)
    np.testing.assert_allclose(again.camera, whole.camera)


def test_the_camera_goes_with_the_pixels(sample: Sample) -> None:
    """A ray belongs to what it shows: the red box is seen in the same direction, however it was cropped and scaled."""
    phase = Phase(
        {"city": 1},
        1,
        1,
        crop_width=64,
        crop_height=64,
        loss_stride=1,
        augmentation=Augmentation((0.7, 1.5), 1.0, 0, 0),
    )
    augment = Augmenter(phase, (HEIGHT, WIDTH), CAMERA.fx_px)
    before = rays_of(sample.labels == 13, CAMERA.intrinsics)
    seen = 0
    for seed in range(20):
        made = augment(sample, np.random.default_rng(seed))
        box = made.labels == 13
        if not box.any() or box[0].any() or box[-1].any() or box[:, 0].any() or box[:, -1].any():
            continue  # cut
        seen += 1
        np.testing.assert_allclose(rays_of(box, made.camera), before * (-1, 1), atol=0.04)  # always flipped
    assert seen > 2


def rays_of(mask: np.ndarray, intrinsics: tuple[float, ...]) -> np.ndarray:
    """Tangents of the direction to the middle of `mask`."""
    (rows, columns), (fx_px, fy_px, cx_px, cy_px) = np.nonzero(mask), intrinsics
    return np.array([(columns.mean() - cx_px) / fx_px, (rows.mean() - cy_px) / fy_px])


def test_points_of_a_laser_survive_a_smaller_size() -> None:
    depth_m = np.full((4, 6), np.nan, np.float32)
    depth_m[1, 1], depth_m[0, 1], depth_m[3, 5] = 7.0, 5.0, 9.0
    nan = np.nan
    np.testing.assert_array_equal(resize_depth(depth_m, (2, 3)), [[5.0, nan, nan], [nan, nan, 9.0]])
    np.testing.assert_array_equal(nearest_of_cells(depth_m, 2), [[5.0, nan, nan], [nan, nan, 9.0]])


def test_an_image_smaller_than_its_crop_is_mirrored() -> None:
    image = np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(3, 2)
    cut = Window(-1, 1, 4, 3).cut_mirrored(image)[..., 0]
    assert cut.tolist() == [[1, 2, 2], [1, 2, 2], [4, 5, 5], [4, 5, 5]]


def test_colour_changes_only_colour() -> None:
    image = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    assert np.array_equal(jitter_color(image, 0, np.random.default_rng(0)), image)
    assert jitter_color(image, 0.5, np.random.default_rng(0)).shape == image.shape


def test_letterbox_scale() -> None:
    assert letterbox_scale((360, 480), (384, 640)) == pytest.approx(384 / 360)
    assert letterbox_scale((375, 1242), (384, 640)) == pytest.approx(640 / 1242)
