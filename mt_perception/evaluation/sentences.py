# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the numbers of recordings say, in sentences: how good each is, how it runs, and which is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mt_perception.evaluation.measures import MEASURES, difference, shown, verdict

_TOLD = ("miou", "abs_rel", "delta1", "label_flicker", "depth_flicker", "stereo_error")
"""The measures that sentences speak of; the tables have them all."""
_VERDICTS = ("better", "worse", "no difference that can be told", "equal", "too short to tell")


def on_quality(facts: Mapping[str, Any]) -> str:
    """How good the results are, of `Evaluation.results`."""
    scores = facts["scores"]
    said = []
    if "miou" in scores:
        correct = _value(scores, "pixel_accuracy")
        said.append(f"{correct} of the labels are right, with a mean IoU of {_value(scores, 'miou')}")
    if "abs_rel" in scores:
        off = f"{100 * scores['abs_rel']['value']:.0f} %"
        near = _value(scores, "delta1")
        said.append(f"depth is {off} off on average, and less than a quarter off on {near} of the pixels")
        said.append(_on_skill(scores) if "skill" in scores else facts["row_table"])
    if "stereo_error" in scores:
        error, least = _value(scores, "stereo_error"), _value(scores, "stereo_reference")
        said.append(f"its stereo error is {error}, where matching itself has {least} and chance would have 50 %")
    if not ("miou" in scores or "abs_rel" in scores):
        said.insert(0, "there is no truth, so nobody can say how right it is")
    if "label_flicker" in scores:
        said.append(f"{_value(scores, 'label_flicker')} of the labels change from one frame to the next")
    return _sentence(said)


def _on_skill(scores: Mapping[str, Any]) -> str:
    table = f"{100 * scores['prior_abs_rel']['value']:.0f} %"
    usual = f"a table that knows only the image row is {table} off, so the skill is {_value(scores, 'skill')}"
    if "standing_out" not in scores:
        return usual
    return f"{usual}, and what stands out of its row is {100 * scores['standing_out']['value']:.0f} % off"


def on_running(facts: Mapping[str, Any]) -> str:
    """What is missing and how late the results are."""
    missing = f"{facts['dropped']} of {facts['images']}" if facts["dropped"] else f"none of {facts['images']}"
    said = [f"{missing} images went without a result" if facts["images"] else "the images were not recorded"]
    if facts["gaps"]:
        said.append(f"gaps: {facts['gaps']}, the longest of {facts['longest_gap_s']:.2f} s")
    if late := facts["latency_ms"]:
        said.append(f"half of the results come within {late['p50']:.0f} ms, 99 % within {late['p99']:.0f} ms")
    return _sentence(said)


def on_differences(rows: Sequence[Mapping[str, Any]], other: str, first: str) -> list[str]:
    """Of the rows of `evaluate.compare` on one recording: in what it is better than the first, and in what worse."""
    by_verdict: dict[str, list[str]] = {}
    for row in rows:
        if row["score"] in _TOLD:
            title = MEASURES[row["score"]].title
            word = verdict(row)
            told = f"{title} {difference(row)}" if word in ("better", "worse") else title
            by_verdict.setdefault(word, []).append(told)
    texts = {
        "better": f"{other} is better than {first}: ",
        "worse": f"{other} is worse than {first}: ",
        "no difference that can be told": f"No difference can be told between {other} and {first}: ",
        "equal": f"{other} and {first} are equal: ",
        "too short to tell": f"{other} and {first} have too little time in common to tell which is better: ",
    }
    return [texts[word] + ", ".join(by_verdict[word]) for word in _VERDICTS if word in by_verdict]


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _value(scores: Mapping[str, Any], name: str) -> str:
    return shown(name, scores[name]["value"])
