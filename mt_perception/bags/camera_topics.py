# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What an image topic is for: by its message type, encoding and number of messages.

Of its name only whole words count (`left` in `/left/image_rect` and `/front_left/image`, not in `/cleft/image`), and
only where nothing else tells. All who look for a camera ask here: recordings, the player, the node's warnings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mt_perception.messages.compressed import array_from_compressed
from mt_perception.topics import COMPRESSED, is_made_here, words
from mt_perception.types import DataError

_KINDS = ("color", "mono", "unknown", "depth")
_COLOR = ("rgb", "bgr", "yuv", "yuyv", "uyvy", "nv12", "nv21", "nv24", "bayer")  # as encodings begin
_SIDES = {("left", "right"), ("infra1", "infra2"), ("l", "r")}
_MADE = frozenset(["annotated", "annotation", "annotations", "debug", "dbg", "detections", "overlay", "viz"])
_NO_LIGHT = frozenset(["confidence", "disparity", "labels", "mask"])


def kind_of(encoding: str) -> str:
    """What pixels of this encoding show: `color`, `mono`, `depth` (also other measures: never a camera), or `unknown`.

    OpenCV's names for a number of channels, such as 16UC1 and 32FC1, are what drivers give to depth, disparity and
    confidence; light has names of its own. 8 bits are the exception.
    """
    if encoding.startswith(_COLOR) or encoding in ("8UC3", "8UC4"):
        return "color"
    if encoding in ("mono8", "mono16", "8UC1"):
        return "mono"
    return "depth" if re.fullmatch(r"\d+[USF]C\d+", encoding) else "unknown"


def doubt(topic: str, encoding: str) -> str:
    """Why images of this encoding on `topic` are hardly those of a camera, in one sentence; empty if they may be."""
    if kind_of(encoding) != "depth":
        return ""
    return f"{topic} holds {encoding}, which is depth or another measure, not a camera's image: take the camera's topic"


def stated_encoding(message: Any) -> str:
    """The encoding of an `Image`; of a `CompressedImage` that which its format tells, if it does (`rgb8; jpeg ...`)."""
    if hasattr(message, "encoding"):
        return str(message.encoding)
    if "compressedDepth" in message.format:
        return "16UC1"
    encoding, separator, _ = message.format.partition(";")
    return encoding.strip() if separator else ""


def encoding_of(message: Any) -> str:
    """As `stated_encoding`; where nothing is told, by what the data decode to, and empty if they do not."""
    if told := stated_encoding(message):
        return told
    try:
        pixels = array_from_compressed(message)
    except DataError:
        return ""
    if pixels.ndim == 2:
        return "mono8" if pixels.itemsize == 1 else "16UC1"
    return "bgra8" if pixels.shape[2] == 4 else "bgr8"


@dataclass(frozen=True)
class ImageTopic:
    """A topic with images. `stamp_ns` and `received_ns` are those of its first message."""

    name: str
    encoding: str
    count: int
    has_camera_info: bool = False
    stamp_ns: int = 0
    received_ns: int = 0

    def __str__(self) -> str:
        if not self.count:
            return f"{self.name} (no messages)"
        return f"{self.name} ({self.encoding or 'of unreadable data'}, {self.count} messages)"

    @property
    def is_camera(self) -> bool:
        """Whether it may be a camera's: it has messages, they show light, and they are neither truth nor results."""
        kind = kind_of(self.encoding)
        shows_light = kind != "depth" and not (kind == "mono" and _NO_LIGHT & set(words(self.name)))
        return self.count > 0 and shows_light and not is_made_here(self.name)


@dataclass(frozen=True)
class Chosen:
    """The camera's image topic, that of the right camera (empty without one), and in one line why these."""

    topic: str
    right: str = ""
    note: str = ""


def choose(images: Sequence[ImageTopic], stereo: bool = False) -> Chosen | None:
    """The (left) camera among `images`, or None: colour before grey, calibrated before not, original before made.

    With `stereo` one that has a right partner.
    """
    cameras = [each for each in images if each.is_camera]
    rights = {each.name: right_of(each.name, [other.name for other in cameras]) for each in cameras}
    allowed = [each for each in cameras if rights[each.name] or not stereo]
    if not allowed:
        return None
    best = min(allowed, key=lambda each: _rank(each, cameras, each.name in rights.values()))
    right = rights[best.name]
    others = [each for each in images if each.name not in (best.name, right) and not is_made_here(each.name)]
    beside = f"taking {best}; --topic (in the player: topic) takes another: {', '.join(map(str, others))}"
    return Chosen(best.name, right, beside if others else "")


def _rank(each: ImageTopic, cameras: Sequence[ImageTopic], is_right: bool) -> tuple[Any, ...]:
    """The smaller, the more likely it is the camera."""
    kind, base = kind_of(each.encoding), each.name.removesuffix(COMPRESSED)
    most = max(other.count for other in cameras if kind_of(other.encoding) == kind)
    *_, last = base.split("/")
    usual = ("image_rect", "image_rect_color", "image_raw", "image_color", "image")  # names of image_pipeline
    is_later = any(
        other.stamp_ns == each.stamp_ns and other.received_ns < each.received_ns
        for other in cameras
        if other.name.removesuffix(COMPRESSED) != base
    )  # as what is made of another image, which keeps its stamp
    return (
        is_right,
        _KINDS.index(kind),
        bool(_MADE & set(words(base))),
        not each.has_camera_info,
        2 * each.count < most,
        usual.index(last) if last in usual else len(usual),
        is_later,
        each.name,
    )


def right_of(left: str, names: Iterable[str]) -> str:
    """The one of `names` that is the right partner of `left` by its name; empty without one.

    Of several, the one whose name differs in fewest words and as far back as possible.
    """
    is_compressed = left.endswith(COMPRESSED)
    found = [(differing, name) for name in names if (differing := _sides_apart(left, name))]
    found.sort(key=lambda each: (len(each[0]), -each[0][-1], each[1].endswith(COMPRESSED) != is_compressed))
    return found[0][1] if found else ""


def _sides_apart(left: str, right: str) -> list[int]:
    """At which words `right` says right where `left` says left; empty if they differ otherwise."""
    lefts, rights = (words(each.removesuffix(COMPRESSED)) for each in (left, right))
    pairs = list(zip(lefts, rights, strict=False))
    differing = [index for index, (one, other) in enumerate(pairs) if one != other]
    is_partner = len(lefts) == len(rights) and all(pairs[index] in _SIDES for index in differing)
    return differing if is_partner else []
