"""Where pictures come from when there is no camera: a folder, a video, or a recording. Without ROS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from mt_perception.bags import Bag, BagError, Recorded
from mt_perception.instants import TRUTH, instants
from mt_perception.messages import camera_from_info
from mt_perception.types import CameraModel

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
VIDEOS = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg")


class SourceError(ValueError):
    """An input that does not exist or holds no pictures."""


@dataclass(frozen=True)
class Shot:
    """One instant of a source.

    `picture` is a (H, W, 3) uint8 BGR array, or the recorded message that holds it. `others` are the messages recorded
    for the same instant (camera_info, right picture, truth), by their topic in the recording.
    """

    picture: NDArray[np.uint8] | Recorded
    others: Mapping[str, Recorded] = field(default_factory=dict)


class Source(Protocol):
    """Yields shots, from the beginning each time it is iterated."""

    rate_hz: float
    compressed: bool

    def __len__(self) -> int:
        """The number of shots."""

    def __iter__(self) -> Iterator[Shot]: ...


def open_source(path: Path | str) -> Source:
    """The source at `path`, by what it is. Raises `SourceError` when there is nothing to show."""
    path = Path(path).expanduser()
    if not path.exists():
        raise SourceError(
            f"the input {path} does not exist; give a folder of pictures, a video or a recording (rosbag2)"
        )
    if path.suffix in (".mcap", ".db3") or (path / "metadata.yaml").is_file():
        return BagSource(path)
    if path.is_dir() or path.suffix.lower() in PICTURES:
        return FolderSource(path)
    if path.suffix.lower() in VIDEOS:
        return VideoSource(path)
    raise SourceError(f"the input {path} is of no known kind; videos end in {', '.join(VIDEOS)}")


def pictures_in(path: Path) -> list[Path]:
    """The picture files of a folder in the order of their names, or the one file itself. Raises `SourceError`."""
    if path.is_file():
        return [path]
    files = sorted(each for each in path.iterdir() if each.suffix.lower() in PICTURES)
    if not files:
        raise SourceError(f"the folder {path} holds no pictures ({', '.join(PICTURES)})")
    return files


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 BGR. Raises `SourceError`."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SourceError(f"{path} cannot be read as a picture")
    return picture  # type: ignore[return-value]


def read_camera(path: Path) -> CameraModel:
    """The camera of rectified pictures from the file that camera_calibration writes (YAML). Raises `SourceError`."""
    try:
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        matrices = {name: facts[f"{kind}_matrix"]["data"] for name, kind in (("k", "camera"), ("p", "projection"))}
        camera = camera_from_info(SimpleNamespace(width=facts["image_width"], height=facts["image_height"], **matrices))
    except OSError as error:
        raise SourceError(f"the calibration {path} cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise SourceError(
            f"{path} is no calibration; it must hold image_width, image_height, camera_matrix and projection_matrix, "
            "as camera_calibration writes them"
        ) from error
    if camera is None:
        raise SourceError(f"the calibration {path} has no focal length")
    return camera


class FolderSource:
    """The pictures of a folder, in the order of their names."""

    rate_hz = 10.0
    compressed = False

    def __init__(self, path: Path) -> None:
        self._files = pictures_in(path)

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Shot]:
        for file in self._files:
            yield Shot(read_picture(file))


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

    def __iter__(self) -> Iterator[Shot]:
        video = cv2.VideoCapture(str(self._path))
        try:
            while True:
                readable, picture = video.read()
                if not readable:
                    return
                yield Shot(picture)  # type: ignore[arg-type]
        finally:
            video.release()


class BagSource:
    """The pictures of one topic of a recording, each with the messages that carry the same stamp."""

    def __init__(self, path: Path, topic: str = "") -> None:
        self._path = path
        try:
            with Bag(path) as bag:
                self.topic = topic or _picture_topic(bag)
                if self.topic not in bag.counts:
                    raise SourceError(f"{path} has no topic {topic}; it has {', '.join(sorted(bag.counts))}")
                self._count = bag.counts[self.topic]
                self.rate_hz = self._count / bag.duration_s if bag.duration_s else 10.0
                self.compressed = bag.type_names[self.topic].endswith("CompressedImage")
        except BagError as error:
            raise SourceError(str(error)) from error

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Shot]:
        with Bag(self._path) as bag:
            for instant in instants(bag):
                others = {recorded.topic: recorded for recorded in instant.messages.values()}
                picture = others.pop(self.topic, None)
                if picture:
                    yield Shot(picture, others)


def _picture_topic(bag: Bag) -> str:
    """The left or only camera's picture: not the right one, not truth, not an output of this package."""
    kinds = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
    pictures = sorted(topic for topic, kind in bag.type_names.items() if kind in kinds)
    foreign = ("right", "segmentation/", "depth/", TRUTH)
    candidates = [topic for topic in pictures if not any(word in topic for word in foreign)]
    if not candidates:
        raise SourceError(f"the recording {bag.path} has no camera picture; its topics are {', '.join(bag.counts)}")
    return next((topic for topic in candidates if "left" in topic), candidates[0])


def right_picture_topic(path: Path, left: str) -> str:
    """The right camera's picture in the recording at `path`, by its name: that of `left` with right instead."""
    with Bag(path) as bag:
        raw = left.replace("left", "right").removesuffix("/compressed")
        found = [topic for topic in (raw, f"{raw}/compressed") if topic in bag.counts and topic != left]
        if not found:
            there = ", ".join(sorted(bag.counts))
            raise SourceError(f"{path} has no right picture {raw} beside {left}; its topics are {there}")
    return found[0]


def camera_info_topic(picture_topic: str) -> str:
    """Where a camera's `CameraInfo` is published, by the convention of image_transport: beside the picture."""
    base = picture_topic.removesuffix("/compressed")
    return base.rsplit("/", 1)[0] + "/camera_info" if "/" in base else "camera_info"
