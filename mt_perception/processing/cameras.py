# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The cameras of a recording: which there are, and what their camera_info messages tell on their way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mt_perception.bags.bag import Bag, BagError, Recorded
from mt_perception.bags.topics import find_camera, has_idle_stamps, idle_stamps_note
from mt_perception.messages.compressed import Sufficient
from mt_perception.messages.read import frame_from_message, usable_camera, with_camera
from mt_perception.topics import COMPRESSED, camera_info_topic
from mt_perception.types import DataError, Frame


@dataclass(frozen=True)
class CameraTopics:
    """A camera of a recording: the topics of its `images`, one, or left and right, and where its results go.

    namespace: the begin of the names of its results. announced: how many images the recording says that it has.
    by_reception: stamps say nothing, times of reception do. about: what a sentence on it begins with, where it is one
    of several.
    """

    images: tuple[str, ...]
    namespace: str = ""
    announced: int = 0
    by_reception: bool = False
    about: str = ""


def find_cameras(
    bag: Bag, named: Sequence[str], right: str = "", stereo: bool = False
) -> tuple[tuple[CameraTopics, ...], list[str]]:
    """The cameras whose topics are `named`, or else the one that is found, and in sentences what is to be said of them.

    Raises `BagError` as `find_camera`, for a pair that is none, and for names of which two are one camera.
    """
    if len(named) > 1 and not all(named):
        raise BagError("one of several topics is empty; name each camera's images")
    found, notes = [], []
    chosen = [find_camera(bag, topic, right, stereo) for topic in named or [""]]
    for each, space in zip(chosen, _namespaces([each.topic for each in chosen]), strict=True):
        if stereo and not each.right:
            raise BagError(f"{bag.path} has no right image beside {each.topic}; name it with --right-topic")
        images = (each.topic, each.right) if stereo else (each.topic,)
        idle = has_idle_stamps(bag, each.topic)
        about = f"{each.topic}: " if len(chosen) > 1 else ""
        found.append(CameraTopics(images, space, bag.counts[each.topic], idle, about))
        notes += [each.note] if each.note else []
        notes += [idle_stamps_note(each.topic)] if idle else []
    return tuple(found), notes


def _namespaces(topics: Sequence[str]) -> list[str]:
    """Where the results of several cameras go, as those of a node in whose `cameras` they are: `/front/image` ->
    `/front`, or the topic itself if it shares that, or has none. Those of one alone go into none."""
    if len(topics) == 1:
        return [""]
    bases = [f"/{each.removesuffix(COMPRESSED).lstrip('/')}" for each in topics]
    outer = [base.rpartition("/")[0] for base in bases]
    spaces = [space if space and outer.count(space) == 1 else base for base, space in zip(bases, outer, strict=True)]
    for number, space in enumerate(spaces):
        if space in spaces[:number]:
            other = topics[spaces.index(space)]
            if other == topics[number]:
                raise BagError(f"{other} is named twice; name each camera once")
            raise BagError(
                f"results of {other} and of {topics[number]} would have the same names, {space}/...: give one"
            )
    return spaces


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
