# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np

from mt_perception.draw.render import color_depth, color_mask, legend, overlay, tile
from mt_perception.labels import CITYSCAPES


def test_masks_take_the_classes_colours_in_rgb():
    mask = np.array([[0, 13, 255]], np.uint8)
    assert color_mask(mask, CITYSCAPES)[0].tolist() == [[128, 64, 128], [0, 0, 142], [0, 0, 0]]


def test_overlay_blends_by_opacity():
    image, mask = np.full((30, 40, 3), 100, np.uint8), np.zeros((30, 40), np.uint8)
    assert overlay(image, mask, 0.0, CITYSCAPES)[5, 5].tolist() == [100, 100, 100]
    assert overlay(image, mask, 1.0, CITYSCAPES)[5, 5].tolist() == [128, 64, 128]
    assert overlay(image, mask, 0.5, CITYSCAPES)[5, 5].tolist() == [114, 82, 114]
    assert image.min() == image.max() == 100


def test_legend_is_drawn_where_there_is_room():
    image, mask = np.full((512, 1024, 3), 100, np.uint8), np.zeros((512, 1024), np.uint8)
    drawn = overlay(image, mask, 0.0, CITYSCAPES)
    assert (drawn[:200, :90] != 100).any() and (drawn[300:, 200:] == 100).all()
    assert legend(CITYSCAPES, 10).shape[1] > legend(CITYSCAPES, 1).shape[1]


def test_depth_colours_have_a_fixed_range():
    depth_m = np.array([[1.0, 5.0, 20.0, 80.0, 500.0, np.inf, np.nan]], np.float32)
    colors = color_depth(depth_m, 1.0, 80.0)[0].astype(int)
    brightness = colors.sum(1)
    assert (np.diff(brightness[:4]) < 0).all()
    assert colors[3].tolist() == colors[4].tolist() == colors[5].tolist()
    assert len({*colors[6].tolist()}) == 1 and brightness[6] > brightness[5]
    again = color_depth(depth_m[:, 1:3], 1.0, 80.0)[0].astype(int)
    assert again.tolist() == colors[1:3].tolist()


def test_tiles_keep_proportions_and_footer():
    image = np.full((50, 100, 3), 200, np.uint8)
    sheet = tile([[image, image], [image]], ["a", "b"], footer=legend(CITYSCAPES, 10), cell_width_px=200)
    assert sheet.shape == (24 + 100 + 100 + legend(CITYSCAPES, 10).shape[0], 400, 3)
    assert (sheet[24:124] == 200).all() and (sheet[124:224, 200:] != 200).all()
