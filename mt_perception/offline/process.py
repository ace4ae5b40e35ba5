"""Every picture of a recording through the `Perceiver` that the node uses; results beside it in a new recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mt_perception import geometry
from mt_perception.bags import Bag, BagError, BagWriter, Recorded, new_camera_info, new_header, new_image
from mt_perception.bundle import load_bundle
from mt_perception.messages import camera_from_info, frame_from_message, with_camera
from mt_perception.offline.ahead import ahead
from mt_perception.offline.segments import Segment, begin, claim, cut, join, readable
from mt_perception.pipeline import Perceiver
from mt_perception.pool import run
from mt_perception.resources import default_model
from mt_perception.settings import Settings
from mt_perception.sources import BagSource, camera_info_topic
from mt_perception.types import CameraModel, DataError, Frame, Prediction

SEGMENT_S = 20.0


@dataclass(frozen=True)
class Processing:
    """What is to be done with a recording; it travels to every worker.

    `topic`: the camera's picture, found by itself when empty. `keep`: copy the recording's own messages too.
    """

    settings: Settings = field(default_factory=Settings)
    topic: str = ""
    keep: bool = True
    storage: str = "mcap"
    namespace: str = ""


@dataclass
class Tally:
    """How many pictures came out, and why the others did not."""

    pictures: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add those of another segment."""
        self.pictures += other.pictures
        self.skipped += other.skipped
        self.losses += [each for each in other.losses if each not in self.losses]


def process_bag(source: Path, out: Path, processing: Processing, workers: int = 1, ray: str = "") -> Tally:
    """Write `out`: the recording `source` with the network's results. What was stopped goes on when called again.

    The same input gives the same messages, however the work is spread: over `workers` processes, or on the Ray cluster
    at address `ray`.
    """
    if out.exists():
        raise BagError(f"{out} exists already; a recording is never overwritten: give another folder or remove it")
    topic = BagSource(source, processing.topic).topic
    parts = out.with_name(f"{out.name}.parts")
    model = load_bundle(processing.settings.model or default_model()).model_hash
    claim(parts, {"source": str(source.resolve()), "topic": topic, **asdict(processing.settings), "model": model})
    segments = cut(source, parts, SEGMENT_S)
    waiting = [segment for segment in segments if not segment.is_done]
    total = Tally()
    function = partial(process_segment, processing, topic)
    with tqdm(total=len(segments), initial=len(segments) - len(waiting), unit="segment") as progress:
        for tally in run(function, waiting, workers, ray):
            total.add(tally)
            progress.update()
    join(source, segments, out, processing.storage, processing.keep)
    return total


def process_segment(processing: Processing, topic: str, segment: Segment) -> Tally:
    """Write the results of one segment to its part."""
    tally = Tally()
    perceiver = _perceiver(processing.settings)
    writer, unfinished = begin(segment, processing.storage)
    with writer, Bag(segment.source) as bag:
        frames = ahead(_frames(bag, topic, segment, tally))
        # results are written beside the network: its pictures do not wait for a disk
        for received_ns, prediction in ahead((received_ns, perceiver(frame)) for received_ns, frame in frames):
            _write(writer, prediction, received_ns, processing.namespace)
            tally.pictures += 1
    unfinished.rename(segment.part)
    return tally


def results(prediction: Prediction) -> Iterator[tuple[str, Any]]:
    """The messages of one picture with their topics, as the node publishes them."""
    frame = prediction.frame
    header = new_header(frame.stamp_ns, frame.frame_id)
    yield "segmentation/mask", new_image(prediction.mask, "mono8", header)
    yield "segmentation/confidence", new_image(prediction.confidence, "mono8", header)
    yield "depth/image", new_image(prediction.depth_m, "32FC1", header)
    if frame.camera:
        yield "depth/camera_info", new_camera_info(geometry.scale_camera(frame.camera, prediction.size), header)


def _write(writer: BagWriter, prediction: Prediction, received_ns: int, namespace: str) -> None:
    for topic, message in results(prediction):
        writer.write_message(f"{namespace}/{topic}", received_ns, message)


def _frames(bag: Bag, topic: str, segment: Segment, tally: Tally) -> Iterator[tuple[int, Frame]]:
    """The decoded pictures of the segment with their cameras, and when each was received."""
    camera = _camera_before(bag, topic, segment)
    info_topic = camera_info_topic(topic)
    arguments = ((topic, info_topic), segment.start_ns, segment.stop_ns)
    for recorded in readable(bag, bag.messages(*arguments), tally.losses):
        if recorded.topic == info_topic:
            camera = _camera(recorded)
            continue
        try:
            frame = frame_from_message(recorded.message())
            yield recorded.received_ns, with_camera(frame, camera) if camera else frame
        except DataError as error:
            tally.skipped[str(error)] += 1


def _camera_before(bag: Bag, topic: str, segment: Segment) -> CameraModel | None:
    """The camera as the last camera_info before the segment tells, or the first one at all."""
    info_topic = camera_info_topic(topic)
    begin_ns, reach_ns, back_ns = bag.span_ns[0], segment.start_ns, 10**9
    last = None
    while last is None and reach_ns > begin_ns:  # it is almost always within the last second
        reach_ns = segment.start_ns - back_ns
        for last in bag.messages((info_topic,), reach_ns, segment.start_ns):  # noqa: B007
            pass
        back_ns *= 10
    found = last or next(bag.messages((info_topic,)), None)
    return _camera(found) if found else None


def _camera(recorded: Recorded) -> CameraModel | None:
    try:
        return camera_from_info(recorded.message())
    except DataError:
        return None


_opened: dict[Settings, Perceiver] = {}


def _perceiver(settings: Settings) -> Perceiver:
    """One for all segments that a process works on."""
    if settings not in _opened:
        _opened[settings] = Perceiver.open(settings)
    return _opened[settings]
