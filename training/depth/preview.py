# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An image of before and after, to look at before a network learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mt_perception.draw import render
from mt_perception.types import DepthMap
from mt_perception_training.depth import clean
from mt_perception_training.depth.options import Preparation
from mt_perception_training.depth.sample import Prepared, Raw, SamplePaths, load, prepare
from mt_perception_training.window import Window

_NEAR_M, _FAR_M = 2.0, 100.0
_CELL_PX = 480
_CUT_RGB = (255, 60, 60)
_TITLES = (
    "before: image, what is cut",
    f"before: depth, {_NEAR_M:g} to {_FAR_M:g} m, grey: unknown",
    "after: image",
    "after: depth",
)


def write_preview(path: Path, samples: Sequence[SamplePaths], preparation: Preparation, rows: int = 4) -> None:
    """Write `rows` of `samples`, spread evenly, one per row. Raises what reading and preparing them raises."""
    chosen = [samples[i] for i in np.linspace(0, len(samples) - 1, min(rows, len(samples))).astype(int)]
    cells = []
    for sample in chosen:
        raw = load(sample, preparation)
        cells.append(panels(raw, prepare(raw, preparation), preparation))
    sheet = render.tile(cells, _TITLES, cell_width_px=_CELL_PX)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def panels(raw: Raw, prepared: Prepared, preparation: Preparation) -> list[render.Image]:
    """The four cells of one row, as uint8 RGB; those of depth tell how much of it is known."""
    before_m = clean.to_metres(raw.disparity_px, raw.camera, np.inf)
    return [_framed(raw.image, preparation), _depth(before_m), prepared.image, _depth(prepared.depth_m)]


def _depth(depth_m: DepthMap) -> render.Image:
    colors = render.color_depth(depth_m, _NEAR_M, _FAR_M)
    height = round(_CELL_PX * colors.shape[0] / colors.shape[1])
    cell: Any = cv2.resize(colors, (_CELL_PX, height), interpolation=cv2.INTER_AREA)
    render.write(cell, f"{100 * np.isfinite(depth_m).mean():.0f} % known", (8, height - 8))
    return cell


def _framed(image: render.Image, preparation: Preparation) -> render.Image:
    cut = preparation.cut_top, preparation.cut_left, preparation.cut_bottom
    window = Window.after_cutting((image.shape[0], image.shape[1]), *cut)
    dimmed = image // 3
    window.of(dimmed)[:] = window.of(image)
    corner = window.left + window.width - 1, window.top + window.height - 1
    return cv2.rectangle(dimmed, (window.left, window.top), corner, _CUT_RGB, 3)  # type: ignore[return-value]
