"""Recordings as instants: all messages that carry one stamp, whenever they were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception import geometry, render
from mt_perception.bags import Bag, Recorded
from mt_perception.messages import array_from_compressed, array_from_image, frame_from_message, header_stamp_ns
from mt_perception.topics import (
    COMPRESSED,
    COMPRESSED_IMAGE,
    DEPTH,
    IMAGE,
    MASK,
    RESULT_IMAGES,
    TRUE_DEPTH,
    TRUE_LABELS,
    ImageTopic,
    camera_info_topic,
    choose,
    encoding_of,
    namespace_of,
    truth_name,
)  # fmt: skip
from mt_perception.types import DataError

Pair = tuple[NDArray[Any], NDArray[Any]]
_LOOKED_AT = 5
_PENDING, _PENDING_AT_LEAST, _PENDING_BYTES = 100, 8, 128 << 20


@dataclass(frozen=True)
class Layout:
    """How a recording is read: which topic is what, and which clock tells its images apart.

    picture, right: the (left) camera's image topic, and that of the right one, as `name` gives them; empty for none.
    namespace: of the results, `robot/` or empty. by_reception: whether stamps say nothing, and the time of reception
    stands in for them. notes: in sentences, what of this may not be as expected.
    """

    picture: str = ""
    right: str = ""
    namespace: str = ""
    by_reception: bool = False
    notes: tuple[str, ...] = ()

    def name(self, topic: str) -> str:
        """Without leading slash; results and truth without namespace: `/robot/depth/image` -> `depth/image`."""
        bare = topic.lstrip("/")
        result = bare.removeprefix(self.namespace)
        return truth_name(topic) or (result if result.removesuffix(COMPRESSED) in RESULT_IMAGES else bare)

    def stamp_ns(self, recorded: Recorded) -> int:
        """What tells which messages belong together."""
        return recorded.received_ns if self.by_reception else header_stamp_ns(recorded.data)


def layout_of(bag: Bag) -> Layout:
    """The layout of a recording, from its topics and their first messages."""
    found = [space for topic, n in bag.counts.items() if n and (space := namespace_of(topic, MASK)) is not None]
    spaces = sorted(set(found), key=lambda each: (each.count("/"), each))
    namespace = spaces[0] if spaces else ""
    chosen = choose(image_topics(bag))
    layout = Layout(namespace=namespace)
    notes = []
    if len(spaces) > 1:
        others = ", ".join(f"/{each}{MASK}" for each in spaces[1:])
        notes.append(f"results are read from /{namespace}{MASK}, not from {others}")
    clocked = chosen.topic if chosen else next((t for t in bag.counts if layout.name(t) == MASK), "")
    by_reception = has_idle_stamps(bag, clocked)
    if by_reception:
        notes.append(idle_stamps_note(clocked))
    picture, right = (layout.name(chosen.topic), layout.name(chosen.right)) if chosen else ("", "")
    return Layout(picture, right, namespace, by_reception, tuple(notes))


def image_topics(bag: Bag) -> list[ImageTopic]:
    """The topics with images, each with what its first message tells."""
    kinds = bag.type_names
    return [_image_topic(bag, topic) for topic in kinds if kinds[topic] in (IMAGE, COMPRESSED_IMAGE)]


def _image_topic(bag: Bag, topic: str) -> ImageTopic:
    first, info = next(bag.messages((topic,)), None), camera_info_topic(topic)
    if first is None:
        return ImageTopic(topic, "", 0)
    try:
        encoding, stamp_ns = encoding_of(first.message()), header_stamp_ns(first.data)
    except DataError:
        encoding, stamp_ns = "", 0
    return ImageTopic(topic, encoding, bag.counts[topic], bag.counts.get(info, 0) > 0, stamp_ns, first.received_ns)


def has_idle_stamps(bag: Bag, topic: str) -> bool:
    """Whether the first messages of `topic` all carry one stamp, as of drivers that leave it at 0."""
    first = list(islice(bag.messages((topic,)), _LOOKED_AT))
    return len(first) > 1 and len({header_stamp_ns(each.data) for each in first}) == 1


def idle_stamps_note(topic: str) -> str:
    """What to say where `has_idle_stamps`."""
    return (
        f"header.stamp of {topic} is always the same (its driver leaves it out): the time of reception stands in for it"
    )


@dataclass
class Instant:
    """All messages of one stamp, by topic as `Layout.name` gives it."""

    stamp_ns: int
    messages: dict[str, Recorded] = field(default_factory=dict)
    layout: Layout = Layout()

    def picture(self, size: tuple[int, int] | None = None) -> render.Picture | None:
        """The camera picture as RGB, resized to `size`; None when it was not recorded."""
        if not self.has_picture:
            return None
        frame = frame_from_message(self.messages[self.layout.picture].message())
        return geometry.to_rgb(geometry.resize(frame.image, size or frame.size), frame.pixel_format)

    @property
    def has_picture(self) -> bool:
        """Whether a camera picture was recorded."""
        return self.layout.picture in self.messages

    @property
    def picture_received_ns(self) -> int | None:
        """When the camera picture was recorded; None when it was not."""
        return self.messages[self.layout.picture].received_ns if self.has_picture else None

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


def instants(bag: Bag, layout: Layout | None = None) -> Iterator[Instant]:
    """The instants of a recording in the order of their stamps' arrival; `layout` is its own if it is not given.

    Each is held back for messages that come late, results above all, until so many others have begun, or hold so many
    bytes, as any recording may take.
    """
    layout = layout_of(bag) if layout is None else layout
    pending: dict[int, Instant] = {}
    held = 0
    for recorded in bag.messages(headed(bag)):
        stamp = layout.stamp_ns(recorded)  # without decoding the picture
        messages = pending.setdefault(stamp, Instant(stamp, layout=layout)).messages
        messages[layout.name(recorded.topic)] = recorded
        held += len(recorded.data)
        while len(pending) > _PENDING or (held > _PENDING_BYTES and len(pending) > _PENDING_AT_LEAST):
            complete = pending.pop(next(iter(pending)))
            held -= sum(len(each.data) for each in complete.messages.values())
            yield complete
    yield from pending.values()


def headed(bag: Bag) -> list[str]:
    """The topics with pictures and cameras, whose messages begin with a header."""
    return [topic for topic, kind in bag.type_names.items() if kind.startswith("sensor_msgs/msg/")]
