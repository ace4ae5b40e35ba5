# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Reading image files: the order of channels is the one that was requested, and what is no image is said."""

import cv2
import numpy as np
import pytest

from mt_perception.utils.image_files import ImageFileError, decoded, read_image


def test_the_order_of_channels_is_the_one_that_is_requested(tmp_path):
    bgr = np.zeros((2, 3, 3), np.uint8)
    bgr[:] = (10, 20, 30)
    cv2.imwrite(str(tmp_path / "a.png"), bgr)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", "bgr"), bgr)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", "rgb"), bgr[..., ::-1])


def test_grey_images_get_three_channels_and_values_stay_as_they_are_stored(tmp_path):
    deep = np.arange(6, dtype=np.uint16).reshape(2, 3) * 257
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    assert read_image(tmp_path / "deep.png", "rgb").shape == (2, 3, 3)
    np.testing.assert_array_equal(decoded(tmp_path / "deep.png"), deep)


@pytest.mark.parametrize("content", [None, b"no image"])
def test_what_is_no_image_is_said(tmp_path, content):
    if content:
        (tmp_path / "a.png").write_bytes(content)
    for read in (decoded, lambda path: read_image(path, "rgb")):
        with pytest.raises(ImageFileError, match=r"a\.png cannot be read: it is missing, or no image"):
            read(tmp_path / "a.png")
