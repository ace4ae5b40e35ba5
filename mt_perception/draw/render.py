# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Images for people: classes and depth as colours, overlays with a legend, several images side by side.

All images are uint8 RGB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.labels import LabelSet
from mt_perception.types import DepthMap, Mask

Image = NDArray[np.uint8]

_UNKNOWN_DEPTH_RGB = (90, 90, 90)
_BACKGROUND = 24
_LEGEND_ROW_PX = 14
_LEGEND_WIDTH_PX = 104


@lru_cache
def _color_table(labels: LabelSet) -> Image:
    return labels.palette()[:, None]  # (256, 1, 3), as cv2.applyColorMap wants it


def color_mask(mask: Mask, labels: LabelSet) -> Image:
    """(H, W) trainIds -> (H, W, 3) in the classes' colours, by one table look-up."""
    return cv2.applyColorMap(mask, _color_table(labels))  # type: ignore[return-value]


def overlay(image: Image, mask: Mask, opacity: float, labels: LabelSet) -> Image:
    """Blend the class colours into `image` (of the mask's size) and draw the legend where there is room for it."""
    blended = cv2.addWeighted(image, 1 - opacity, color_mask(mask, labels), opacity, 0)
    panel = legend(labels, columns=1)
    if blended.shape[0] > 1.2 * panel.shape[0] and blended.shape[1] > 6 * panel.shape[1]:
        corner = blended[: panel.shape[0], : panel.shape[1]]
        corner[:] = cv2.addWeighted(corner, 0.25, panel, 0.75, 0)
    return blended  # type: ignore[return-value]


@lru_cache
def legend(labels: LabelSet, columns: int) -> Image:
    """The classes' colours and names in so many columns. Shared between calls: do not write to it."""
    rows = -(-len(labels) // columns)
    panel = np.full((_LEGEND_ROW_PX * rows + 6, _LEGEND_WIDTH_PX * columns, 3), _BACKGROUND, np.uint8)
    for index, label in enumerate(labels):
        left, top = index // rows * _LEGEND_WIDTH_PX, 3 + index % rows * _LEGEND_ROW_PX
        cv2.rectangle(panel, (left + 4, top + 2), (left + 16, top + _LEGEND_ROW_PX - 2), label.color, cv2.FILLED)
        write(panel, label.name, (left + 20, top + _LEGEND_ROW_PX - 3), 0.36)
    return panel


@lru_cache
def _depth_table() -> Image:
    table = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_INFERNO)[..., ::-1].copy()
    table[0] = _UNKNOWN_DEPTH_RGB
    return table


def color_depth(depth_m: DepthMap, min_m: float, max_m: float) -> Image:
    """(H, W) metres -> colours of a fixed logarithmic range: near is bright, far and infinite is dark, unknown grey.

    A range that followed each frame's content would make the same distance change colour from frame to frame.
    """
    nearness: Any = cv2.log(np.maximum(depth_m, 1e-6))  # maximum keeps NaN
    nearness -= math.log(min_m)  # in place and in float32: a new array for each step took most of the time
    nearness *= 254 / math.log(max_m / min_m)
    np.subtract(255, nearness, out=nearness)
    np.clip(nearness, 1, 255, out=nearness)
    cv2.patchNaNs(nearness, 0)
    return cv2.applyColorMap(nearness.astype(np.uint8), _depth_table())  # type: ignore[return-value]


def write(image: Image, text: str, origin: tuple[int, int], scale: float = 0.5) -> None:
    """Draw white `text` with its baseline at `origin` (x, y), in place."""
    cv2.putText(image, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA)


def tile(
    rows: Sequence[Sequence[Image]], titles: Sequence[str], footer: Image | None = None, cell_width_px: int = 480
) -> Image:
    """Rows of images side by side under their titles, each scaled to `cell_width_px`; `footer` below them all."""
    width = cell_width_px * len(titles)
    header = np.full((24, width, 3), _BACKGROUND, np.uint8)
    for column, title in enumerate(titles):
        write(header, title, (column * cell_width_px + 8, 17))
    lines: list[Image] = [header]
    for row in rows:
        cells: list[Any] = [cv2.resize(p, (cell_width_px, round(p.shape[0] * cell_width_px / p.shape[1]))) for p in row]
        height = max(cell.shape[0] for cell in cells)
        lines.append(np.hstack([_padded(cell, height, cell_width_px) for cell in cells]))
        lines[-1] = _padded(lines[-1], height, width)
    if footer is not None:
        lines.append(_padded(footer, footer.shape[0], width)[:, :width])
    return np.vstack(lines)


def _padded(image: Image, height: int, width: int) -> Image:
    missing = max(0, height - image.shape[0]), max(0, width - image.shape[1])
    color = (_BACKGROUND,) * 3
    return cv2.copyMakeBorder(image, 0, missing[0], 0, missing[1], cv2.BORDER_CONSTANT, value=color)  # type: ignore[return-value]
