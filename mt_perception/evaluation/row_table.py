# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The row table (`row_prior`) that a recording's depth is compared with: the model's own, or one of other stretches."""

from __future__ import annotations

from collections.abc import Iterable

from mt_perception.bags.by_stamp import FrameSet
from mt_perception.geometry import scale_camera
from mt_perception.model.card import BundleCard
from mt_perception.model.row_prior import FOLDS, LeftOut, RowPrior
from mt_perception.types import Camera, DepthMap

_STRETCH_NS = 2 * 10**9
_FIT_EVERY_NS = 5 * 10**8
"""Frames nearer than this are nearly the same, and say nothing more about the usual depth of a row."""


class RowTable:
    """What the image row says of depth in a recording, by the card of the model if that has a table.

    Else `fit` takes the truth of the recording itself, and each stretch of two seconds gets a table of the others.
    """

    def __init__(self, card: BundleCard | None) -> None:
        self._card = card
        self._left_out = LeftOut()
        self._camera: Camera | None = None

    @property
    def needs_fit(self) -> bool:
        """Whether the card has no table."""
        return not (self._card and self._card.row_prior)

    def fit(self, judged: Iterable[FrameSet]) -> None:
        """Learn from frame sets with their truth, in the order of their stamps."""
        last_ns: int | None = None
        for frame_set in judged:
            self._look_for_camera(frame_set)
            if last_ns is not None and frame_set.stamp_ns < last_ns + _FIT_EVERY_NS:
                continue
            truth_m = frame_set.true_depth_m()
            if truth_m is not None and self._camera:
                camera = scale_camera(self._camera, (truth_m.shape[0], truth_m.shape[1]))
                self._left_out.update(_stretch(frame_set), truth_m, camera)
                last_ns = frame_set.stamp_ns

    def __call__(self, frame_set: FrameSet, size: tuple[int, int]) -> DepthMap | None:
        """(H, W) metres at `size`; None where nothing is known."""
        self._look_for_camera(frame_set)
        prior = self._prior(frame_set)
        return prior.predict(scale_camera(self._camera, size)) if prior and self._camera else None

    def description(self, is_known: bool) -> str:
        """Where the table is from, or why nothing was compared with one."""
        if is_known and self._card and self._card.row_prior:
            return f"row table of what {self._card.name} was trained on"
        if is_known:
            return "row table of other stretches of the recording, since the model's card has none"
        if not self._camera:
            return "skill unknown: no camera_info tells the angle of a row"
        return "skill unknown: the model's card has no row table, and the recording no other stretch to fit one on"

    def _prior(self, frame_set: FrameSet) -> RowPrior | None:
        if self._card and self._card.row_prior:
            return self._card.row_prior
        return self._left_out.prior(_stretch(frame_set))

    def _look_for_camera(self, frame_set: FrameSet) -> None:
        """The newest camera_info holds for all images."""
        self._camera = frame_set.camera() or self._camera


def _stretch(frame_set: FrameSet) -> int:
    return frame_set.stamp_ns // _STRETCH_NS % FOLDS
