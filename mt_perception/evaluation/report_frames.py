# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Single frames of evaluated recordings, read a second time to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mt_perception.bags.bag import Bag
from mt_perception.bags.by_stamp import FrameSet
from mt_perception.evaluation.recording import Evaluation
from mt_perception.evaluation.scores import Scores
from mt_perception.evaluation.truth import Truth, read_frame_set
from mt_perception.geometry import resize_nearest
from mt_perception.metrics.depth_scores import DepthBreakdown
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.report.clouds import Scenes, clouds
from mt_perception.report.frames import FrameScores, judge
from mt_perception.report.images import Panel, View, panels
from mt_perception.topics import DEPTH, MASK, TRUE_LABELS
from mt_perception.types import Camera, Mask


@dataclass(frozen=True)
class ReportFrame:
    """One frame as it is shown. `mask`: the predicted labels. `scene`: what `Scenes` made of it, if anything."""

    scores: FrameScores
    panels: tuple[Panel, ...]
    mask: Mask
    scene: str = ""


def report_frames(
    found: Evaluation, truth: Path | None, indices: Sequence[int], scenes: Scenes | None = None
) -> Iterator[ReportFrame]:
    """Those frames of the recording, in that order, with their images: from `truth` where it has none itself.

    They have a 3D view if `scenes` is given.
    """
    stamps, spans, start_ns = found.frames.stamps_ns, found.frames.spans_ns, found.start_ns
    with Bag(found.path) as bag, Truth(truth, found.cameras) as with_truth:
        for index in indices:
            stamp_ns, (first_ns, last_ns) = int(stamps[index]), spans[index].tolist()
            frame_set = with_truth(read_frame_set(bag, found.layout, stamp_ns, (first_ns, last_ns)), images=True)
            view = _view(frame_set, found.camera)
            frame = _report_frame(f"after {(stamp_ns - start_ns) / 1e9:.2f} s", frame_set, view, found.comparison)
            yield replace(frame, scene=scenes(clouds(view, found.comparison))) if scenes else frame


def differing_share(a: Mask, b: Mask) -> float:
    """Of the pixels, those that have another label in `b`, at the size of `a`."""
    return float(np.mean(a != resize_nearest(b, a.shape)))


def side_by_side(a: ReportFrame, b: ReportFrame, names: tuple[str, str]) -> list[list[Panel | None]]:
    """Rows of three: what both share, then the same panel of each; None where there is nothing."""
    shared = {panel.title: replace(panel, starts_row=False) for panel in a.panels}
    of_each = [{panel.title: panel for panel in frame.panels} for frame in (a, b)]
    order = (
        ("input", "predicted labels"),
        ("true labels", "wrong labels"),
        ("true depth", "predicted depth"),
        ("", "depth error"),
    )
    rows: list[list[Panel | None]] = []
    for common, own in order:
        pair = [
            Panel(f"{own}: {name}", found[own].address) if own in found else None
            for found, name in zip(of_each, names, strict=True)
        ]
        if any(pair):
            rows.append([shared.get(common), *pair])
    return rows


def _view(frame_set: FrameSet, camera: Camera | None) -> View:
    """`camera`: of the image, if the frame set has none."""
    return View(
        frame_set.image(),
        frame_set.array(MASK),
        frame_set.array(TRUE_LABELS),
        frame_set.array(DEPTH),
        frame_set.true_depth_m(),
        frame_set.camera() or camera,
    )


def _report_frame(name: str, frame_set: FrameSet, view: View, comparison: Comparison) -> ReportFrame:
    labels, depth_m = frame_set.labels_and_truth(), frame_set.depth_and_truth_m()
    scores, by_class = Scores(comparison), DepthBreakdown(comparison)
    scores.add(labels, depth_m)
    if depth_m:
        by_class.update(*depth_m, labels[1] if labels and labels[1].shape == depth_m[1].shape else None)
    assert view.labels is not None
    return ReportFrame(judge(name, scores.labels, scores.depth, by_class), panels(view, comparison), view.labels)
