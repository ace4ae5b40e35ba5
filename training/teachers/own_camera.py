# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A depth network is fed in its own camera: it knows depth by the size of things and by the row under the horizon.

So an image is moved to where the network's camera would have had it: x' = (x - cx) fx'/fx + cx', and y likewise with
the horizon, which is at cy of a level camera. Depth is moved back the same way; it stays what it was, in metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.types import Camera, DepthMap


@dataclass(frozen=True)
class Move:
    """From the pixels of the camera `source` to those of `target`, another focal length and centre of the same rays."""

    source: Camera
    target: Camera

    @property
    def zoom(self) -> tuple[float, float]:
        """How many pixels of the target one of the source becomes, along x and y."""
        return self.target.fx_px / self.source.fx_px, self.target.fy_px / self.source.fy_px

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3): point of the source -> point of the target."""
        (zoom_x, zoom_y), source, target = self.zoom, self.source, self.target
        return np.array(
            [
                [zoom_x, 0, target.cx_px - source.cx_px * zoom_x],
                [0, zoom_y, target.cy_px - source.cy_px * zoom_y],
            ]
        )

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, 3) of the source -> of the target; its edge is drawn out where the target sees more."""
        sigmas = [max(0.0, (1 / each - 1) / 2) for each in self.zoom]  # what is lost must not become false detail
        if max(sigmas) > 0:
            image = cv2.GaussianBlur(image, (0, 0), max(sigmas[0], 1e-3), sigmaY=max(sigmas[1], 1e-3))  # type: ignore[assignment]
        size = self.target.width_px, self.target.height_px
        return cv2.warpAffine(  # type: ignore[return-value]
            image, self.matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def inverse(self, log_depth: NDArray[np.float32]) -> DepthMap:
        """(H', W') logarithm of metres, of the target -> (H, W) metres of the source; NaN where the target saw nothing.

        Between two pixels depth is interpolated in its logarithm: the network's own edges are no sharper.
        """
        size = self.source.width_px, self.source.height_px
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved: Any = cv2.warpAffine(log_depth, self.matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        seen = _inside(self.matrix[0, 0], self.matrix[0, 2], size[0], self.target.width_px)
        rows = _inside(self.matrix[1, 1], self.matrix[1, 2], size[1], self.target.height_px)
        return np.where(rows[:, None] & seen, np.exp(moved), np.float32(np.nan))


def _inside(zoom: float, shift: float, length: int, other_length: int) -> NDArray[np.bool_]:
    """(length,): which pixel centres of the source lie on a pixel of the target."""
    there = np.arange(length) * zoom + shift
    return (there >= -0.5) & (there <= other_length - 0.5)
