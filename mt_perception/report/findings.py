# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the numbers of one data set say, in sentences: weak classes, what is taken for what, where depth errs."""

from __future__ import annotations

from typing import Any

WEAKEST = 3
MISTAKES = 4
LEAST_MISTAKE = 0.05
"""The share of a class that another must take before it is worth a word."""


def findings(results: dict[str, Any]) -> list[str]:
    """Sentences on the results of one data set (`Details.results`), the most important first."""
    sentences: list[str] = []
    if labels := results["labels"]:
        sentences += _on_labels(labels)
    if depth := results["depth"]:
        sentences += _on_depth(depth)
    return sentences


def mistakes(labels: dict[str, Any]) -> list[tuple[float, str, str]]:
    """(share of its pixels, true class, predicted class) of every confusion, the largest share first."""
    names = [row["name"] for row in labels["classes"]]
    found = []
    for truth, counts in enumerate(labels["confusion"]):
        total = sum(counts)
        found += [
            (count / total, names[truth], (*names, "no class")[guess])
            for guess, count in enumerate(counts)
            if guess != truth and count
        ]
    return sorted(found, key=lambda each: -each[0])


def _on_labels(labels: dict[str, Any]) -> list[str]:
    present = [row for row in labels["classes"] if row["pixels"]]
    weakest = sorted(present, key=lambda row: (row["iou"], -row["pixels"]))[:WEAKEST]
    sentences = []
    if weakest:
        sentences.append(
            "Weakest classes: " + ", ".join(f"{r['name']} ({100 * r['iou']:.1f}\u00a0% IoU)" for r in weakest)
        )
    if large := [each for each in mistakes(labels) if each[0] >= LEAST_MISTAKE][:MISTAKES]:
        taken = "; ".join(f"{100 * share:.0f}\u00a0% of {truth} taken for {guess}" for share, truth, guess in large)
        sentences.append(f"Largest mistakes: {taken}")
    if ghosts := [row["name"] for row in labels["classes"] if not row["pixels"] and row["iou"] == 0]:
        sentences.append(f"Predicted although never true here: {', '.join(ghosts)}")
    return sentences


def _on_depth(depth: dict[str, Any]) -> list[str]:
    sentences = []
    if bands := [row for row in depth["distances"] if row["abs_rel"] is not None]:
        worst = max(bands, key=lambda row: row["abs_rel"])
        best = min(bands, key=lambda row: row["abs_rel"])
        sentences.append(f"Depth by distance: worst {_band(worst)}, best {_band(best)}")
    if known := [row for row in depth["classes"] if row["abs_rel"] is not None]:
        worst_classes = sorted(known, key=lambda row: -row["abs_rel"])[:WEAKEST]
        listed = ", ".join(f"{row['name']} ({row['abs_rel']:.3f})" for row in worst_classes)
        sentences.append(f"Depth errs most on {listed}")
    return sentences


def _band(row: dict[str, Any]) -> str:
    return f"from {row['from_m']:g} to {row['to_m']:g} m (AbsRel {row['abs_rel']:.3f})"
