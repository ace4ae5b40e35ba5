"""How good a recording of results is: against the truth where there is some, and in itself where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mt_perception.bags import Bag, BagError
from mt_perception.instants import DEPTH, MASK, TRUTH, Instant, instants
from mt_perception.messages import header_stamp_ns
from mt_perception.metrics import percentiles
from mt_perception.offline.blocks import Blocks, confidence, differences
from mt_perception.offline.segments import readable

_GAP = 1.5
"""Two results farther apart than this many usual intervals have a gap between them."""


@dataclass
class Evaluation:
    """What was found in one recording."""

    path: Path
    blocks: Blocks = field(default_factory=Blocks)
    pictures: int = 0
    stamps_ns: list[int] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    label_flicker: list[float] = field(default_factory=list)
    depth_flicker: list[float] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def results(self) -> dict[str, Any]:
        """Every number, by name; scores with their 95 % interval, where there was truth."""
        seconds = np.diff(sorted(self.stamps_ns)) / 1e9
        usual_s = float(np.median(seconds)) if seconds.size else 0.0
        facts: dict[str, Any] = {
            "recording": str(self.path),
            "pictures": self.pictures,
            "results": len(self.stamps_ns),
            "dropped": max(0, self.pictures - len(self.stamps_ns)),
            "fps": 1 / usual_s if usual_s else None,
            "gaps": int((seconds > _GAP * usual_s).sum()),
            "longest_gap_s": float(seconds.max()) if seconds.size else 0.0,
            "latency_ms": percentiles(self.latencies_ms),
            "label_flicker": _mean(self.label_flicker),
            "depth_flicker": _mean(self.depth_flicker),
            "losses": self.losses,
        }
        values = self.blocks.total()
        limits = confidence(self.blocks)
        facts["scores"] = {name: {"value": values[name], "interval": limits[name]} for name in limits}
        return facts


def evaluate_bag(path: Path, truth: Path | None = None) -> Evaluation:
    """Read a recording once. Its truth is its own, or that of another recording, matched by stamp."""
    found = Evaluation(path)
    before: Instant | None = None
    with Bag(path) as bag, _Truth(truth) as lookup:
        if not any(topic.endswith(MASK) for topic in bag.counts):
            raise BagError(f"{path} holds no {MASK}; make results with: mt-perception bag process {path} OUT")
        for instant in tqdm(readable(bag, instants(bag), found.losses), desc=path.name, unit="instant", leave=False):
            found.pictures += instant.has_picture
            if MASK not in instant.messages:
                continue
            _score(found, instant, lookup(instant))
            if before:
                _compare(found, before, instant)
            before = instant
    return found


def compare(evaluations: list[Evaluation]) -> list[dict[str, Any]]:
    """The differences of every recording to the first, score by score, over the time that both cover."""
    first, *others = evaluations
    rows = []
    for other in others:
        for name, (value, interval) in differences(first.blocks, other.blocks).items():
            row = {"recording": str(other.path), "against": str(first.path), "score": name}
            rows.append({**row, "difference": value, "interval": interval})
    return rows


class _Truth:
    """The instants of another recording by their stamps, read when they are asked for; its own without one."""

    def __init__(self, path: Path | None) -> None:
        self._bag = Bag(path) if path else None
        self._received: dict[int, int] = {}
        if self._bag:
            self._topics = [topic for topic in self._bag.counts if topic.lstrip("/").startswith(TRUTH)]
            if not self._topics:
                raise BagError(f"{path} holds no {TRUTH}... topics, so it tells no truth")
            for each in self._bag.messages(self._topics):
                self._received.setdefault(header_stamp_ns(each.data), each.received_ns)

    def __enter__(self) -> Callable[[Instant], Instant]:
        return self._find

    def __exit__(self, *_: object) -> None:
        if self._bag:
            self._bag.__exit__()

    def _find(self, instant: Instant) -> Instant:
        if not self._bag:
            return instant
        truth = Instant(instant.stamp_ns)
        start_ns = self._received.get(instant.stamp_ns)
        if start_ns is not None:
            for each in self._bag.messages(self._topics, start_ns):
                if header_stamp_ns(each.data) == instant.stamp_ns:
                    truth.messages[each.topic.lstrip("/")] = each
                if len(truth.messages) == len(self._topics) or each.received_ns > start_ns + 10**9:
                    break
        return truth


def _score(found: Evaluation, instant: Instant, truth: Instant) -> None:
    found.stamps_ns.append(instant.stamp_ns)
    found.latencies_ms.append((instant.messages[MASK].received_ns - instant.stamp_ns) / 1e6)
    labels, depth_m = instant.labels_and_truth(truth), instant.depth_and_truth_m(truth)
    if labels or depth_m:
        found.blocks.add(instant.stamp_ns, labels, depth_m)


def _compare(found: Evaluation, before: Instant, instant: Instant) -> None:
    """How much changes from one frame to the next: the share of labels, and the mean ratio of metres, as a logarithm.

    A part of it is motion, the same for every model on the same recording; the rest is flicker.
    """
    first, second = before.array(MASK), instant.array(MASK)
    if first is not None and second is not None and first.shape == second.shape:
        found.label_flicker.append(float(np.mean(first != second)))
    first_m, second_m = before.array(DEPTH), instant.array(DEPTH)
    if first_m is not None and second_m is not None and first_m.shape == second_m.shape:
        known = np.isfinite(first_m) & np.isfinite(second_m) & (first_m > 0) & (second_m > 0)
        if known.any():
            found.depth_flicker.append(float(np.abs(np.log(second_m[known] / first_m[known])).mean()))


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
