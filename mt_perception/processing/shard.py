# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One segment of a recording through the `Perceiver` that the node uses: a shard of the result."""

from __future__ import annotations

import heapq
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from mt_perception.backends import chosen
from mt_perception.bags.bag import Bag, Recorded
from mt_perception.bags.partial import readable
from mt_perception.bags.topics import Layout
from mt_perception.bags.writer import new_recording
from mt_perception.messages.compressed import Sufficient
from mt_perception.model.bundle import load_bundle
from mt_perception.pipeline import Perceiver
from mt_perception.prediction import Prediction
from mt_perception.processing.cameras import Cameras, CameraTopics
from mt_perception.processing.ground import OnGround
from mt_perception.processing.outputs import ResultMessages, processed
from mt_perception.processing.prefetch import ordered_map, prefetch
from mt_perception.processing.segments import Segment
from mt_perception.processing.stats import ProcessingStats
from mt_perception.processing.stereo import PairedPerceiver, perceive_pairs
from mt_perception.scale.estimate import WARM_UP_S
from mt_perception.settings import Settings, SettingsError
from mt_perception.types import DataError, Frame
from mt_perception.utils.parallel import opencv_threads
from mt_perception.utils.resources import model_folder

_MAX_WORKERS = 8  # what is left to one thread, writing above all, keeps up with no more


@dataclass(frozen=True)
class Processing:
    """What is to be done with a recording; it travels to every worker.

    `topics`: the images of each camera, one that is found by itself when empty. `right_topic`: those beside them in
    stereo mode, which takes one camera; found, too. `disparity`: write what was matched, then. `keep`: copy the
    recording's own messages. `namespace`: the begin of the names of all results.
    """

    settings: Settings = field(default_factory=Settings)
    topics: tuple[str, ...] = ()
    right_topic: str = ""
    disparity: bool = False
    keep: bool = True
    storage: str = "mcap"
    namespace: str = ""

    def __post_init__(self) -> None:
        if self.settings.stereo and len(self.topics) > 1:
            told = ", ".join(self.topics)
            raise SettingsError(f"--stereo takes one pair, and --topic names {told}; process several pairs one by one")

    @property
    def model(self) -> str:
        """The folder of the model."""
        return str(model_folder(self.settings.model))

    def namespace_of(self, camera: CameraTopics) -> str:
        """The begin of the names of a camera's results."""
        return self.namespace + camera.namespace

    def messages(self, camera: CameraTopics) -> ResultMessages:
        """What makes messages of a camera's results."""
        return ResultMessages(self.settings, self.namespace_of(camera))


@dataclass(frozen=True)
class Task:
    """One segment of a recording that becomes a shard of `out`. `is_first`: it tells the names of the classes."""

    out: Path
    cameras: tuple[CameraTopics, ...]
    segment: Segment
    is_first: bool


@dataclass(frozen=True)
class Taken:
    """An image on its way: of which camera, and when it was received."""

    camera: CameraTopics
    received_ns: int
    frame: Frame


Made = Iterator[list[Recorded]]
"""The results of each image, serialized."""


def process_segment(processing: Processing, cores: int, task: Task) -> ProcessingStats:
    """Write the results of one segment to its shard, and what is kept of the recording among them, in order of time."""
    stats, segment = ProcessingStats(), task.segment
    shutil.rmtree(segment.shard, ignore_errors=True)  # of an attempt that died between its last step and its answer
    work = _pairs if processing.settings.stereo else _grounded if processing.settings.scales_by_ground else _images
    with (
        new_recording(segment.shard, processing.storage) as writer,
        Bag(segment.source) as bag,
        Bag(segment.source) as kept,
    ):
        writer.adopt(bag)
        if task.is_first:
            for camera in task.cameras:
                names = processing.messages(camera).names(segment.start_ns, load_bundle(processing.model).card.labels)
                writer.write(names.topic, names.type_name, names.received_ns, names.data, latched=True)
        # results carry the time of their image, so that the two streams only have to be merged
        made = _counted(work(processing, cores, task, bag, stats), stats)
        for each in heapq.merge(_kept(processing, task, kept), made, key=lambda each: each.received_ns):
            writer.write(each.topic, each.type_name, each.received_ns, each.data)
    return stats


def _kept(processing: Processing, task: Task, bag: Bag) -> Iterator[Recorded]:
    """What `bag` itself holds, without the results of an earlier run, of these cameras or of one alone."""
    spaces = {processing.namespace, *map(processing.namespace_of, task.cameras)}
    made = {f"{space}/{output.name}" for space in spaces for output in processed()}
    topics = [topic for topic in bag.counts if topic not in made] if processing.keep else []
    return readable(bag, bag.messages(topics, task.segment.start_ns, task.segment.stop_ns), [])


def _counted(made: Made, stats: ProcessingStats) -> Iterator[Recorded]:
    for messages in made:
        stats.images += 1
        yield from messages


def _images(processing: Processing, cores: int, task: Task, bag: Bag, stats: ProcessingStats) -> Made:
    """As many images at a time as there are inference workers."""

    def perceive(perceiver: Perceiver, taken: Taken) -> list[Recorded]:
        prediction = perceiver(taken.frame, keep=False)  # serialized before its memory is used again
        return processing.messages(taken.camera)(taken.received_ns, prediction)

    perceivers = inference_workers(processing.settings, cores)
    frames = _frames(task, bag, stats, processing.settings.bit_depth, perceivers[0].sufficient_size)
    with opencv_threads(1):
        yield from ordered_map(prefetch(frames), [partial(perceive, each) for each in perceivers])


def _grounded(processing: Processing, cores: int, task: Task, bag: Bag, stats: ProcessingStats) -> Made:
    """As many images at a time, then one after the other, as each changes the scale of its camera's next.

    That of a segment begins `WARM_UP_S` before it, so that each can be made by itself.
    """

    def perceive(perceiver: Perceiver, taken: Taken) -> tuple[Taken, Prediction]:
        return taken, perceiver(taken.frame)

    settings, perceivers = processing.settings, inference_workers(processing.settings, cores)
    labels = perceivers[0].bundle.card.labels
    correct = {each: OnGround(labels, settings, stats, each.about) for each in task.cameras}
    with opencv_threads(1):
        frames = _frames(task, bag, stats, settings.bit_depth, perceivers[0].sufficient_size, round(1e9 * WARM_UP_S))
        for taken, prediction in ordered_map(prefetch(frames), [partial(perceive, each) for each in perceivers]):
            if taken.received_ns < task.segment.start_ns:
                correct[taken.camera].warm_up(prediction)
            else:
                made = correct[taken.camera](prediction)
                yield processing.messages(taken.camera)(taken.received_ns, made)


def _frames(
    task: Task, bag: Bag, stats: ProcessingStats, bit_depth: int, sufficient: Sufficient, before_ns: int = 0
) -> Iterator[Taken]:
    """The decoded images of the segment, and of so long before it, as they were received.

    What is wrong with those before it is told in the segment that they belong to.
    """
    start_ns = task.segment.start_ns - before_ns
    of_topic = {topic: each for each in task.cameras for topic in each.images}
    cameras = Cameras(bag, of_topic, start_ns, bit_depth)
    messages = bag.messages({*of_topic, *cameras.topics}, start_ns, task.segment.stop_ns)
    for recorded in readable(bag, messages, stats.warnings):
        if cameras.heard(recorded):
            continue
        camera = of_topic[recorded.topic]
        try:
            frame = cameras.frame(recorded, sufficient)
        except DataError as error:
            if task.segment.holds(recorded):
                stats.skipped[f"{camera.about}{error}"] += 1
            continue
        stats.warn(cameras.problem and f"{camera.about}{cameras.problem}")
        yield Taken(camera, recorded.received_ns, frame)


def _pairs(processing: Processing, cores: int, task: Task, bag: Bag, stats: ProcessingStats) -> Made:
    """One pair after the other, as each changes the scale of the next; written beside the network."""
    settings = processing.settings
    (perceiver,), (camera,) = _perceivers(settings, cores, 1), task.cameras
    clock = Layout(by_reception=camera.by_reception).stamp_ns
    perceive = PairedPerceiver(perceiver, settings, processing.disparity, stats, clock)
    pairs = perceive_pairs(perceive, bag, camera.images, task.segment, settings.sync_slop_s, stats)
    messages = processing.messages(camera)
    return prefetch(
        messages(received_ns, prediction, found if processing.disparity else None)
        for received_ns, prediction, found in pairs
    )


def inference_workers(settings: Settings, cores: int) -> tuple[Perceiver, ...]:
    """The networks that work side by side: on a CPU, some with a core each do more than one with all of them."""
    return _perceivers(settings, cores, min(cores, _MAX_WORKERS) if chosen(settings) == "openvino" else 1)


@cache
def _perceivers(settings: Settings, cores: int, count: int) -> tuple[Perceiver, ...]:
    """So many that share the cores; the same ones for all segments that a process works on."""
    shared = settings.replace(threads=max(1, cores // count))
    return tuple(Perceiver.open(shared) for _ in range(count))
