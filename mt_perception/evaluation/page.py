# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The report on recordings: what was evaluated, how good it is, where it fails, compared with what. One HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from mt_perception.evaluation.frame_selection import APART_NS, differing_frames, worst_frames
from mt_perception.evaluation.measures import MEASURES, difference, interval, shown, verdict
from mt_perception.evaluation.recording import Evaluation
from mt_perception.evaluation.report_frames import differing_share, report_frames, side_by_side
from mt_perception.evaluation.sentences import on_differences, on_quality, on_running
from mt_perception.report.charts import TRACK_COLORS, Track, timeline
from mt_perception.report.clouds import Scenes
from mt_perception.report.findings import findings
from mt_perception.report.images import css_color
from mt_perception.report.page import render_page
from mt_perception.report.tables import confusion_table, depth_results, label_results
from mt_perception.utils.json_safe import json_safe

_ROWS = {
    "miou": "mean IoU [%]",
    "abs_rel": "AbsRel of depth",
    "stereo_error": "stereo error of depth [%]",
    "label_flicker": "label flicker [%]",
    "latency_ms": "latency [ms]",
}
_RANKED = {
    "truth": "their own mean IoU less their own AbsRel",
    "stereo": "how badly their depth explains the right image",
    "flicker": "how many of their labels differ from those of the frame before",
}


def recordings_page(
    evaluations: Sequence[Evaluation],
    facts: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    truth: Path | None,
    worst: int,
) -> str:
    """The page on all of them, with the `worst` frames of each, and those in which they differ most from the first.

    `facts` are their `results()`, `rows` what `compare` says, `truth` the recording of the truth if it is another.
    """
    names = distinct_names([each.path for each in evaluations])
    recordings = [
        _recording(*each) for each in zip(evaluations, names, facts, map(_color, range(len(names))), strict=True)
    ]
    scenes = Scenes()
    others = [[row for row in rows if row["recording"] == str(other.path)] for other in evaluations[1:]]
    return render_page(
        Path(__file__).with_name("page.html.j2"),
        recordings=recordings,
        truth=truth,
        scores=_score_table(facts, others),
        classes=_class_table(recordings),
        distances=_distance_table(recordings),
        timeline=timeline(_tracks(evaluations, names), _ROWS),
        missing=any(each.gaps or each.unanswered_ns for each in evaluations),
        sentences=[s for o, name in zip(others, names[1:], strict=True) for s in on_differences(o, name, names[0])],
        time_blocks=[row["time_blocks"] for row in (each[0] for each in others if each)],
        worst=[list(report_frames(each, truth, worst_frames(each.frames, worst), scenes)) for each in evaluations],
        scenes=scenes,
        ranked=[_RANKED[each.frames.badness[0]] for each in evaluations],
        differing=[
            _differing(evaluations[0], other, truth, worst, (names[0], name))
            for other, name in zip(evaluations[1:], names[1:], strict=True)
        ],
        apart_s=APART_NS / 1e9,
        colors={label.name: css_color(label) for each in reversed(evaluations) for label in each.comparison.labels},
        measures={name: each for name, each in MEASURES.items() if each.meaning},
    )


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """As few of the last parts of each path as tell them apart; numbered where the paths are the same."""
    for parts in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["/".join(path.parts[-parts:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({number})" for number, name in enumerate(names, 1)]


def _color(index: int) -> str:
    return TRACK_COLORS[index % len(TRACK_COLORS)]


def _recording(found: Evaluation, name: str, facts: dict[str, Any], color: str) -> dict[str, Any]:
    scores, known = found.time_blocks.scores(), facts["scores"]
    labels = json_safe(label_results(scores.labels)) if "miou" in known else None
    depth = json_safe(depth_results(scores.depth, found.depth, labels is not None)) if "abs_rel" in known else None
    began = datetime.fromtimestamp(found.start_ns / 1e9, timezone.utc) if len(found.frames) else None
    return {
        "name": name,
        "color": color,
        "facts": facts,
        "began": f"{began:%Y-%m-%d %H:%M:%S} UTC" if began else "",
        "labels": labels,
        "depth": depth,
        "quality": on_quality(facts),
        "running": on_running(facts),
        "findings": findings({"labels": labels, "depth": depth}),
        "confusion": confusion_table(labels) if labels else None,
    }


def _score_table(facts: Sequence[dict[str, Any]], others: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """A row for each measure that any recording has: value and interval of each, and what it differs by."""
    table = []
    for name, measure in MEASURES.items():
        found = [each["scores"].get(name) for each in facts]
        if not any(found):
            continue
        compared = [next((row for row in rows if row["score"] == name), None) for rows in others]
        cells = [
            {
                "value": shown(name, score["value"]) if score else shown(name, None),
                "interval": interval(name, score["interval"]) if score else "",
                "difference": difference(row) if row else "",
                "verdict": verdict(row) if row else "",
            }
            for score, row in zip(found, [None, *compared], strict=True)
        ]
        table.append({"measure": measure, "cells": cells})
    return table


def _class_table(recordings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each class that is true anywhere: its share of the true pixels of the first that has it, all IoUs."""
    with_labels = [each["labels"] for each in recordings]
    by_name = [{row["name"]: row for row in each["classes"]} if each else {} for each in with_labels]
    table = []
    for name in dict.fromkeys(name for each in by_name for name in each):
        rows = [each.get(name) for each in by_name]
        true = [(row, each) for row, each in zip(rows, with_labels, strict=True) if row and row["pixels"]]
        if true:
            row, labels = true[0]
            share = row["pixels"] / sum(each["pixels"] for each in labels["classes"])
            ious = [each["iou"] if each and each["pixels"] else None for each in rows]
            table.append({"name": name, "share": share, "ious": ious})
    return table


def _distance_table(recordings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A row for each band of distance that has truth, with the errors of all; and the largest of them, for the bars."""
    bands = [each["depth"]["distances"] if each["depth"] else None for each in recordings]
    count = max((len(each) for each in bands if each), default=0)
    rows = [[each[index] if each else None for each in bands] for index in range(count)]
    rows = [row for row in rows if any(each and each["pixels"] for each in row)]
    known = [each["abs_rel"] for row in rows for each in row if each and each["abs_rel"]]
    return {"rows": rows, "longest_bar": max(known, default=0) or 1}


def _tracks(evaluations: Sequence[Evaluation], names: Sequence[str]) -> list[Track]:
    tracks = []
    start_ns = min(each.start_ns for each in evaluations)
    spans = [(each.start_ns, int(each.frames.stamps_ns.max(initial=0))) for each in evaluations]
    together = max(begin for begin, _ in spans) <= min(end for _, end in spans)
    for index, (each, name) in enumerate(zip(evaluations, names, strict=True)):
        zero_ns = start_ns if together else each.start_ns
        order = np.argsort(each.frames.stamps_ns, kind="stable")
        values = {row: each.frames[row][order] * (100 if "%" in title else 1) for row, title in _ROWS.items()}
        if not each.is_live:
            values["latency_ms"] = np.full(len(order), np.nan)
        seconds = (each.frames.stamps_ns[order] - zero_ns) / 1e9
        gaps = [((begin - zero_ns) / 1e9, (end - zero_ns) / 1e9) for begin, end in each.gaps]
        drops = [(stamp - zero_ns) / 1e9 for stamp in each.unanswered_ns]
        tracks.append(Track(name, _color(index), seconds, values, gaps, drops))
    return tracks


def _differing(
    first: Evaluation, other: Evaluation, truth: Path | None, most: int, names: tuple[str, str]
) -> list[dict[str, Any]]:
    """The frames in which two recordings of the same images differ most, side by side."""
    chosen = differing_frames(first.frames, other.frames, most)
    pairs = zip(*(report_frames(each, truth, which) for each, which in _split(first, other, chosen)), strict=True)
    return [
        {"a": a, "b": b, "share": differing_share(a.mask, b.mask), "rows": side_by_side(a, b, names)} for a, b in pairs
    ]


def _split(
    first: Evaluation, other: Evaluation, chosen: Sequence[tuple[int, int]]
) -> list[tuple[Evaluation, list[int]]]:
    return [(first, [a for a, _ in chosen]), (other, [b for _, b in chosen])]
