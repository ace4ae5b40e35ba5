# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The animation in README.md, of what the default model says of a drive: python docs/animate.py [RECORDING] [OUT.webp]

RECORDING is by default the package's, of a rendered street that the model was not trained on.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

import mt_perception as mtp
from mt_perception.bags.sources import open_source
from mt_perception.draw import render
from mt_perception.draw.cloud import hovers
from mt_perception.geometry import rays
from mt_perception.utils.resources import city_recording
from mt_perception.view.seen import perceived

OUT = Path(__file__).with_name("overview.webp")
CELL_PX = 416
NEAR_M, FAR_M = 3.0, 60.0
EYE_UP_M, EYE_BACK_M = 2.5, 4.0
"""From where the points are looked at: above and behind the camera; it swings by a metre to each side."""


def frame(prediction: mtp.Prediction, turn: float) -> render.Image:
    """Image, labels, depth and points in one, with their titles; `turn` is how much of the animation is over."""
    cells = prediction.image, prediction.overlay(), prediction.depth_colors(NEAR_M, FAR_M), points(prediction, turn)
    above = render.tile([cells[:2]], ["image", "labels"], cell_width_px=CELL_PX)
    below = render.tile([cells[2:]], [f"depth, {NEAR_M:g} to {FAR_M:g} m", "points"], cell_width_px=CELL_PX)
    return np.vstack([above, below])


def points(prediction: mtp.Prediction, turn: float) -> render.Image:
    """The labelled points as a second camera sees them, the nearest in front."""
    camera, depth_m = prediction.camera, prediction.depth_m
    known = ~hovers(depth_m) & (depth_m < FAR_M)
    right, down = rays(camera)
    x = (depth_m * right)[known] - math.sin(2 * math.pi * turn)
    y, z = (depth_m * down)[known] + EYE_UP_M, depth_m[known] + EYE_BACK_M
    tilt = math.atan2(1 + EYE_UP_M, 22 + EYE_BACK_M)  # it looks at the road 22 m ahead
    y, z = y * math.cos(tilt) - z * math.sin(tilt), z * math.cos(tilt) + y * math.sin(tilt)
    columns = np.rint(camera.fx_px * x / z + camera.cx_px).astype(int)
    rows = np.rint(camera.fy_px * y / z + camera.cy_px).astype(int)
    colors = prediction.mask_colors()[known] // 2 + prediction.image[known] // 2
    height, width = prediction.size
    canvas = np.full((height + 2, width + 2, 3), 24, np.uint8)
    order = np.argsort(-z)
    inside = order[((columns >= 0) & (columns < width) & (rows >= 0) & (rows < height))[order]]
    for down_px, right_px in np.ndindex(2, 2):
        canvas[rows[inside] + down_px, columns[inside] + right_px] = colors[inside]
    return canvas[:height, :width]


def main() -> None:
    recording = Path(sys.argv[1]) if len(sys.argv) > 1 else city_recording()
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else OUT
    source = open_source(recording)
    predictions = [each.prediction for each in perceived(source, mtp.Perceiver.open(), Counter())]
    images = [Image.fromarray(frame(each, index / len(predictions))) for index, each in enumerate(predictions)]
    duration_ms = round(1000 / source.rate_hz)
    images[0].save(out, save_all=True, append_images=images[1:], duration=duration_ms, loop=0, quality=75, method=6)
    print(f"{out}: {len(images)} frames, {out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
