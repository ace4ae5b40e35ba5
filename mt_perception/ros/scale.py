# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the diagnostics tell of the scale of depth, wherever it comes from."""

from __future__ import annotations

from mt_perception.ros.diagnostic_task import DiagnosticTask
from mt_perception.scale.estimate import Scale

_OLD_S = 5.0


def report_scale(task: DiagnosticTask, scale: Scale | None, requested: bool, cause: str, doubt: str) -> None:
    """Tell the scale, its spread between pixels and the share of pixels that agree on it, and warn if it is in doubt.

    requested: whether depth is corrected by it. cause: why the last images told nothing of it. doubt: what to look at
    when it is at its limit.
    """
    facts = dict.fromkeys(("scale", "scale_spread", "scale_inlier_share"), "unknown")
    if scale and scale.latest:
        numbers = scale.factor, scale.latest.spread, scale.latest.inlier_share
        facts = {name: f"{number:.3f}" for name, number in zip(facts, numbers, strict=True)}
    task.describe(**facts)
    warning = ""
    if requested:
        if scale is None or not scale.known:
            warning = f"the scale of depth is unknown: {cause}"
        elif scale.age_s > _OLD_S:
            warning = f"the scale of depth is old, of more than {_OLD_S:g} s ago: {cause}"
        elif scale.at_limit:
            warning = f"the scale of depth is at its limit: {doubt}"
    task.warn("scale", warning)
