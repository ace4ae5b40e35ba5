# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What was found out about a machine, for people who ask why something does not run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """A line of `mt-perception doctor` on one `part` of the machine.

    state: `missing` is what the node does not run without, `note` what someone may want to know or change. remedy: the
    command, or what else there is to do.
    """

    part: str
    state: Literal["ok", "note", "missing"]
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.state:8} {self.part:14} {self.text}" + (f"\n{'':24}-> {self.remedy}" if self.remedy else "")
