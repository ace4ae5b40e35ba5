# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""How good a recording of results is: against the truth where there is some, and in itself where there is none."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from mt_perception.bags.bag import Bag, BagError
from mt_perception.bags.batch import Failure, attempts
from mt_perception.bags.by_stamp import FrameSet, frame_sets
from mt_perception.bags.partial import readable
from mt_perception.bags.topics import Layout, has_images, layout_of
from mt_perception.evaluation.bootstrap import TimeBlocks, common_time_blocks, confidence, differences
from mt_perception.evaluation.measures import LABEL_MEASURES, MEASURES
from mt_perception.evaluation.pairs import Pairs
from mt_perception.evaluation.recorded_labels import comparison_of
from mt_perception.evaluation.row_table import RowTable
from mt_perception.evaluation.timeline import Timeline
from mt_perception.evaluation.truth import Truth
from mt_perception.evaluation.without_truth import flicker, stereo_error
from mt_perception.labels import CITYSCAPES, UNLABELLED, LabelSet
from mt_perception.metrics.depth_scores import DepthBreakdown
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.scores import percentiles
from mt_perception.model.card import BundleCard
from mt_perception.topics import DEPTH, MASK, TRUE_DEPTH, TRUE_LABELS
from mt_perception.types import Camera, Mask

_GAP = 1.5
"""Two results farther apart than this many usual intervals have a gap between them."""


@dataclass
class Evaluation:
    """What was found in one recording. `is_live`: results were recorded later than their images.

    `judged`: results that have truth. `strange_ids`: what stands in true labels and is no class. `row_table` says with
    what depth was compared, or why with nothing; empty without true depth. `cameras` are the topics that were asked
    for, `layout` what was found, and `camera` what the last camera_info told.
    """

    path: Path
    comparison: Comparison
    time_blocks: TimeBlocks = field(init=False)
    depth: DepthBreakdown = field(init=False)
    frames: Timeline = field(init=False)
    images: int = 0
    judged: int = 0
    unanswered_ns: array[int] = field(default_factory=lambda: array("q"))
    is_live: bool = False
    warnings: list[str] = field(default_factory=list)
    strange_ids: set[int] = field(default_factory=set)
    row_table: str = ""
    cameras: tuple[str, str] = ("", "")
    layout: Layout = field(default_factory=Layout)
    camera: Camera | None = None

    def __post_init__(self) -> None:
        self.time_blocks, self.depth = TimeBlocks(self.comparison), DepthBreakdown(self.comparison)
        self.frames = Timeline(self.comparison.predicted)

    @property
    def start_ns(self) -> int:
        """The first stamp that has a result."""
        return int(self.frames.stamps_ns.min(initial=2**63 - 1))

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Between which stamps results are missing."""
        stamps = np.sort(self.frames.stamps_ns)
        steps = np.diff(stamps)
        wide = np.flatnonzero(steps > _GAP * np.median(steps)) if steps.size else ()
        return [(int(stamps[index]), int(stamps[index + 1])) for index in wide]

    def results(self) -> dict[str, Any]:
        """Every number, by name; scores as far as they are known, with a 95 % interval if there are blocks enough."""
        stamps = np.sort(self.frames.stamps_ns)
        seconds = np.diff(stamps) / 1e9
        usual_s = float(np.median(seconds)) if seconds.size else 0.0
        scores, limits = self.time_blocks.scores(), confidence(self.time_blocks)
        values = scores.summary()
        return {
            "recording": str(self.path),
            "images": self.images,
            "results": len(stamps),
            "dropped": max(0, self.images - len(stamps)),
            "seconds": float(stamps[-1] - stamps[0]) / 1e9 if len(stamps) else 0.0,
            "fps": 1 / usual_s if usual_s else None,
            "gaps": len(self.gaps),
            "longest_gap_s": float(seconds.max()) if seconds.size else 0.0,
            "latency_ms": percentiles(self.frames["latency_ms"].tolist()) if self.is_live else {},
            "warnings": self.warnings,
            "time_blocks": len(self.time_blocks.table()),
            "over": scores.labels.over() if isfinite(values["miou"]) else None,
            "row_table": self.row_table,
            "scores": {n: {"value": values[n], "interval": limits.get(n)} for n in MEASURES if isfinite(values[n])},
        }


def evaluate_bag(
    path: Path,
    truth: Path | None = None,
    card: BundleCard | None = None,
    cameras: tuple[str, str] = ("", ""),
    true_labels: LabelSet | None = None,
) -> Evaluation:
    """Read a recording. Its truth is its own, or that of another recording, matched by stamp.

    `card` is that of the model that made the results; without a row table in it the truth is read once before.
    `cameras`: the topics of (left and) right images, in the recording or in that of the truth; found when empty.
    `true_labels`: the classes of the true labels, where the recording does not tell them; see `comparison_of`.
    """
    row_table, pairs = RowTable(card), Pairs()
    before: FrameSet | None = None
    with Bag(path) as bag, Truth(truth, cameras) as with_truth:
        layout = _layout(bag, with_truth, cameras)
        if MASK not in layout.topics:
            raise BagError(f"{path} holds no {MASK}; make results with: mt-perception bag process {path} OUT")
        model = card.labels if card else CITYSCAPES
        comparison = comparison_of((bag, layout.topics), with_truth.recording, model, true_labels)
        found = Evaluation(path, comparison, cameras=cameras, layout=layout)
        found.warnings += layout.notes
        topics = {*layout.topics}
        has_truth = bool(truth) or TRUE_LABELS in topics or topics >= {TRUE_DEPTH, DEPTH}
        if (truth or TRUE_DEPTH in topics) and row_table.needs_fit:
            before_all = tqdm(readable(bag, frame_sets(bag, layout), []), desc="row table", unit="frame", leave=False)
            row_table.fit(with_truth(each) for each in before_all)
        read = readable(bag, frame_sets(bag, layout), found.warnings)
        for frame_set in tqdm(read, desc=path.name, unit="frame", leave=False):
            found.images += frame_set.has_image
            found.camera = frame_set.camera() or found.camera
            pair = pairs(frame_set)
            if MASK in frame_set.messages:
                means = flicker(before, frame_set) | stereo_error(pair, frame_set)
                _add(found, frame_set, with_truth(frame_set), means, row_table)
                before = frame_set
            elif frame_set.has_image:
                found.unanswered_ns.append(frame_set.stamp_ns)
    _refuse_nothing(found, truth, has_truth)
    if found.strange_ids:
        ids, name = ", ".join(map(str, sorted(found.strange_ids))), found.comparison.true.name
        found.warnings.append(
            f"true labels hold {ids}, which is no class of {name} and not scored; --truth-labels tells other classes"
        )
    scores = found.time_blocks.total()
    found.row_table = row_table.description(isfinite(scores["skill"])) if isfinite(scores["abs_rel"]) else ""
    return found


def _layout(bag: Bag, with_truth: Truth, cameras: tuple[str, str]) -> Layout:
    """Images that the truth's recording alone has are read from there."""
    topic, right = ("" if with_truth.has(each) and not has_images(bag, each) else each for each in cameras)
    return layout_of(bag, topic, right)


def _ids_of_no_class(true: Mask, labels: LabelSet) -> set[int]:
    """What stands in a mask, and is neither a class nor said to be none."""
    ids = np.flatnonzero(np.bincount(true.ravel(), minlength=256)).tolist()
    return {*ids} - {*labels.train_ids, labels.ignore, UNLABELLED}


def _refuse_nothing(found: Evaluation, truth: Path | None, has_truth: bool) -> None:
    """Raises `BagError` where no result was read, or none has the truth that there is."""
    if not len(found.frames):
        raise BagError(
            f"no {MASK} of {found.path} could be read: {'; '.join(found.warnings) or 'they have no messages'}"
        )
    if has_truth and not found.judged:
        raise BagError(
            f"{truth or found.path} tells the truth of none of the {len(found.frames)} results in {found.path}: "
            "no stamps are equal"
        )


def bag_results(evaluations: list[Evaluation], has_first: bool = True) -> dict[str, Any]:
    """Every number about recordings, all compared with the first, unless that is missing."""
    differences = compare(evaluations) if evaluations and has_first else []
    return {"recordings": [each.results() for each in evaluations], "differences": differences}


def compare(evaluations: list[Evaluation]) -> list[dict[str, Any]]:
    """The differences of every recording to the first, score by score, over the time that both cover.

    Labels are left out where they are told apart in other classes.
    """
    first, *others = evaluations
    rows = []
    for other in others:
        found = differences(first.time_blocks, other.time_blocks)
        same_classes = first.comparison.labels == other.comparison.labels
        about = {
            "recording": str(other.path),
            "against": str(first.path),
            "time_blocks": len(common_time_blocks(first.time_blocks, other.time_blocks)),
        }
        rows += [
            {**about, "score": name, "difference": found[name][0], "interval": found[name][1]}
            for name, measure in MEASURES.items()
            if name in found and measure.better and (same_classes or name not in LABEL_MEASURES)
        ]
    return rows


def _add(
    found: Evaluation, frame_set: FrameSet, judged: FrameSet, means: dict[str, float], row_table: RowTable
) -> None:
    """`judged` is the frame set with its truth, which may be of another recording."""
    received_ns = [each.received_ns for each in frame_set.messages.values()]
    answered_ns = frame_set.messages[MASK].received_ns
    found.is_live |= answered_ns > (frame_set.image_received_ns or frame_set.stamp_ns)
    labels, depth_m = judged.labels_and_truth(), judged.depth_and_truth_m()
    found.judged += bool(labels or depth_m)
    found.strange_ids |= _ids_of_no_class(labels[1], found.comparison.true) if labels else set()
    prior_m = row_table(frame_set, depth_m[1].shape) if depth_m else None
    scores = found.time_blocks.add(frame_set.stamp_ns, labels, depth_m, means, prior_m).summary()
    if depth_m:
        found.depth.update(*depth_m, labels[1] if labels and labels[1].shape == depth_m[1].shape else None)
    mask = frame_set.array(MASK)
    assert mask is not None
    numbers = scores | means | {"latency_ms": (answered_ns - frame_set.stamp_ns) / 1e6}
    found.frames.add(frame_set.stamp_ns, (min(received_ns), max(received_ns)), mask, numbers)


def evaluate_bags(
    paths: Sequence[Path],
    truth: Path | None,
    workers: int = 1,
    ray: str = "",
    card: BundleCard | None = None,
    cameras: tuple[str, str] = ("", ""),
    true_labels: LabelSet | None = None,
) -> dict[Path, Evaluation | Failure]:
    """`evaluate_bag` of each, in the order of `paths`."""
    evaluate = partial(evaluate_bag, truth=truth, card=card, cameras=cameras, true_labels=true_labels)
    found = dict(attempts(evaluate, paths, workers, ray))
    return {path: found[path] for path in paths}
