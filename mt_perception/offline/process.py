"""Every picture of a recording through the `Perceiver` that the node uses; results beside it in a new recording."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from mt_perception.bags import Bag, new_header, new_label_info, new_recording, refuse_existing
from mt_perception.bundle import load_bundle
from mt_perception.instants import LABEL_INFO
from mt_perception.offline.ahead import ahead
from mt_perception.offline.cameras import Cameras
from mt_perception.offline.many import Failure, attempts
from mt_perception.offline.results import results
from mt_perception.offline.segments import Segment, claim, cut, join, readable
from mt_perception.offline.stereo import PairedPerceiver, perceive_pairs
from mt_perception.offline.tally import Tally
from mt_perception.pipeline import Perceiver
from mt_perception.resources import default_model
from mt_perception.settings import Settings
from mt_perception.sources import BagSource, right_picture_topic
from mt_perception.types import DataError, Frame

SEGMENT_S = 20.0


@dataclass(frozen=True)
class Processing:
    """What is to be done with a recording; it travels to every worker.

    `topic`, `right_topic`: the cameras' pictures, found by themselves when empty. `disparity`: write what was matched
    too, in stereo mode. `keep`: copy the recording's own messages.
    """

    settings: Settings = field(default_factory=Settings)
    topic: str = ""
    right_topic: str = ""
    disparity: bool = False
    keep: bool = True
    storage: str = "mcap"
    namespace: str = ""


@dataclass(frozen=True)
class Task:
    """One segment of a recording that becomes a part of `out`. `topics` are its pictures': one, or left and right."""

    out: Path
    topics: tuple[str, ...]
    segment: Segment


def process_bag(source: Path, out: Path, processing: Processing, workers: int = 1, ray: str = "") -> Tally:
    """Write `out`: the recording `source` with the network's results. What was stopped goes on when called again.

    The same input gives the same messages, however the work is spread: over `workers` processes, or on the Ray cluster
    at address `ray`.
    """
    (outcome,) = process_bags([(source, out)], processing, workers, ray).values()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def process_bags(
    works: Sequence[tuple[Path, Path]], processing: Processing, workers: int = 1, ray: str = ""
) -> dict[Path, Tally | Failure]:
    """`process_bag` for pairs of source and output. What became of each output; one failure stops no other."""
    outcomes: dict[Path, Tally | Failure] = {}
    plans: dict[Path, list[Task]] = {}
    for source, out in works:
        try:
            plans[out], outcomes[out] = _plan(source, out, processing), Tally()
        except (ValueError, RuntimeError, OSError) as error:
            outcomes[out] = error
    waiting = {out: [each for each in plan if not each.segment.is_done] for out, plan in plans.items()}
    total, left = (sum(map(len, each.values())) for each in (plans, waiting))
    items = [task for tasks in waiting.values() for task in tasks]
    with tqdm(total=total, initial=total - left, unit="segment") as progress:
        for out in [out for out, tasks in waiting.items() if not tasks]:  # it was stopped just before its end
            outcomes[out] = _finished(plans[out], processing, outcomes[out])
        for task, outcome in attempts(partial(process_segment, processing), items, workers, ray):
            progress.update()
            waiting[task.out].remove(task)
            outcomes[task.out] = _together(outcomes[task.out], outcome)
            if not waiting[task.out]:
                outcomes[task.out] = _finished(plans[task.out], processing, outcomes[task.out])
    return outcomes


def _plan(source: Path, out: Path, processing: Processing) -> list[Task]:
    """The work on one recording, and a folder for its parts."""
    refuse_existing(out)
    topics: tuple[str, ...] = (BagSource(source, processing.topic).topic,)
    if processing.settings.stereo:
        topics += (processing.right_topic or right_picture_topic(source, topics[0]),)
    parts = out.with_name(f"{out.name}.parts")
    model = load_bundle(processing.settings.model or default_model()).model_hash
    facts = {"source": str(source.resolve()), "topics": list(topics), "disparity": processing.disparity}
    claim(parts, facts | asdict(processing.settings) | {"model": model})
    return [Task(out, topics, segment) for segment in cut(source, parts, SEGMENT_S)]


def _together(so_far: Tally | Failure, more: Tally | Failure) -> Tally | Failure:
    """The sum, or the first failure."""
    if isinstance(so_far, Exception):
        return so_far
    if isinstance(more, Exception):
        return more
    so_far.add(more)
    return so_far


def _finished(plan: list[Task], processing: Processing, outcome: Tally | Failure) -> Tally | Failure:
    """Make one recording of the parts, unless some are missing."""
    if isinstance(outcome, Exception):
        return outcome
    segments, out = [task.segment for task in plan], plan[0].out
    classes = load_bundle(processing.settings.model or default_model()).card.classes
    names = new_label_info(classes, new_header(segments[0].start_ns, ""))
    latched = {f"{processing.namespace}/{LABEL_INFO}": names}
    try:
        join(segments[0].source, segments, out, processing.storage, processing.keep, latched)
    except (ValueError, RuntimeError, OSError) as error:
        return error
    return outcome


def process_segment(processing: Processing, task: Task) -> Tally:
    """Write the results of one segment to its part."""
    tally = Tally()
    part = task.segment.part
    shutil.rmtree(part, ignore_errors=True)  # of an attempt that died between its last step and its answer
    with new_recording(part, processing.storage) as writer, Bag(task.segment.source) as bag:
        work = _pairs if processing.settings.stereo else _pictures
        # results are written beside the network: its pictures do not wait for a disk
        for received_ns, messages in ahead(work(processing, task, bag, tally)):
            tally.pictures += 1
            for topic, message in messages:
                writer.write_message(f"{processing.namespace}/{topic}", received_ns, message)
    return tally


Made = Iterator[tuple[int, Iterator[tuple[str, Any]]]]
"""When each picture was received, and its results by topic."""


def _pictures(processing: Processing, task: Task, bag: Bag, tally: Tally) -> Made:
    perceiver = _perceiver(processing.settings)
    for received_ns, frame in ahead(_frames(task, bag, tally)):
        yield received_ns, results(perceiver(frame))


def _frames(task: Task, bag: Bag, tally: Tally) -> Iterator[tuple[int, Frame]]:
    """The decoded pictures of the segment with their cameras, and when each was received."""
    cameras = Cameras(bag, task.topics, task.segment.start_ns)
    messages = bag.messages({*task.topics, *cameras.topics}, task.segment.start_ns, task.segment.stop_ns)
    for recorded in readable(bag, messages, tally.losses):
        if cameras.heard(recorded):
            continue
        try:
            frame = cameras.frame(recorded)
        except DataError as error:
            tally.skipped[str(error)] += 1
            continue
        tally.lose(cameras.problem)
        yield recorded.received_ns, frame


def _pairs(processing: Processing, task: Task, bag: Bag, tally: Tally) -> Made:
    settings = processing.settings
    perceive = PairedPerceiver(_perceiver(settings), settings, processing.disparity, tally)
    made = perceive_pairs(perceive, bag, task.topics, task.segment, settings.sync_slop_s, tally)
    for received_ns, prediction, found in made:
        yield received_ns, results(prediction, found if processing.disparity else None)


_opened: dict[Settings, Perceiver] = {}


def _perceiver(settings: Settings) -> Perceiver:
    """One for all segments that a process works on."""
    if settings not in _opened:
        _opened[settings] = Perceiver.open(settings)
    return _opened[settings]
