# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What is known of NVIDIA's chips by their names: the compute capability, which decides what runs on them.

From NVIDIA's tables; nothing here was measured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OLDEST = 7.5
"""Compute capability from which on today's PyTorch, TensorRT and TensorRT for RTX run."""
RTX_ENGINES = (7.5, 8.0, 8.6, 8.9, 12.0, 12.1)
"""Those that TensorRT for RTX builds engines for."""


@dataclass(frozen=True)
class Chip:
    """A kind of chip. `shared`: it has the memory of the processor, not one of its own."""

    capability: float
    profile: str
    shared: bool = False

    @property
    def facts(self) -> str:
        """In words, for a log."""
        known = [f"compute capability {self.capability:.1f}", *["memory shared with the processor"] * self.shared]
        if self.capability < OLDEST:
            known.append(f"older than today's libraries run on, which is {OLDEST}")
        elif self.capability not in RTX_ENGINES:
            known.append("TensorRT for RTX has no engines for it, TensorRT has")
        return ", ".join(known)


_DESKTOP, _SERVER = "rtx_laptop", "datacenter_gpu"
_BOARDS = {
    "thor": Chip(11.0, "jetson_agx_thor", shared=True),
    "agx orin": Chip(8.7, "jetson_agx_orin", shared=True),
    "orin": Chip(8.7, "jetson_orin_nano", shared=True),
    "xavier|jetson.agx": Chip(7.2, "jetson_orin_nano", shared=True),
    "tx2": Chip(6.2, "jetson_orin_nano", shared=True),
    "nano": Chip(5.3, "jetson_orin_nano", shared=True),
}
_CARDS = {
    "gb10": Chip(12.1, _SERVER, shared=True),
    "gb?300": Chip(10.3, _SERVER),
    "g?b[12]00": Chip(10.0, _SERVER),
    "gh200|h[128]00|h20": Chip(9.0, _SERVER),
    "l(2|4|20|40)s?": Chip(8.9, _SERVER),
    "a(2|10|16|40)[a-z]?": Chip(8.6, _SERVER),
    "a(30|100|800)[a-z]?": Chip(8.0, _SERVER),
    "t4g?": Chip(7.5, _SERVER),
    "v100s?": Chip(7.0, _SERVER),
    "p(4|6|40)": Chip(6.1, _SERVER),
    "p100": Chip(6.0, _SERVER),
    "(rtx )?50[5-9]0( ti)?|rtx pro [0-9]+": Chip(12.0, _DESKTOP),
    "(rtx )?40[5-9]0( ti)?|ada": Chip(8.9, _DESKTOP),
    "(rtx )?30[5-9]0( ti)?|rtx a[0-9]+": Chip(8.6, _DESKTOP),
    "(rtx )?20[5-9]0( ti)?|gtx 16[0-9]0( ti)?|quadro rtx [0-9]+|t[0-9]{3,4}": Chip(7.5, _DESKTOP),
}
_ENOUGH_FOR_AGX_GB = 24.0


def board(model: str, memory_gb: float | None) -> Chip:
    """What a Jetson's model says, with its memory where that is known; an unknown one counts as the smallest.

    An Orin with the memory of an AGX is one, whatever the maker of its carrier board calls it.
    """
    for pattern, chip in _BOARDS.items():
        if re.search(pattern, model, re.IGNORECASE):
            is_agx = pattern == "orin" and memory_gb is not None and memory_gb > _ENOUGH_FOR_AGX_GB
            return _BOARDS["agx orin"] if is_agx else chip
    return Chip(8.7, "jetson_orin_nano", shared=True)


def card(name: str) -> Chip | None:
    """The chip in what the driver calls a GPU; None for one that the table does not know."""
    words = " ".join(re.sub("[-/]", " ", name.lower()).split())
    for pattern, chip in _CARDS.items():
        if re.search(rf"(?<!\S)({pattern})(?!\S)", words):
            return chip
    return None
