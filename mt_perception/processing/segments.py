# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings cut into stretches of time, so that work on them can be spread, stopped and resumed."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from mt_perception.bags.bag import Bag, BagError, Recorded
from mt_perception.bags.metadata import read_metadata, write_metadata
from mt_perception.utils.files import write_whole

Item = TypeVar("Item")
_MANIFEST = "process.json"
_FEW = 100
"""Messages a segment: with fewer on average, some of them may be empty."""


@dataclass(frozen=True)
class Segment:
    """What was received from `start_ns` on and before `stop_ns`. What is made from it goes to the recording `shard`."""

    source: Path
    shard: Path
    start_ns: int
    stop_ns: int

    def holds(self, recorded: Recorded) -> bool:
        """Whether a message was received in it."""
        return self.start_ns <= recorded.received_ns < self.stop_ns

    @property
    def is_done(self) -> bool:
        """Whether `shard` is complete: it gets its name last."""
        return self.shard.is_dir()


def cut(source: Path, folder: Path, name: str, seconds: float) -> list[Segment]:
    """`source` in segments of about so many `seconds`, whose shards are `folder/name_0` and so on; none is empty."""
    with Bag(source) as bag:
        start_ns, stop_ns = bag.span_ns
        span_ns = stop_ns - start_ns
        count = max(1, math.ceil(span_ns / (seconds * 1e9)))
        full: Iterable[int] = range(count)
        if count * _FEW > sum(bag.counts.values()):  # a clock that was set shows as decades without a message
            full = sorted({(each.received_ns - start_ns) * count // span_ns for each in bag.messages()}) or [0]
    edges = [*(start_ns + span_ns * index // count for index in full), stop_ns]
    return [Segment(source, folder / f"{name}_{index}", *edge) for index, edge in enumerate(pairwise(edges))]


def check_manifest(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the manifest of the work into `folder`, which is ours; refuse one whose manifest tells other `facts`."""
    facts = json.loads(json.dumps(dict(facts)))  # as they come back from the file: JSON knows no tuples
    manifest = folder / _MANIFEST
    if manifest.is_file():
        try:
            there = dict(json.loads(manifest.read_bytes()))
        except (ValueError, TypeError):  # cut off, or no manifest at all
            raise BagError(f"{manifest} cannot be read: remove {folder}, or give another output") from None
        differs = [key for key, value in facts.items() if there.get(key) != value]
        if changed := next((key for key in differs if key in there), next(iter(differs), "")):
            was = f"with {changed} {there[changed]!r}, now it is {facts[changed]!r}" if changed in there else ""
            made = was or f"by another version, which does not tell {changed}"
            raise BagError(f"{folder} holds shards made {made}; remove {folder}, or give another output")
        return
    write_whole(manifest, (json.dumps(facts, indent=1) + "\n").encode())


def join(segments: list[Segment], out: Path) -> None:
    """The shards as the files of one recording `out`, as `ros2 bag record` splits a long one; nothing is copied.

    Interrupted at any moment, it can be called again.
    """
    shards = segments[0].shard.parent
    joined = shards / "joined"
    joined.mkdir(exist_ok=True)
    write_metadata(joined, [_moved(segment.shard, joined) for segment in segments])
    joined.rename(out)
    shutil.rmtree(shards)


def _moved(shard: Path, folder: Path) -> dict[str, Any]:
    """Move the file of a recording, named as it is, to `folder` if it is not there; what its metadata say."""
    facts = read_metadata(shard)
    for name in facts["relative_file_paths"]:
        if not (folder / name).exists():
            (shard / name).rename(folder / name)
    return facts
