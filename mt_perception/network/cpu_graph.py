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
        size = image.shape[1:3]
        logits = self._phases(coarse["segmentation"], self.grain)
        mask, confidence = (
            self._whole(interleave([one(each) for each in logits], self.network.stride // self.grain), size)
            for one in (self._mask, self._confidence)
        )
        if not self.has_depth:
            return mask, confidence, unknown(mask, depth_scale)
        encoded = interleave([each[0] for each in self._phases(coarse["depth"])], self.network.stride)
        return mask, confidence, self._depth_m(encoded[None, : size[0], : size[1]], mask, depth_scale)

    def _phases(self, x: Tensor, grain: int = 1) -> list[Tensor]:
        return upsampled_phases(channels_apart(in_fp32(x)), self.network.stride // grain)
