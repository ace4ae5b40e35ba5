# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Models of this package as teachers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mt_perception.backends import network_size
from mt_perception.model.bundle import Bundle
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception.types import Camera, DepthMap, Frame, Mask
from mt_perception_training.teachers.network import TeacherError
from mt_perception_training.teachers.views import Confidence, Image, Views, mirror

_MULTIPLE = 32


class BundleTeacher:
    """A model of this package, for labels and for depth. It tells only its best class, and how sure it is of it."""

    def __init__(self, bundle: Bundle, views: Views, threads: int = 0) -> None:
        if not bundle.card.trained:
            raise TeacherError(f"the model {bundle.folder} is untrained; its output means nothing")
        self.classes = bundle.card.labels
        self._views = views
        settings = Settings(model=str(bundle.folder), precision="fp32", threads=threads, output_size="input")
        sizes = [_scaled(network_size(bundle, settings), scale) for scale in views.scales]
        self._perceivers = [
            Perceiver.open(replace(settings, input_height=height, input_width=width)) for height, width in sizes
        ]
        self._whole = next(
            (each for each, scale in zip(self._perceivers, views.scales, strict=True) if scale == 1),
            self._perceivers[0],
        )

    def labels(self, image: Image) -> tuple[Mask, Confidence]:
        """See `LabelTeacher.labels`. A class is as sure as the mean of those looks that chose it, and 0 for others."""
        looks = []
        for perceiver in self._perceivers:
            for flipped in self._views.mirrored:
                said = perceiver(Frame(mirror(image, flipped)), ("mask", "confidence"))
                looks.append((mirror(said.mask, flipped), mirror(said.confidence, flipped) / np.float32(255)))
        sums = np.stack([sum(np.where(m == mask, c, np.float32(0)) for m, c in looks) for mask, _ in looks])
        best = sums.argmax(axis=0)[None]
        masks = np.stack([mask for mask, _ in looks])
        sure = np.take_along_axis(sums, best, axis=0)[0] / np.float32(len(looks))
        return np.take_along_axis(masks, best, axis=0)[0], sure

    def depth_m(self, image: Image, camera: Camera) -> DepthMap:
        """See `DepthTeacher.depth_m`; at its own size, and with nothing beyond its range."""
        looks = []
        for flipped in self._views.mirrored:
            seen = replace(camera, cx_px=camera.width_px - 1 - camera.cx_px) if flipped else camera
            said = self._whole(Frame(mirror(image, flipped), camera=seen), ("depth_m",)).depth_m
            with np.errstate(divide="ignore", invalid="ignore"):
                looks.append(np.log(mirror(said, flipped)))
        logarithm = np.mean(looks, axis=0, dtype=np.float32)
        return np.where(np.isfinite(logarithm), np.exp(logarithm), np.float32(np.nan))


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    height, width = (max(1, round(scale * each / _MULTIPLE)) * _MULTIPLE for each in size)
    return (height, width) if scale != 1 else size
