# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What `depth` is told to do, as one frozen value that travels to every worker and is stored beside the result."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mt_perception.datasets.sample import DatasetError

SOURCES = ("official", "sgbm", "teacher")
"""Where disparity comes from: the data set's own files, block matching, or a stereo network."""


class PreparationError(DatasetError):
    """An option that is not allowed, or files that cannot be prepared."""


@dataclass(frozen=True)
class Preparation:
    """All that decides what the prepared files hold. Changing any of it needs a new folder.

    teacher: the YAML file of the stereo network (`teacher.py`), for the source `teacher`.
    max_disparity_px: how far `sgbm` searches, in px of the source; a multiple of 16. Nearer things stay unknown.
    cut_top, cut_left, cut_bottom: shares of the image that are cut off; see `Window`.
    scale: size of the result over that of the cut image.
    smoothing_px: diameter of the median filter, in px of the source: 1 (none), 3 or 5.
    inpaint: give unknown pixels a disparity too, which then counts as measured. The published recipe does. It is off
        by default: on a KITTI pair a quarter of the filled pixels are wrong (D1), of the matched ones 1 %, and the
        losses leave out what is unknown anyway.
    sky: label `sky`, where there are labels, overrides disparity: sky has none, what is matched there is wrong.
    max_depth_m: what seems farther is unknown; a disparity of so few pixels is mostly noise.
    """

    source: str = "official"
    teacher: str = ""
    max_disparity_px: int = 128
    cut_top: float = 0.05
    cut_left: float = 0.0625
    cut_bottom: float = 0.2
    scale: float = 1.0
    smoothing_px: int = 5
    inpaint: bool = False
    sky: bool = True
    max_depth_m: float = 250.0

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise PreparationError(f"the source is {self.source!r}; allowed: {', '.join(SOURCES)}")
        if (self.source == "teacher") != bool(self.teacher):
            raise PreparationError("the source `teacher` and the YAML file of a teacher go together; give both or none")
        if self.max_disparity_px < 16 or self.max_disparity_px % 16:
            raise PreparationError(f"the largest disparity is {self.max_disparity_px} px; give a multiple of 16")
        for name in ("cut_top", "cut_left", "cut_bottom"):
            if not 0 <= getattr(self, name) < 0.5:
                raise PreparationError(f"{name} is {getattr(self, name)}; give a share of the image, 0 to below 0.5")
        if not 0 < self.scale <= 1:
            raise PreparationError(f"the scale is {self.scale}; give a factor above 0 and at most 1")
        if self.smoothing_px not in (1, 3, 5):
            raise PreparationError(f"smoothing is {self.smoothing_px} px; allowed: 1 (none), 3, 5")
        if not (math.isfinite(self.max_depth_m) and self.max_depth_m > 0):
            raise PreparationError(f"the largest depth is {self.max_depth_m} m; it must be positive and finite")
