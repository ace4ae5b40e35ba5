"""Recordings cut into stretches of time, so that work on them can be spread, stopped and resumed."""

from __future__ import annotations

import heapq
import json
import math
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mt_perception.bags import Bag, BagError, Recorded, new_recording

Item = TypeVar("Item")
_RECORD = "process.json"


@dataclass(frozen=True)
class Segment:
    """What was received from `start_ns` on and before `stop_ns`. What is made from it goes to the recording `part`."""

    source: Path
    part: Path
    start_ns: int
    stop_ns: int

    def holds(self, recorded: Recorded) -> bool:
        """Whether a message was received in it."""
        return self.start_ns <= recorded.received_ns < self.stop_ns

    @property
    def is_done(self) -> bool:
        """Whether `part` is complete: it gets its name last."""
        return self.part.is_dir()


def cut(source: Path, folder: Path, seconds: float) -> list[Segment]:
    """`source` in segments of about so many `seconds`, whose parts lie in `folder`."""
    with Bag(source) as bag:
        start_ns, stop_ns = bag.span_ns
    count = max(1, math.ceil((stop_ns - start_ns) / (seconds * 1e9)))
    edges = [start_ns + (stop_ns - start_ns) * index // count for index in range(count + 1)]
    return [Segment(source, folder / f"{index:05d}", edges[index], edges[index + 1]) for index in range(count)]


def claim(folder: Path, wanted: Mapping[str, Any]) -> None:
    """Make `folder` that of the work that `wanted` describes; refuses one with parts of other work."""
    record = folder / _RECORD
    if record.is_file():
        there = json.loads(record.read_text(encoding="utf-8"))
        for key, value in wanted.items():
            if there.get(key) != value:
                raise BagError(
                    f"{folder} holds parts made with {key} {there.get(key)!r}, now it is {value!r}; "
                    f"remove {folder}, or give another output"
                )
        return
    folder.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(dict(wanted), indent=1) + "\n", encoding="utf-8")


def join(
    source: Path, segments: list[Segment], out: Path, storage: str, keep: bool, latched: Mapping[str, Any]
) -> None:
    """The parts as one recording `out`, with the messages of `source` before them if `keep`; the parts are removed.

    Results carry the time of their picture, so that the two streams only have to be merged. What `source` has of the
    same topics, results of an earlier run, is left out. `latched` messages come first.
    """
    with Bag(source) as bag, new_recording(out, storage) as writer:
        writer.adopt(bag)
        for topic, message in latched.items():
            writer.write_message(topic, segments[0].start_ns, message, latched=True)
        made = {*latched, *_topics(segments)}
        kept = [topic for topic in bag.counts if topic not in made] if keep else []
        inputs = readable(bag, bag.messages(kept), [])
        for each in heapq.merge(inputs, _results(segments), key=lambda each: each.received_ns):
            writer.write(each.topic, each.type_name, each.received_ns, each.data)
    shutil.rmtree(segments[0].part.parent)


def readable(bag: Bag, items: Iterable[Item], losses: list[str]) -> Iterator[Item]:
    """What is read from a recording as far as that goes; why it goes no further is added to `losses`."""
    if bag.loss:
        losses.append(bag.loss)
    try:
        yield from items
    except Exception as error:  # whatever a reader raises on damaged bytes
        losses.append(f"{bag.path} is damaged and was read in part ({type(error).__name__}: {error})")


def _topics(segments: list[Segment]) -> set[str]:
    topics: set[str] = set()
    for segment in segments:
        with Bag(segment.part) as bag:
            topics |= bag.counts.keys()
    return topics


def _results(segments: list[Segment]) -> Iterator[Recorded]:
    for segment in segments:
        with Bag(segment.part) as bag:
            yield from bag.messages()
