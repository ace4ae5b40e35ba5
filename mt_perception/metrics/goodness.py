# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""One number for how good labels and depth are together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def goodness(miou: ArrayLike, abs_rel: ArrayLike) -> NDArray[np.float64]:
    """The mean IoU less the relative error of depth, of each frame or data set; NaN where neither is known.

    By it frames are ranked, the worst first, and a training's best state is chosen.
    """
    gain, loss = np.asarray(miou, np.float64), np.asarray(abs_rel, np.float64)
    known = np.isfinite(gain), np.isfinite(loss)
    total = np.where(known[0], gain, 0) - np.where(known[1], loss, 0)
    return np.where(known[0] | known[1], total, np.nan)
