# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What comes out of the program: what the network says about one frame, and what people and robots look at of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception.draw import render
from mt_perception.draw.cloud import labelled_cloud, obstacle_points
from mt_perception.geometry import resize, scale_camera, to_rgb
from mt_perception.labels import CITYSCAPES, LabelSet
from mt_perception.types import OUTPUTS, Camera, DataError, DepthMap, Frame, Mask

MASK_FILE, DEPTH_FILE = "_mask.png", "_depth.npy"
"""How the files of labels and depth end, behind the name of their image."""


def known_outputs(names: Collection[str]) -> tuple[str, ...]:
    """`names` of outputs, each once. Raises `DataError` for others, and for none."""
    if not names or not set(names) <= OUTPUTS.keys():
        raise DataError(f"outputs is {names!r}; allowed: a list of one or more of {', '.join(OUTPUTS)}")
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Prediction:
    """What the network says about one frame: those of `OUTPUTS` that were requested, all of one size (H, W).

    `timings_ms` are the milliseconds spent in each stage, `classes` those that the network tells apart.

    Examples:
        >>> import numpy as np
        >>> from mt_perception import Frame, Prediction
        >>> prediction = Prediction(Frame(np.zeros((2, 3, 3), np.uint8)), {"mask": np.full((2, 3), 13, np.uint8)})
        >>> prediction.overlay(opacity=1)[0, 0]  # all is car
        array([  0,   0, 142], dtype=uint8)
    """

    frame: Frame
    outputs: Mapping[str, NDArray[Any]]
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    classes: LabelSet = CITYSCAPES

    def __post_init__(self) -> None:
        for name, array in self.outputs.items():
            if name not in OUTPUTS:
                raise DataError(f"there is no output {name!r}; the outputs are {', '.join(OUTPUTS)}")
            if array.dtype != OUTPUTS[name] or array.ndim != 2:
                raise DataError(f"{name} must be {OUTPUTS[name]} (H, W), got {array.dtype} {array.shape}")
        if len({array.shape for array in self.outputs.values()}) != 1:
            raise DataError(f"a prediction needs outputs of one size, got {[a.shape for a in self.outputs.values()]}")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the outputs in pixels."""
        height, width = next(iter(self.outputs.values())).shape
        return height, width

    @property
    def mask(self) -> Mask:
        """(H, W) uint8, trainId of each pixel, 255 = unlabelled."""
        return self._requested("mask")

    @property
    def confidence(self) -> NDArray[np.uint8]:
        """(H, W) uint8, largest softmax probability times 255."""
        return self._requested("confidence")

    @property
    def depth_m(self) -> DepthMap:
        """(H, W) float32, metres along the optical axis; +Inf beyond range or sky, NaN unknown."""
        return self._requested("depth_m")

    @property
    def camera(self) -> Camera:
        """The camera as it would have taken an image of the outputs' size; an assumed one if the frame has none."""
        return scale_camera(self.frame.camera or Camera.assumed(self.frame.size), self.size)

    @cached_property
    def image(self) -> render.Image:
        """(H, W, 3) uint8 RGB: the frame's image, of the outputs' size."""
        return to_rgb(resize(self.frame.image, self.size), self.frame.pixel_format)

    def overlay(self, opacity: float = 0.5) -> render.Image:
        """(H, W, 3) uint8 RGB: the class colours over the image, with a legend where there is room for it.

        `opacity` goes from 0 (the image alone) to 1. Raises `DataError` if the mask was not requested.
        """
        return render.overlay(self.image, self.mask, opacity, self.classes)

    def mask_colors(self) -> render.Image:
        """(H, W, 3) uint8 RGB: each pixel in its class's colour. Raises `DataError` if the mask was not requested."""
        return render.color_mask(self.mask, self.classes)

    def depth_colors(self, min_m: float = 1.0, max_m: float = 80.0) -> render.Image:
        """(H, W, 3) uint8 RGB: near is bright, far is dark, unknown is grey, on a logarithmic range in metres.

        Raises `DataError` if depth was not requested.
        """
        return render.color_depth(self.depth_m, min_m, max_m)

    def points(self) -> NDArray[np.void]:
        """(H, W) of `cloud.POINT`: x, y, z in metres in the optical frame, colour, label and confidence of each pixel.

        x, y and z are NaN where depth is not finite. Raises `DataError` if one of the three outputs was not requested.
        """
        return self._cloud

    def obstacles(
        self, classes: Collection[str] = (), min_confidence: float = 0.5, voxel_m: float = 0.0
    ) -> NDArray[np.void]:
        """(N,) of `cloud.POINT`: the points of some classes, without what is unsure or hovers between two surfaces.

        `classes`: their names; empty for all but the ground and the sky. `voxel_m`: see `cloud.obstacle_points`.
        Raises `DataError` if one of the three outputs was not requested.
        """
        return obstacle_points(self._cloud, self.classes.obstacles(classes), min_confidence, voxel_m)

    @cached_property
    def _cloud(self) -> NDArray[np.void]:
        return labelled_cloud(self.depth_m, self.camera, self.image, self.mask, self.confidence)

    def with_depth(self, depth_m: DepthMap) -> Prediction:
        """The same with another depth."""
        return replace(self, outputs={**self.outputs, "depth_m": depth_m})

    def _requested(self, name: str) -> NDArray[Any]:
        if name not in self.outputs:
            raise DataError(f"{name} was not requested; this prediction holds {', '.join(self.outputs)}")
        return self.outputs[name]
