# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which frames are worth looking at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mt_perception.evaluation.timeline import Timeline

APART_NS = 5 * 10**8
"""Of frames closer in time than this, which show much the same, one is enough."""


def worst_frames(frames: Timeline, most: int) -> list[int]:
    """The indices of the worst frames, worst first."""
    _, badness = frames.badness
    return _largest(badness, frames.stamps_ns, most)


def differing_frames(first: Timeline, second: Timeline, most: int) -> list[tuple[int, int]]:
    """The indices in both, of the frames with one stamp in which they differ most, those first.

    By their scores where truth tells them; else by the shares of the image that the classes have.
    """
    stamps, a, b = np.intersect1d(first.stamps_ns, second.stamps_ns, return_indices=True)
    (rank, one), (other_rank, other) = first.badness, second.badness
    if (rank == other_rank == "truth" and np.isfinite(one).any()) or first.labels != second.labels:
        apart = np.abs(one[a] - other[b])
    else:
        apart = np.abs(first.shares[a] - second.shares[b]).sum(1) / 2
    return [(int(a[index]), int(b[index])) for index in _largest(apart, stamps, most) if apart[index] > 0]


def _largest(values: NDArray[np.floating], stamps_ns: NDArray[np.int64], most: int) -> list[int]:
    chosen: list[int] = []
    for index in np.argsort(-values, kind="stable").tolist():  # NaN goes last
        if len(chosen) >= most or np.isnan(values[index]):
            break
        if all(abs(int(stamps_ns[index] - stamps_ns[each])) >= APART_NS for each in chosen):
            chosen.append(index)
    return chosen
