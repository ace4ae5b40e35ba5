# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The classes of Cityscapes, as facts from its public definition (https://www.cityscapes-dataset.com): trainIds, of
which label images consist, and the label ids in its files."""

from __future__ import annotations

(
    ROAD, SIDEWALK, BUILDING, WALL, FENCE, POLE, TRAFFIC_LIGHT, TRAFFIC_SIGN, VEGETATION, TERRAIN, SKY, PERSON, RIDER,
    CAR, TRUCK, BUS, TRAIN, MOTORCYCLE, BICYCLE,
) = range(19)  # fmt: skip
UNLABELLED = 255
LABEL_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""By trainId."""
