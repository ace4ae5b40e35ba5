# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception models`: the models that come with the package, side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

_MEASURES = {"miou": "mIoU", "abs_rel": "AbsRel", "skill": "depth skill"}
"""Scores of a card that are shown, by how their names end."""
_NO_MEASURE = "_prior_abs_rel"  # of the table that depth is compared with


def add_parser(commands: Any) -> None:
    """Add the subcommand `models` to `commands` (what `add_subparsers` returned)."""
    parser = commands.add_parser("models", help="list the models that come with the package, with their scores")
    parser.add_argument("--time", action="store_true", help="measure each of them on this machine, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Print a table with a column for each model, and write it as JSON, a row for each."""
    from mt_perception.bench.table import table
    from mt_perception.utils.json_safe import check_folder, write_json

    check_folder(options.json)
    rows = models(options.time)
    if options.json:
        write_json(options.json, rows)
    columns = {row["model"]: _words(row) for row in rows}
    titles = dict.fromkeys(title for words in columns.values() for title in words)
    print(table([{"": title} | {name: words.get(title) for name, words in columns.items()} for title in titles]))
    print("mt-perception info NAME tells more of each; --model NAME takes it in place of the first, the default")


def models(timed: bool = False) -> list[dict[str, Any]]:
    """What is known of each model of the package, the default first; with `timed` its milliseconds on this machine.

    Raises `BundleError` for one that is damaged.
    """
    from mt_perception.model.bundle import open_model
    from mt_perception.model.text import by_data_set
    from mt_perception.utils.resources import packaged_models

    rows = []
    for name in packaged_models():
        bundle = open_model(name)
        card = bundle.card
        facts: dict[str, Any] = {
            "model": name,
            "megabytes": round(sum(each.stat().st_size for each in bundle.folder.iterdir()) / 1e6, 1),
            "encoder": card.network.encoder,
            "input": f"{card.input.width}x{card.input.height}",
            "gmacs": card.gmacs,
        }
        scores = {key: value for key, value in card.scores.items() if not key.endswith(_NO_MEASURE)}
        measured = {measure: by_data_set(scores, measure) for measure in _MEASURES}
        rows.append(facts | measured | {"splits": dict(card.splits)})
    return [row | time for row, time in zip(rows, _times(rows), strict=True)] if timed else rows


def _times(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """From image to labels and depth, by what `auto` chooses here, at each model's own size; in turns."""
    from mt_perception.bench.interleaved import run_interleaved
    from mt_perception.bench.networks import ours
    from mt_perception.settings import Settings

    kept = ("backend", "precision", "p50_ms", "p95_ms")
    measured = run_interleaved([ours(Settings(model=row["model"])) for row in rows], rounds=5)
    return [{name: each[name] for name in kept} for each in measured]


def _words(row: dict[str, Any]) -> dict[str, str]:
    """A model's column: what stands beside each title."""
    words = {
        "on disk": f"{row['megabytes']} MB",
        "encoder": row["encoder"],
        "input": f"{row['input']} px",
        "GMACs": f"{row['gmacs']:.2f}",
    }
    if "p50_ms" in row:
        words["time here"] = f"{row['p50_ms']:.1f} ms ({row['backend']}, {row['precision']})"
    for end, title in _MEASURES.items():
        for data_set, value in row[end].items():
            shown = f"{value:+.2f}" if end == "skill" else f"{value:.3f}"
            words[f"{title}, {data_set}"] = f"{shown} ({row['splits'].get(data_set, 'split not told')})"
    return words
