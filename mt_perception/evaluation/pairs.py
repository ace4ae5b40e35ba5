"""Stereo pairs out of a recording."""

from __future__ import annotations

from mt_perception.bags.by_stamp import Instant
from mt_perception.messages.read import camera_from_info, frame_from_message, with_camera
from mt_perception.topics import IMAGE, RIGHT_IMAGE, camera_info_topic
from mt_perception.types import Camera, DataError, Frame, StereoPair

_SIDES = (IMAGE, RIGHT_IMAGE)


class Pairs:
    """Left and right image of an instant as a pair, with what the last camera_info of each told.

    Every instant has to be shown to it, also those that hold nothing but a camera_info: their stamps need not be equal.
    """

    def __init__(self) -> None:
        self._cameras: dict[str, Camera | None] = {}

    def __call__(self, instant: Instant) -> StereoPair | None:
        """None when the instant has no pair of one stamp, or one that was not rectified and calibrated together."""
        try:
            for role in map(camera_info_topic, _SIDES):
                if info := instant.messages.get(role):
                    self._cameras[role] = camera_from_info(info.message())
            frames = [frame for role in _SIDES if (frame := self._frame(instant, role))]
            return StereoPair(*frames) if len(frames) == 2 else None
        except DataError:
            return None

    def _frame(self, instant: Instant, role: str) -> Frame | None:
        recorded, camera = instant.messages.get(role), self._cameras.get(camera_info_topic(role))
        return with_camera(frame_from_message(recorded.message()), camera) if recorded and camera else None
