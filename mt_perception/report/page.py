# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From templates and plain values to one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mt_perception.errors import Error

NOTHING = "\u2013"
_PACKAGES = ("jinja2", "matplotlib")


class ReportError(Error, ValueError):
    """Why there can be no report."""

    page = "recordings"


def require_report() -> None:
    """Raise `ReportError` with the command that installs what reports need, when that is missing."""
    if missing := [each for each in _PACKAGES if not find_spec(each)]:
        raise ReportError(
            f"an HTML report needs the Python packages {' and '.join(missing)}, which are not installed: "
            "pip install 'mt_perception[report]'"
        )


def render_page(template: Path, **values: Any) -> str:
    """`template`, which builds on `layout.html.j2` and `parts.html.j2` of this folder, filled with `values`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from mt_perception.report import images

    environment = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,  # names come from files that anybody may have named
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "number": number, "count": count, "over": over_text}
    environment.globals |= {
        "depth_scale": images.depth_scale(),
        "error_scale": images.error_scale(),
        "depth_range_m": images.DEPTH_RANGE_M,
        "worst_ratio": images.WORST_RATIO,
    }
    return environment.get_template(template.name).render(**values)


def percent(value: float | None, digits: int = 1) -> str:
    """0.25 -> `25.0 %`."""
    return NOTHING if _missing(value) else f"{100 * value:.{digits}f}\u00a0%"  # type: ignore[operator]


def number(value: float | None, digits: int = 3) -> str:
    """With so many decimals."""
    return NOTHING if _missing(value) else f"{value:.{digits}f}"


def count(value: int) -> str:
    """With a thin space between thousands."""
    return f"{value:,}".replace(",", "\u202f")


def _missing(value: float | None) -> bool:
    return value is None or value != value


def over_text(over: Mapping[str, Any]) -> str:
    """What a mean IoU is the mean over, of `SegmentationScores.over`, in a few words."""
    count, listed = len(over["classes"]), f"the {over['list_length']} classes of {over['list']}"
    text = f"over {listed if count == over['list_length'] else f'{count} of {listed}'}, {over['pixels']:,} pixels"
    return f"{text}; not in the truth: {', '.join(over['absent'])}" if over["absent"] else text
