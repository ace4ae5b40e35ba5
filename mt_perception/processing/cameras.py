# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The cameras of a recording, as its camera_info messages tell on their way."""

from __future__ import annotations

from collections.abc import Collection

from mt_perception.bags.bag import Bag, Recorded
from mt_perception.messages.compressed import Sufficient
from mt_perception.messages.read import frame_from_message, usable_camera, with_camera
from mt_perception.topics import camera_info_topic
from mt_perception.types import DataError, Frame


class Cameras:
    """The newest camera of each image's topic; at first the last one before `start_ns`, or the first one at all."""

    def __init__(self, bag: Bag, images: Collection[str], start_ns: int, bit_depth: int = 0) -> None:
        self._bit_depth = bit_depth
        self.topics = {camera_info_topic(topic) for topic in images}
        found = {topic: _before(bag, topic, start_ns) for topic in self.topics}
        self._newest = {topic: usable_camera(recorded.message()) for topic, recorded in found.items() if recorded}
        self.problem = ""
        """Why the last image has no camera; empty when it has, or when there is none."""

    def heard(self, recorded: Recorded) -> bool:
        """Take in a message if it is a camera_info; whether it is."""
        if recorded.topic not in self.topics:
            return False
        self._newest[recorded.topic] = usable_camera(recorded.message())
        return True

    def frame(self, recorded: Recorded, sufficient: Sufficient | None = None) -> Frame:
        """The image with its camera; without one, as in the node, where it has another shape than the camera says.

        `sufficient`: as in `frame_from_message`. Raises `DataError` for what is no image.
        """
        frame = frame_from_message(recorded.message(), self._bit_depth, sufficient=sufficient)
        camera = self._newest.get(camera_info_topic(recorded.topic))
        self.problem = ""
        try:
            return with_camera(frame, camera) if camera else frame
        except DataError as error:
            self.problem = f"depth is uncorrected: {error}"
            return frame


def _before(bag: Bag, topic: str, start_ns: int) -> Recorded | None:
    """The last message of `topic` before `start_ns`, else its first."""
    begin_ns, reach_ns, back_ns = bag.span_ns[0], start_ns, 10**9
    last = None
    while last is None and reach_ns > begin_ns:  # it is almost always within the last second
        reach_ns = start_ns - back_ns
        for last in bag.messages((topic,), reach_ns, start_ns):  # noqa: B007
            pass
        back_ns *= 10
    return last or next(bag.messages((topic,)), None)
