# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Single frame sets of a recording, read again by their stamps; and the truth of one recording for another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from mt_perception.bags.bag import Bag, BagError
from mt_perception.bags.by_stamp import FrameSet, headed
from mt_perception.bags.topics import Layout, has_images, layout_of
from mt_perception.topics import TRUE_DEPTH, TRUE_LABELS, TRUTH

_TRUTHS = (TRUE_LABELS, TRUE_DEPTH)
_AROUND_NS = 10**9  # an image is recorded within so much of its truth


def read_frame_set(
    bag: Bag, layout: Layout, stamp_ns: int, span_ns: tuple[int, int], topics: Collection[str] | None = None
) -> FrameSet:
    """The messages of `topics` (None: of all that begin with a header) with this stamp, recorded within `span_ns`."""
    topics = headed(bag) if topics is None else topics
    frame_set = FrameSet(stamp_ns)
    for each in bag.messages(topics, span_ns[0], span_ns[1] + 1):
        if layout.stamp_ns(each) == stamp_ns:
            frame_set.messages[layout.role(each.topic)] = each
    return frame_set


class Truth:
    """Completes frame sets with the truth of another recording, which is read when it is requested; or leaves them."""

    def __init__(self, path: Path | None, cameras: tuple[str, str] = ("", "")) -> None:
        """`cameras`: the topics of (left and) right images where they are there, found by themselves when empty."""
        self._bag = Bag(path) if path else None
        self._spans: dict[int, tuple[int, int]] = {}
        if self._bag:
            self._layout = layout_of(self._bag, *(each if self.has(each) else "" for each in cameras))
            self._topics = [topic for role, topic in self._layout.topics.items() if role in _TRUTHS]
            if not self._topics:
                raise BagError(f"{path} holds no {TRUTH}... topics, so it tells no truth")
            for each in self._bag.messages(self._topics):
                stamp_ns, now = self._layout.stamp_ns(each), each.received_ns
                self._spans[stamp_ns] = self._spans.get(stamp_ns, (now, now))[0], now

    @property
    def recording(self) -> tuple[Bag, Mapping[str, str]] | None:
        """The other recording with its topics by role; None without one."""
        return (self._bag, self._layout.topics) if self._bag else None

    def has(self, camera: str) -> bool:
        """Whether this recording has the images of a camera's topic."""
        return bool(camera) and self._bag is not None and has_images(self._bag, camera)

    def __enter__(self) -> Truth:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bag:
            self._bag.__exit__()

    def __call__(self, frame_set: FrameSet, images: bool = False) -> FrameSet:
        """The frame set with this truth instead of its own. With `images` it gets those that it lacks as well."""
        if not self._bag:
            return frame_set
        own = {role: each for role, each in frame_set.messages.items() if role not in _TRUTHS}
        if frame_set.stamp_ns not in self._spans:
            return FrameSet(frame_set.stamp_ns, own)
        first_ns, last_ns = self._spans[frame_set.stamp_ns]
        if not images:
            found = read_frame_set(self._bag, self._layout, frame_set.stamp_ns, (first_ns, last_ns), self._topics)
            return FrameSet(frame_set.stamp_ns, own | found.messages)
        around_ns = first_ns - _AROUND_NS, last_ns + _AROUND_NS
        found = read_frame_set(self._bag, self._layout, frame_set.stamp_ns, around_ns)
        truth = {role: each for role, each in found.messages.items() if role in _TRUTHS}
        return FrameSet(frame_set.stamp_ns, found.messages | own | truth)
