# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Batches by step number: the same step always gives the same batch, so a resumed run continues as if never stopped."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import lru_cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from mt_perception.datasets.sample import Reader
from mt_perception_training.augment import Augmenter, Example
from mt_perception_training.recipe import Phase


class Batches(Dataset[dict[str, Tensor]]):
    """The `phase.steps` batches from step `first` on, mixed from several data sets as `phase.batch` says.

    Of `ranks` processes that train together, number `rank` gets samples of its own.
    """

    def __init__(
        self, readers: Mapping[str, Reader], phase: Phase, augment: Augmenter, first: int, seed: int,
        rank: int = 0, ranks: int = 1,
    ) -> None:  # fmt: skip
        self._readers, self._phase, self._augment = readers, phase, augment
        self._first, self._seed = first, seed
        self._rank, self._ranks = rank, ranks

    def __len__(self) -> int:
        return self._phase.steps

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        turn = (self._first + index) * self._ranks + self._rank
        rng = np.random.default_rng((self._seed, turn))
        examples = []
        for name, count in self._phase.batch.items():
            reader = self._readers[name]
            for position in range(turn * count, (turn + 1) * count):
                examples.append(self._augment(reader[draw(name, self._seed, position, len(reader))], rng))
        return collate(examples)


def draw(name: str, seed: int, position: int, size: int) -> int:
    """The sample at `position` of an endless sequence in which each of `size` samples comes once per round."""
    lap, place = divmod(position, size)
    return int(_order(zlib.crc32(name.encode()), seed, lap, size)[place])


@lru_cache(maxsize=8)
def _order(name: int, seed: int, lap: int, size: int) -> NDArray[np.int64]:
    return np.random.default_rng((name, seed, lap)).permutation(size)


def collate(examples: list[Example]) -> dict[str, Tensor]:
    """image (N, 3, H, W) uint8; labels (N, h, w) uint8; depth_m (N, h, w) float32; camera (N, 4); metric (N,) bool."""
    fields = ("image", "labels", "depth_m", "camera", "metric")
    batch = {name: torch.from_numpy(np.stack([getattr(each, name) for each in examples])) for name in fields}
    return batch | {"image": batch["image"].permute(0, 3, 1, 2)}


def single_threaded(_: int) -> None:
    """For worker processes: the cores belong to the network."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
