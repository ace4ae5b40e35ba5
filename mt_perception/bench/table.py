"""Tables for a terminal and for Markdown alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> str:
    """A Markdown table of `columns` (all of the first row by default); a cell that a row lacks stays empty."""
    names = list(columns) or [name for name, value in rows[0].items() if not isinstance(value, Mapping)]
    cells = [[_text(row.get(name, "")) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    lines = [names, ["-" * width for width in widths], *cells]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def with_stages(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the p50 of each stage as a column of its own."""
    return {**row, **{f"{stage} p50": values["p50"] for stage, values in row.get("stages", {}).items()}}


def save_json(rows: Any, path: Path | None) -> None:
    """Write what was measured; nothing without a path."""
    if path:
        path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _text(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
