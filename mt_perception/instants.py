"""Recordings as instants: all messages that carry one stamp, whenever they were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception import geometry, render
from mt_perception.bags import Bag, Recorded
from mt_perception.messages import array_from_compressed, array_from_image, frame_from_message, header_stamp_ns

TRUTH = "ground_truth/"
"""Topics that hold the truth begin with this, in recordings made here."""
MASK, DEPTH, LABEL_INFO = "segmentation/mask", "depth/image", "segmentation/label_info"
DISPARITY = "disparity"
TRUE_LABELS, TRUE_DEPTH = TRUTH + "labels", TRUTH + "depth"
COMPRESSED = "/compressed"
_PICTURES = ("image", "image/compressed", "left/image_rect", "left/image_rect/compressed")
Pair = tuple[NDArray[Any], NDArray[Any]]
_PENDING, _PENDING_AT_LEAST, _PENDING_BYTES = 100, 8, 128 << 20


@dataclass
class Instant:
    """All messages of one stamp, by topic without a leading slash."""

    stamp_ns: int
    messages: dict[str, Recorded] = field(default_factory=dict)

    def picture(self, size: tuple[int, int] | None = None) -> render.Picture | None:
        """The camera picture as RGB, resized to `size`; None when it was not recorded."""
        for topic in _PICTURES:
            if topic in self.messages:
                frame = frame_from_message(self.messages[topic].message())
                return geometry.to_rgb(geometry.resize(frame.image, size or frame.size), frame.pixel_format)
        return None

    @property
    def has_picture(self) -> bool:
        """Whether a camera picture was recorded."""
        return self.picture_received_ns is not None

    @property
    def picture_received_ns(self) -> int | None:
        """When the camera picture was recorded; None when it was not."""
        return next((self.messages[topic].received_ns for topic in _PICTURES if topic in self.messages), None)

    def recorded(self, topic: str) -> Recorded | None:
        """The message of `topic`, or of its compressed form; None when neither was recorded."""
        return self.messages.get(topic) or self.messages.get(topic + COMPRESSED)

    def array(self, topic: str) -> NDArray[Any] | None:
        """The content of `topic`, or of its compressed form; None when neither was recorded."""
        recorded = self.recorded(topic)
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


def instants(bag: Bag) -> Iterator[Instant]:
    """The instants of a recording in the order of their stamps' arrival.

    Each is held back for messages that come late, results above all, until so many others have begun, or hold so many
    bytes, as any recording may take.
    """
    topics = [t for t, kind in bag.type_names.items() if kind.startswith("sensor_msgs/msg/")]
    pending: dict[int, Instant] = {}
    held = 0
    for recorded in bag.messages(topics):
        stamp = header_stamp_ns(recorded.data)  # without decoding the picture
        pending.setdefault(stamp, Instant(stamp)).messages[recorded.topic.lstrip("/")] = recorded
        held += len(recorded.data)
        while len(pending) > _PENDING or (held > _PENDING_BYTES and len(pending) > _PENDING_AT_LEAST):
            complete = pending.pop(next(iter(pending)))
            held -= sum(len(each.data) for each in complete.messages.values())
            yield complete
    yield from pending.values()
