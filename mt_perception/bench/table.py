# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Tables for a terminal and for Markdown alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mt_perception.utils.json_safe import write_json


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> str:
    """A Markdown table of `columns` (all of the first row by default); what a row lacks stays empty."""
    names = list(columns) or [name for name, value in rows[0].items() if not isinstance(value, Mapping)]
    cells = [[_text(row.get(name, "")) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    lines = [names, ["-" * width for width in widths], *cells]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def show(rows: Sequence[Mapping[str, Any]], path: Path | None = None, columns: Sequence[str] = ()) -> None:
    """Print the table and write the rows to `path` as JSON. `stages` among the columns stands for the p50 of each."""
    if path:
        write_json(path, rows)
    stages = dict.fromkeys(f"{stage} p50" for row in rows for stage in row.get("stages", {}))
    names = [name for column in columns for name in (stages if column == "stages" else [column])]
    print(table([_with_stages(row) for row in rows], names))


def _with_stages(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the p50 of each stage as a column of its own."""
    return {**row, **{f"{stage} p50": values["p50"] for stage, values in row.get("stages", {}).items()}}


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
