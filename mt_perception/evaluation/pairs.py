# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Stereo pairs out of a recording."""

from __future__ import annotations

from mt_perception.bags.by_stamp import FrameSet
from mt_perception.messages.read import camera_from_info, frame_from_message, with_camera
from mt_perception.topics import IMAGE, RIGHT_IMAGE, camera_info_topic
from mt_perception.types import Camera, DataError, Frame, StereoPair

_SIDES = (IMAGE, RIGHT_IMAGE)


class Pairs:
    """Left and right image of a frame set as a pair, with what the last camera_info of each told.

    Every frame set has to be shown to it, also those of a camera_info alone: their stamps need not be equal.
    """

    def __init__(self) -> None:
        self._cameras: dict[str, Camera | None] = {}

    def __call__(self, frame_set: FrameSet) -> StereoPair | None:
        """None when the frame set has no pair of one stamp, or one that was not rectified and calibrated together."""
        try:
            for role in map(camera_info_topic, _SIDES):
                if info := frame_set.messages.get(role):
                    self._cameras[role] = camera_from_info(info.message())
            frames = [frame for role in _SIDES if (frame := self._frame(frame_set, role))]
            return StereoPair(*frames) if len(frames) == 2 else None
        except DataError:
            return None

    def _frame(self, frame_set: FrameSet, role: str) -> Frame | None:
        recorded, camera = frame_set.messages.get(role), self._cameras.get(camera_info_topic(role))
        return with_camera(frame_from_message(recorded.message()), camera) if recorded and camera else None
