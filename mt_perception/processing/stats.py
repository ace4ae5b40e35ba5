# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What became of the images of a recording."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class ProcessingStats:
    """How many images came out, why the others did not, and what the results lack."""

    images: int = 0
    notes: list[str] = field(default_factory=list)
    """What was chosen where it might have been something else."""
    skipped: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def add(self, other: ProcessingStats) -> None:
        """Add those of another segment."""
        self.images += other.images
        self.skipped += other.skipped
        for warning in other.warnings:
            self.warn(warning)

    def warn(self, warning: str) -> None:
        """Note something once; nothing if it is empty."""
        if warning and warning not in self.warnings:
            self.warnings.append(warning)

    def problems(self) -> list[str]:
        """In sentences, all but the number of images."""
        return [*self.notes, *self.warnings, *(f"{count} images skipped: {why}" for why, count in self.skipped.items())]
