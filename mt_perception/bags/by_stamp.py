# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings as frame sets: all messages that carry one stamp, whenever they were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception import geometry
from mt_perception.bags.bag import Bag, Recorded
from mt_perception.bags.topics import Layout, layout_of
from mt_perception.draw import render
from mt_perception.messages.compressed import array_from_compressed
from mt_perception.messages.read import array_from_image, frame_from_message, usable_camera
from mt_perception.topics import DEPTH, DEPTH_CAMERA, IMAGE, MASK, TRUE_DEPTH, TRUE_LABELS, camera_info_topic
from mt_perception.types import Camera

_CAMERAS = (camera_info_topic(IMAGE), DEPTH_CAMERA)
Pair = tuple[NDArray[Any], NDArray[Any]]
_PENDING, _PENDING_AT_LEAST, _PENDING_BYTES = 100, 8, 128 << 20


@dataclass
class FrameSet:
    """All messages of one stamp, by their roles (`Layout.role`)."""

    stamp_ns: int
    messages: dict[str, Recorded] = field(default_factory=dict)

    def image(self, size: tuple[int, int] | None = None) -> render.Image | None:
        """The camera image as RGB, resized to `size`; None when it was not recorded."""
        if not self.has_image:
            return None
        frame = frame_from_message(self.messages[IMAGE].message())
        return geometry.to_rgb(geometry.resize(frame.image, size or frame.size), frame.pixel_format)

    def camera(self) -> Camera | None:
        """The calibration of the camera image, or of the depth; None when no usable one was recorded."""
        infos = (self.messages[role] for role in _CAMERAS if role in self.messages)
        return next(filter(None, (usable_camera(each.message()) for each in infos)), None)

    @property
    def has_image(self) -> bool:
        """Whether a camera image was recorded."""
        return IMAGE in self.messages

    @property
    def image_received_ns(self) -> int | None:
        """When the camera image was recorded; None when it was not."""
        return self.messages[IMAGE].received_ns if self.has_image else None

    def array(self, role: str) -> NDArray[Any] | None:
        """The content of the image in this role, raw or compressed; None when none was recorded."""
        recorded = self.messages.get(role)
        if recorded is None:
            return None
        message = recorded.message()
        return array_from_image(message) if hasattr(message, "encoding") else array_from_compressed(message)

    def true_depth_m(self) -> NDArray[np.float32] | None:
        """Ground truth in metres, recorded as such or in 16-bit millimetres; NaN where there is none."""
        depth = self.array(TRUE_DEPTH)
        return geometry.depth_from_millimetres(depth) if depth is not None and depth.dtype == np.uint16 else depth

    def labels_and_truth(self) -> Pair | None:
        """(H, W) trainIds, predicted and true, at the size of the truth; None where either was not recorded."""
        return _at_truth(self.array(MASK), self.array(TRUE_LABELS))

    def depth_and_truth_m(self) -> Pair | None:
        """(H, W) metres, as `labels_and_truth`."""
        return _at_truth(self.array(DEPTH), self.true_depth_m())


def _at_truth(made: NDArray[Any] | None, true: NDArray[Any] | None) -> Pair | None:
    return None if made is None or true is None else (geometry.resize_nearest(made, true.shape[:2]), true)


def frame_sets(bag: Bag, layout: Layout | None = None) -> Iterator[FrameSet]:
    """The frame sets of a recording in the order of their stamps' arrival; `layout` is its own if it is not given.

    Each is held back for messages that come late, results above all, until so many others have begun, or hold so many
    bytes, as any recording may take.
    """
    layout = layout_of(bag) if layout is None else layout
    pending: dict[int, FrameSet] = {}
    held = 0
    for recorded in bag.messages(headed(bag)):
        stamp = layout.stamp_ns(recorded)  # without decoding the image
        messages = pending.setdefault(stamp, FrameSet(stamp)).messages
        messages[layout.role(recorded.topic)] = recorded
        held += len(recorded.data)
        while len(pending) > _PENDING or (held > _PENDING_BYTES and len(pending) > _PENDING_AT_LEAST):
            complete = pending.pop(next(iter(pending)))
            held -= sum(len(each.data) for each in complete.messages.values())
            yield complete
    yield from pending.values()


def headed(bag: Bag) -> list[str]:
    """The topics with images and cameras, whose messages begin with a header."""
    return [topic for topic, kind in bag.type_names.items() if kind.startswith("sensor_msgs/msg/")]
