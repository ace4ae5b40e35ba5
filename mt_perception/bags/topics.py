# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which topic of a recording has which role, and which clock tells its images apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from mt_perception.bags.bag import Bag, BagError, Recorded
from mt_perception.bags.camera_topics import Chosen, ImageTopic, choose, doubt, encoding_of, right_of
from mt_perception.bags.roles import beside_results, roles_of
from mt_perception.messages.read import header_stamp_ns
from mt_perception.topics import (
    COMPRESSED,
    COMPRESSED_TYPE,
    IMAGE_TYPE,
    MASK,
    camera_info_topic,
    listed,
)
from mt_perception.types import DataError

_LOOKED_AT = 5
_IMAGE_TYPES = (IMAGE_TYPE, COMPRESSED_TYPE)


@dataclass(frozen=True)
class Layout:
    """How a recording is read.

    topics: by role, as `roles.roles_of` has them, the topic that was recorded. by_reception: whether stamps say
    nothing, and the time of reception stands in for them. notes: in sentences, what of this may not be as expected.
    """

    topics: Mapping[str, str] = field(default_factory=dict)
    by_reception: bool = False
    notes: tuple[str, ...] = ()

    @cached_property
    def _roles(self) -> dict[str, str]:
        return {topic: role for role, topic in self.topics.items()}

    def role(self, topic: str) -> str:
        """What a recorded topic is for; its own name, with a slash that no role has, where it is for nothing."""
        return self._roles.get(topic) or f"/{topic.lstrip('/')}"

    def stamp_ns(self, recorded: Recorded) -> int:
        """What tells which messages belong together."""
        return recorded.received_ns if self.by_reception else header_stamp_ns(recorded.data)


def layout_of(bag: Bag, topic: str = "", right: str = "") -> Layout:
    """The layout of a recording: of its (left) camera `topic` and the `right` one, which are found when empty.

    They are found by their types, encodings and first messages. Raises `BagError` for a named one that is none.
    """
    there = with_messages(bag)
    if is_named := bool(topic or right):
        chosen = find_camera(bag, topic, right)
    else:
        images = image_topics(bag)
        near = [each for each in images if beside_results(each.name, there)]
        chosen = choose(near) or choose(images) or Chosen("")
    roles, notes = roles_of(there, chosen.topic, chosen.right)
    if notes and chosen.note and not is_named:
        notes.append(chosen.note)
    clocked = chosen.topic or roles.get(MASK, "")
    by_reception = has_idle_stamps(bag, clocked)
    return Layout(roles, by_reception, (*notes, *([idle_stamps_note(clocked)] if by_reception else [])))


def find_camera(bag: Bag, topic: str = "", right: str = "", stereo: bool = False) -> Chosen:
    """The camera's topics in a recording: those that are named, raw or compressed, the others found.

    Raises `BagError` for names without images, and where there is no camera.
    """
    topic, right = (each and _named(bag, each) for each in (topic, right))
    images = image_topics(bag)
    if topic:
        (encoding,) = (each.encoding for each in images if each.name == topic)
        right = right or right_of(topic, [each.name for each in images if each.is_camera])
        return Chosen(topic, right, doubt(topic, encoding))
    chosen = choose(images, stereo=stereo and not right)
    if chosen is None:
        what = "a pair of cameras" if stereo else "a camera's image"
        there = ", ".join(map(str, images)) if images else f"no images, only {listed(bag.counts)}"
        raise BagError(f"the recording {bag.path} has no topic that is {what}; it has {there}")
    return replace(chosen, right=right or chosen.right)


def _named(bag: Bag, name: str) -> str:
    """The topic that a user means. Raises `BagError` for one without images."""
    counts, kinds = bag.counts, bag.type_names
    forms = [each for each in (name, f"/{name.lstrip('/')}") for each in (each, each + COMPRESSED)]
    known = [each for each in forms if each in kinds]
    if not known:
        raise BagError(f"{bag.path} has no topic {name}; it has {listed(counts)}")
    images = [each for each in known if kinds[each] in _IMAGE_TYPES]
    if not images:
        raise BagError(
            f"{known[0]} of {bag.path} is of type {kinds[known[0]]}; needed is {IMAGE_TYPE} or {COMPRESSED_TYPE}"
        )
    filled = [each for each in images if counts[each]]
    if not filled:
        raise BagError(f"{images[0]} of {bag.path} has no messages; with messages are {listed(with_messages(bag))}")
    return filled[0]


def has_images(bag: Bag, name: str) -> bool:
    """Whether a topic that a user named is there, and holds images."""
    try:
        return bool(_named(bag, name))
    except BagError:
        return False


def with_messages(bag: Bag) -> list[str]:
    """The topics on which something was recorded."""
    return [topic for topic, count in bag.counts.items() if count]


def is_compressed(bag: Bag, topic: str) -> bool:
    """Whether a topic holds `CompressedImage`, whatever its name."""
    return bag.type_names.get(topic) == COMPRESSED_TYPE


def image_topics(bag: Bag) -> list[ImageTopic]:
    """The topics with images, each with what its first message tells."""
    return [_image_topic(bag, topic) for topic, kind in bag.type_names.items() if kind in _IMAGE_TYPES]


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
