# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a recording of the node shows: frames joined by their stamps, rates, latencies, scores, and an image of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mt_perception.bags.bag import Bag
from mt_perception.bags.by_stamp import FrameSet, frame_sets
from mt_perception.bags.topics import layout_of
from mt_perception.draw import render
from mt_perception.evaluation.recorded_labels import comparison_of
from mt_perception.evaluation.scores import Scores
from mt_perception.labels import LabelSet
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.metrics.scores import percentiles
from mt_perception.topics import DEPTH, MASK, TRUE_DEPTH, TRUE_LABELS
from mt_perception.utils.json_safe import json_safe


def summarize(recording: Path, model: LabelSet, true: LabelSet | None = None) -> dict[str, Any]:
    """Frames, rate, latency and stages of a recorded run, and its scores where the truth was recorded too.

    `model`: the classes of the model that ran; `true`: those of the true labels, where the recording does not tell.
    What cannot be told of so few frames is None.
    """
    latencies_ms: list[float] = []
    arrivals_s: list[float] = []
    frames_in = 0
    with Bag(recording) as bag:
        layout = layout_of(bag)
        comparison = comparison_of((bag, layout.topics), model=model, true_labels=true)
        scores = Scores(comparison)
        has_truth = bool({TRUE_LABELS, TRUE_DEPTH} & set(layout.topics))
        for frame_set in frame_sets(bag, layout):
            frames_in += frame_set.has_image
            if MASK not in frame_set.messages:
                continue
            received_ns = frame_set.messages[MASK].received_ns
            arrivals_s.append(received_ns / 1e9)
            latencies_ms.append((received_ns - frame_set.stamp_ns) / 1e6)
            if has_truth:
                scores.add(frame_set.labels_and_truth(), frame_set.depth_and_truth_m())
        stages = _last_diagnostics(bag)
    span_s = arrivals_s[-1] - arrivals_s[0] if len(arrivals_s) > 1 else float("nan")
    result: dict[str, Any] = {
        "frames_in": frames_in,
        "frames_out": len(arrivals_s),
        "fps": (len(arrivals_s) - 1) / span_s,
        "latency_ms": percentiles(latencies_ms),
        **stages,
    }
    if has_truth:
        result |= {**scores.labels.summary(), "over": scores.labels.over(), **scores.depth.summary()}
    return json_safe(result)


def _last_diagnostics(bag: Bag) -> dict[str, Any]:
    """Backend, model and the median milliseconds of each stage, as the node reported them last."""
    last: dict[str, str] = {}
    for recorded in bag.messages([t for t in bag.counts if t.endswith("diagnostics")]):
        last = {each.key: each.value for status in recorded.message().status for each in status.values}
    names = ("backend", "precision", "device", "model", "model_hash", "input_size", "frames_dropped")
    facts: dict[str, Any] = {name: last[name] for name in names if name in last}
    facts["stages"] = {k.removesuffix("_p50_ms"): float(v) for k, v in last.items() if k.endswith("_p50_ms")}
    return facts


def overview(
    recording: Path,
    model: LabelSet,
    true: LabelSet | None = None,
    frames: int = 4,
    depth_range_m: tuple[float, float] = (1.0, 80.0),
) -> render.Image:
    """A few evenly spaced frames, one a row: input, labels, depth, and the truth beside them where there is some."""
    with Bag(recording) as bag:
        layout = layout_of(bag)
        comparison = comparison_of((bag, layout.topics), model=model, true_labels=true)
        total = bag.counts.get(layout.topics.get(MASK, ""), 0)
        indices = set(np.linspace(0, max(0, total - 1), min(frames, max(1, total)), dtype=int).tolist())
        complete = (each for each in frame_sets(bag, layout) if MASK in each.messages)
        chosen = [_row(each, depth_range_m, comparison) for index, each in enumerate(complete) if index in indices]
    titles = ["input", "labels", "depth", "true labels", "true depth"][: max(map(len, chosen), default=3)]
    return render.tile(chosen, titles, footer=render.legend(comparison.predicted, columns=10))


def _row(frame_set: FrameSet, depth_range_m: tuple[float, float], comparison: Comparison) -> list[render.Image]:
    mask, depth_m = frame_set.array(MASK), frame_set.array(DEPTH)
    assert mask is not None
    image = frame_set.image(mask.shape)
    if image is None:
        image = np.zeros((*mask.shape, 3), np.uint8)
    empty = np.zeros_like(image)
    row = [image, render.overlay(image, mask, 0.6, comparison.predicted)]
    row.append(empty if depth_m is None else render.color_depth(depth_m, *depth_range_m))
    true_labels, true_depth_m = frame_set.array(TRUE_LABELS), frame_set.true_depth_m()
    if true_labels is not None and true_depth_m is not None:
        row += [render.color_mask(true_labels, comparison.true), render.color_depth(true_depth_m, *depth_range_m)]
    return row
