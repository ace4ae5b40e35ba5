# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception params`: every setting of the node, explained."""

from __future__ import annotations

import json

from mt_perception.settings import SETTINGS


def parameter_file() -> str:
    """A parameter file with every setting at its default, explained: the content of `config/perception.yaml`."""
    lines = [
        "# Every parameter of the perception node, with its default. Written by: mt-perception params",
        "/**:",
        "  ros__parameters:",
    ]
    for setting in SETTINGS.values():
        changes = "may change while running" if setting.live else "read when the node is configured"
        lines += [
            f"    # {setting.description}.",
            f"    # Allowed: {setting.allowed}; {changes}.",
            f"    {setting.name}: {json.dumps(setting.parameter)}",
        ]
    return "\n".join(lines) + "\n"
