# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where images come from when there is no camera: a folder, a video, or a recording. Without ROS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mt_perception.bags.bag import Bag, BagError, Recorded
from mt_perception.bags.by_stamp import frame_sets
from mt_perception.bags.files import is_recording
from mt_perception.bags.metadata import METADATA
from mt_perception.bags.topics import find_camera, is_compressed, layout_of
from mt_perception.errors import Error
from mt_perception.topics import IMAGE, RIGHT_IMAGE, camera_info_topic
from mt_perception.types import DataError
from mt_perception.utils.image_files import read_image

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
VIDEOS = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg")


class SourceError(Error, ValueError):
    """An input that does not exist or holds no images."""


@dataclass(frozen=True)
class SourceFrame:
    """One frame of a source.

    `image` is a (H, W, 3) uint8 BGR array, taken at `stamp_ns`, or the recorded message that holds it and its stamp.
    `others` are the messages recorded with the same stamp (camera_info, right image, truth), by their topic in the
    recording.
    """

    image: NDArray[np.uint8] | Recorded
    others: Mapping[str, Recorded] = field(default_factory=dict)
    stamp_ns: int = 0


class Source(Protocol):
    """Yields frames, from the beginning each time it is iterated."""

    rate_hz: float
    compressed: bool

    def __len__(self) -> int:
        """The number of frames."""

    def __iter__(self) -> Iterator[SourceFrame]: ...


def open_source(path: Path | str, topic: str = "", stereo: bool = False, right: str = "") -> Source:
    """The source at `path`, by what it is; of a recording `topic`, or else what is found, with `stereo` of a pair.

    `right` is the topic of the right camera then, found when empty.

    Raises `SourceError` when there is nothing to show.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise SourceError(f"the input {path} does not exist; give a folder of images, a video or a recording (rosbag2)")
    if is_read_as_recording(path):
        return BagSource(path, topic, stereo, right)
    if topic or right:
        raise SourceError(f"{path} is no recording, so it has no topic {topic or right}")
    if path.is_dir() or path.suffix.lower() in IMAGES:
        return FolderSource(path)
    if path.suffix.lower() in VIDEOS:
        return VideoSource(path)
    raise SourceError(f"the input {path} is of no known kind; videos end in {', '.join(VIDEOS)}")


def is_read_as_recording(path: Path) -> bool:
    """Whether `open_source` takes it for a recording; images beside a piece of one count for more."""
    return is_recording(path) and not (_has_images(path) and not (path / METADATA).is_file())


def _has_images(path: Path) -> bool:
    return path.is_dir() and any(each.suffix.lower() in IMAGES for each in path.iterdir())


def images_in(path: Path) -> list[Path]:
    """The image files of a folder in the order of their names, or the one file itself. Raises `SourceError`."""
    if path.suffix.lower() in VIDEOS and path.is_file():
        raise SourceError(f"{path} is a video, no image; mt-perception view and demo --input take it")
    if path.is_file():
        return [path]
    files = sorted(each for each in path.iterdir() if each.suffix.lower() in IMAGES)
    if not files:
        raise SourceError(f"the folder {path} holds no images ({', '.join(IMAGES)})")
    return files


class FolderSource:
    """The images of a folder, in the order of their names."""

    rate_hz = 10.0
    compressed = False

    def __init__(self, path: Path) -> None:
        self._files = images_in(path)

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[SourceFrame]:
        for index, file in enumerate(self._files):
            yield SourceFrame(read_image(file, "bgr"), stamp_ns=round(1e9 * index / self.rate_hz))


class VideoSource:
    """The frames of a video, at its own rate."""

    compressed = False

    def __init__(self, path: Path) -> None:
        self._path = path
        video = cv2.VideoCapture(str(path))
        self.rate_hz = video.get(cv2.CAP_PROP_FPS) or 25.0
        self._count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        readable = video.isOpened() and video.grab()
        video.release()
        if not readable:
            raise SourceError(f"{path} cannot be read as a video")

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[SourceFrame]:
        video = cv2.VideoCapture(str(self._path))
        try:
            for index in count():
                readable, image = video.read()
                if not readable:
                    return
                yield SourceFrame(image, stamp_ns=round(1e9 * index / self.rate_hz))  # type: ignore[arg-type]
        finally:
            video.release()


class BagSource:
    """The images of one topic of a recording, each with the messages that carry the same stamp.

    camera_infos are those that were newest when the image was recorded, whatever their stamps: as for the node.
    `layout` tells what its topics are for.
    """

    def __init__(self, path: Path, topic: str = "", stereo: bool = False, right: str = "") -> None:
        self._path = path
        try:
            with Bag(path) as bag:
                chosen = find_camera(bag, topic, right, stereo)
                self.topic, self.note = chosen.topic, chosen.note
                self.layout = layout_of(bag, chosen.topic, chosen.right)
                self._count = bag.counts[self.topic]
                self.rate_hz = self._count / bag.duration_s if bag.duration_s else 10.0
                self.compressed = is_compressed(bag, self.topic)
        except (BagError, DataError) as error:
            raise SourceError(str(error)) from error

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[SourceFrame]:
        """The frames, as far as the recording can be read. Raises `SourceError` where it ends too early."""
        read = 0
        try:
            for read, frame in enumerate(self._frames(), 1):  # noqa: B007
                yield frame
        except Exception as error:  # whatever a reader raises on damaged bytes
            raise SourceError(f"{self._path} is damaged ({type(error).__name__}: {error}){self._read(read)}") from error
        if read < self._count:
            raise SourceError(f"{self._path} ends too early{self._read(read)}")

    def _read(self, count: int) -> str:
        return f"; {count} of the {self._count} images that it announces on {self.topic} were read"

    def _frames(self) -> Iterator[SourceFrame]:
        cameras = filter(None, map(self.layout.topics.get, (IMAGE, RIGHT_IMAGE)))
        with Bag(self._path) as bag, Bag(self._path) as beside:
            infos = [NewestMessage(beside, camera_info_topic(each)) for each in cameras]
            for frame_set in frame_sets(bag, self.layout):
                others = {recorded.topic: recorded for recorded in frame_set.messages.values()}
                if image := others.pop(self.topic, None):
                    newest = [info for each in infos if (info := each.at(image.received_ns))]
                    yield SourceFrame(image, others | {info.topic: info for info in newest})


class NewestMessage:
    """The messages of a topic, one after the other as time goes on."""

    def __init__(self, bag: Bag, topic: str) -> None:
        self._waiting = bag.messages((topic,))
        self._newest = self._next = next(self._waiting, None)

    def at(self, received_ns: int) -> Recorded | None:
        """The last one recorded until then, or the first one at all; None where there is none."""
        while self._next and self._next.received_ns <= received_ns:
            self._newest, self._next = self._next, next(self._waiting, None)
        return self._newest
