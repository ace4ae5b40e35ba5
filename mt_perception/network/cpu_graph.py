# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The deployable graph in the order that a CPU likes."""

from __future__ import annotations

from torch import Tensor

from mt_perception.model.spec import InputSpec
from mt_perception.network.graph import DeployedGraph, unknown
from mt_perception.network.graph_optimisations import (
    channels_apart,
    in_fp32,
    interleave,
    upsampled_phases,
    with_nine_pointwise,
)
from mt_perception.network.multitask import MultiTaskNetwork


class CpuGraph(DeployedGraph):
    """`DeployedGraph` with `graph_optimisations.py`: many small steps, where a GPU prefers few large ones."""

    def __init__(self, network: MultiTaskNetwork, inputs: InputSpec, sky: int | None) -> None:
        super().__init__(with_nine_pointwise(network), inputs, sky)

    def forward(
        self, image: Tensor, depth_scale: Tensor, camera: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See `DeployedGraph.forward`."""
        coarse = self.network.coarse(self._normalised(image), camera)
        scores = self._phases(coarse["segmentation"])
        depths = self._phases(coarse["depth"]) if self.has_depth else [None] * len(scores)
        parts = []
        for logits, encoded in zip(scores, depths, strict=True):
            mask = self._mask(logits)
            depth_m = unknown(mask, depth_scale) if encoded is None else self._depth_m(encoded, mask, depth_scale)
            parts.append((mask, self._confidence(logits), depth_m))
        height, width = image.shape[1:3]
        whole = (interleave(each, self.network.stride)[:height, :width] for each in zip(*parts, strict=True))
        mask, confidence, depth_m = whole
        return mask, confidence, depth_m

    def _phases(self, x: Tensor) -> list[Tensor]:
        return upsampled_phases(channels_apart(in_fp32(x)), self.network.stride)
