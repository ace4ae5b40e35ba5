# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Per-frame scores as compact arrays: days of recording fit into memory."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mt_perception.labels import LabelSet
from mt_perception.metrics.goodness import goodness
from mt_perception.types import Mask

COLUMNS = ("latency_ms", "miou", "abs_rel", "label_flicker", "depth_flicker", "stereo_error")


class Timeline:
    """The frames that have results, by their stamps, with the numbers of `COLUMNS`; NaN where one is not known.

    `labels`: the classes of the predictions.
    """

    def __init__(self, labels: LabelSet) -> None:
        self.labels = labels
        self._stamps = array("q")
        self._spans = array("q")
        self._values = {name: array("d") for name in COLUMNS}
        self._shares = array("f")

    def add(self, stamp_ns: int, span_ns: tuple[int, int], mask: Mask, values: Mapping[str, float]) -> None:
        """One frame: its stamp, between when and when it was recorded, its predicted labels, and its numbers."""
        self._stamps.append(stamp_ns)
        self._spans.extend(span_ns)
        counts = np.bincount(mask.ravel(), minlength=256)[list(self.labels.train_ids)]
        self._shares.extend((counts / mask.size).tolist())
        for name, column in self._values.items():
            column.append(values.get(name, float("nan")))

    def __len__(self) -> int:
        return len(self._stamps)

    @property
    def stamps_ns(self) -> NDArray[np.int64]:
        """(frames,) in the order of their recording."""
        return np.array(self._stamps, np.int64)

    @property
    def spans_ns(self) -> NDArray[np.int64]:
        """(frames, 2): when the first and the last message of each frame were recorded."""
        return np.array(self._spans, np.int64).reshape(-1, 2)

    @property
    def shares(self) -> NDArray[np.float32]:
        """(frames, classes): of the image, the part that each class was given."""
        return np.array(self._shares, np.float32).reshape(-1, len(self.labels))

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """(frames,) one of `COLUMNS`."""
        return np.array(self._values[name])

    @property
    def badness(self) -> tuple[str, NDArray[np.float64]]:
        """By what frames are ranked where this is known, and (frames,) that, more being worse; NaN where unknown.

        What can be judged by truth is: the relative error of depth less the mean IoU. Else the stereo error, else the
        flicker of labels.
        """
        by_truth = -goodness(self["miou"], self["abs_rel"])
        ranks = {"truth": by_truth, "stereo": self["stereo_error"], "flicker": self["label_flicker"]}
        return next(((name, each) for name, each in ranks.items() if np.isfinite(each).any()), ("truth", by_truth))
