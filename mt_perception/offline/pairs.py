"""Stereo pairs out of a recording."""

from __future__ import annotations

from mt_perception.instants import Instant
from mt_perception.messages import camera_from_info, frame_from_message, with_camera
from mt_perception.types import CameraModel, DataError, Frame, StereoPair


class Pairs:
    """Left and right picture of an instant as a pair, with what the last camera_info of each told."""

    def __init__(self) -> None:
        self._cameras: dict[str, CameraModel | None] = {}

    def __call__(self, instant: Instant) -> StereoPair | None:
        """None when the instant has no pair of one stamp, or one that was not rectified and calibrated together."""
        try:
            for side in ("left", "right"):
                if info := instant.messages.get(f"{side}/camera_info"):
                    self._cameras[side] = camera_from_info(info.message())
            left, right = self._frame(instant, "left"), self._frame(instant, "right")
            return StereoPair(left, right) if left and right else None
        except DataError:
            return None

    def _frame(self, instant: Instant, side: str) -> Frame | None:
        recorded = instant.recorded(f"{side}/image_rect")
        camera = self._cameras.get(side)
        return with_camera(frame_from_message(recorded.message()), camera) if recorded and camera else None
