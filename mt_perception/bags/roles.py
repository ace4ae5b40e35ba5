# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the names of a recording's topics tell: which are the results and the truth of a camera, of several."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mt_perception.topics import (
    COMPRESSED,
    IMAGE,
    MASK,
    RIGHT_IMAGE,
    TRUE_DEPTH,
    TRUE_LABEL_INFO,
    TRUE_LABELS,
    TRUTH,
    camera_info_topic,
    namespace_of,
    output_topics,
)


def roles_of(topics: Collection[str], image: str = "", right: str = "") -> tuple[dict[str, str], list[str]]:
    """By role the topic of a recording that has it, as its name tells; and in sentences, what was left out.

    Roles are `IMAGE` and `RIGHT_IMAGE` of the cameras `image` and `right`, their camera_infos, and the names of results
    and truth. These are those of one namespace, raw before compressed. Of several namespaces it is the one in which the
    camera is; but for results none at all goes first, into which `bag process` writes. What is true for another camera
    that has results is no truth.
    """
    cameras = {IMAGE: image, RIGHT_IMAGE: right}
    roles = {role: topic for role, topic in cameras.items() if topic}
    infos = {camera_info_topic(role): camera_info_topic(topic) for role, topic in roles.items()}
    roles |= {role: topic for role, topic in infos.items() if topic in topics}
    truth, notes = _by_namespace(topics, (TRUE_LABELS, TRUE_DEPTH, TRUE_LABEL_INFO)), []
    foreign: set[str] = set()
    for what, name, spaces, first in (("results are", MASK, _results(topics), [""]), ("truth is", TRUTH, truth, [])):
        ordered = sorted(spaces, key=lambda space: (space in foreign, space not in first, *_distance(space, image)))
        own = [space for space in ordered if space not in foreign][:1]
        others = [space for space in ordered if space not in own]
        roles |= spaces[own[0]] if own else {}
        if others:
            left_out = ", ".join(f"/{space}{name}" for space in others)
            read = f"read from /{own[0]}{name}, not from" if own else "another camera's:"
            notes.append(f"{what} {read} {left_out}")
        if own and own[0] and _lies_in(image, own[0]):  # results of this camera, beside those of others
            foreign = {space for space in others if not _lies_in(image, space)}
    return roles, notes


def beside_results(image: str, topics: Collection[str]) -> bool:
    """Whether a camera's topic lies in a namespace that has results; those in none at all may be of any camera."""
    return any(_lies_in(image, space) for space in _results(topics))


def _results(topics: Collection[str]) -> dict[str, dict[str, str]]:
    return {
        space: each
        for space, each in _by_namespace(topics, [each.name for each in output_topics()]).items()
        if MASK in each
    }


def _by_namespace(topics: Iterable[str], names: Iterable[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for topic in sorted(topics, key=lambda each: not each.endswith(COMPRESSED)):  # of both forms the raw one stays
        for name in names:
            if (space := namespace_of(topic, name)) is not None:
                found.setdefault(space, {})[name] = topic
    return found


def _distance(space: str, topic: str) -> tuple[bool, int, str]:
    """The smaller, the closer a namespace is to a topic: the longest that it lies in, else the shortest."""
    holds = _lies_in(topic, space)
    return not holds, -len(space) if holds else space.count("/"), space


def _lies_in(topic: str, space: str) -> bool:
    """Whether these parts are in a topic's name: what a node calls one of its cameras may be in the middle of it."""
    return f"/{space}" in f"/{topic.strip('/')}/"
