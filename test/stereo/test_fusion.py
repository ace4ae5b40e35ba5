# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One depth from two: which of them counts where, and what lies between."""

import numpy as np
import pytest
from stereo.pairs import HEIGHT, WIDTH, matched, scene

from mt_perception.stereo import fuse


def confident(columns) -> np.ndarray:
    confidence = np.zeros((HEIGHT, WIDTH), np.float32)
    confidence[:, columns] = 1
    return confidence


def test_the_pair_counts_where_it_is_confident():
    fused = fuse(scene() * np.float32(1.3), matched(scene()))
    np.testing.assert_allclose(fused, scene(), rtol=1e-5)
    assert fused.dtype == np.float32


def test_without_confidence_the_network_is_left_alone():
    network_m = scene() * np.float32(1.3)
    network_m[:10], network_m[10:20] = np.inf, np.nan
    np.testing.assert_array_equal(fuse(network_m, matched(scene(), confident(np.s_[:0]))), network_m)


def test_there_is_no_seam():
    """A flat wall, 18 % wrong in the network, measured on the left half: at least nine pixels share the difference."""
    wall = np.full((HEIGHT, WIDTH), 5.0, np.float32)
    fused = fuse(wall * np.float32(1.2), matched(wall, confident(np.s_[: WIDTH // 2])))
    assert np.abs(np.diff(np.log(fused), axis=1)).max() < 0.02
    np.testing.assert_allclose(fused[:, : WIDTH // 2 - 10], 5.0, rtol=1e-4)
    np.testing.assert_allclose(fused[:, -30:], 6.0, rtol=0.01)


def test_holes_are_filled_in_the_pairs_scale():
    fused = fuse(scene() * np.float32(1.3), matched(scene(), 1 - confident(np.s_[40:48])))
    np.testing.assert_allclose(fused[:, 40:48], scene()[:, 40:48], rtol=0.03)


@pytest.mark.parametrize("nothing", [np.inf, np.nan])
def test_where_the_network_says_nothing_the_sure_pair_counts(nothing):
    network_m = scene()
    network_m[:, 100:] = nothing
    fused = fuse(network_m, matched(scene(), confident(np.s_[:150])))
    assert np.isfinite(fused[:, :140]).all()
    np.testing.assert_array_equal(fused[:, 160:], network_m[:, 160:])


def test_disparity_zero_is_no_depth():
    far = matched(scene())
    far.disparity_px[:20] = 0
    assert np.isfinite(fuse(scene(), far)).all()


def test_a_larger_image_gets_the_pairs_edges():
    large = np.repeat(np.repeat(scene(), 3, 0), 3, 1)
    np.testing.assert_allclose(fuse(large * np.float32(0.8), matched(scene())), large, rtol=1e-5)
