# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Whether two series are in the same order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_RANKED = 100_000  # of more pixels than this, every n-th is ranked: sorting millions would take longer than all else


def rank_correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Spearman's correlation of two series of one length: Pearson's of their ranks; NaN where one is constant."""
    if a.size < 2:
        return float("nan")
    of_a, of_b = (_ranks(each[:: 1 + a.size // _RANKED]) for each in (a, b))
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.corrcoef(of_a, of_b)[0, 1])


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks from 0; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts + 1) / 2)[inverse]
