# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An output: where the label changes from one pixel to the next in its row."""

import numpy as np

from mt_perception.topics import IMAGE_TYPE, OutputTopic


def outline(result):
    mask = result.prediction.mask
    return np.uint8(255) * (np.diff(mask, axis=1, prepend=mask[:, :1]) != 0)


OUTLINE = OutputTopic(
    "segmentation/outline", IMAGE_TYPE, "where labels change", "mono8", frozenset(["mask"]),
    recorded=True, processed=True, make=outline,
)  # fmt: skip
