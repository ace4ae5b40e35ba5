# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The deployable graph in the order that a CPU likes."""

from __future__ import annotations

from torch import Tensor

from mt_perception.model.spec import InputSpec
from mt_perception.network.graph import DeployedGraph, unknown
from mt_perception.network.graph_optimisations import (
    in_fp32,
    interleave,
    repeated,
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
        height, width = image.shape[1:3]
        stride = self.network.stride
        logits = self._phases(coarse["segmentation"], stride // self.grain)
        mask, confidence = (
            interleave(repeated([one(each) for each in logits], self.grain), stride)[:height, :width]
            for one in (self._mask, self._confidence)
        )
        if not self.has_depth:
            return mask, confidence, unknown(mask, depth_scale)
        encoded = interleave([each[0] for each in self._phases(coarse["depth"], stride)], stride)
        return mask, confidence, self._depth_m(encoded[None, :height, :width], mask, depth_scale)

    def _normalised(self, image: Tensor) -> Tensor:
        """As the plain one, but on rows of three numbers a pixel, with channels brought to the front at the very end:
        OpenVINO's convolutions want them last, and the two transposes meet and vanish."""
        count, height, width, channels = image.shape
        gain, offset = (each.view(1, 3).expand(width, 3).reshape(-1) for each in (self.gain, self.offset))
        rows = image.reshape(count, height, width * channels).to(self.gain.dtype) * gain + offset
        return rows.reshape(count, height, width, channels).permute(0, 3, 1, 2)

    @staticmethod
    def _phases(x: Tensor, factor: int) -> list[Tensor]:
        return upsampled_phases(in_fp32(x)[0], factor)
