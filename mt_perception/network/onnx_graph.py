# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The deployable graph as ONNX, for ONNX Runtime and TensorRT alike. Needs torch."""

from __future__ import annotations

import io
import warnings

import torch
from torch import Tensor

from mt_perception.model.bundle import Bundle
from mt_perception.network.export import read_network
from mt_perception.network.folding import folded
from mt_perception.network.graph import DeployedGraph, unknown
from mt_perception.network.rays import assumed_camera
from mt_perception.types import OUTPUTS

TYPES = {"fp32": torch.float32, "fp16": torch.float16}
OPSET = 17  # TensorRT 8.5, of JetPack 5, parses it


class OnnxGraph(DeployedGraph):
    """`DeployedGraph` for several images at once, and without what TensorRT refuses.

    TensorRT knows bytes as inputs and outputs alone: they become numbers first, and results become bytes last.
    """

    def forward(
        self, image: Tensor, depth_scale: Tensor, camera: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(N, H, W, 3) uint8 RGB, (N,) factors on metres and (N, 4) cameras -> each of `types.OUTPUTS`, (N, H, W)."""
        coarse = self.network.coarse(self._normalised(image).to(self.dtype), camera)
        size = image.shape[1:3]
        logits = self._upsampled(coarse["segmentation"].to(self.gain.dtype), self.grain)
        mask = self._whole(self._mask(logits), size)
        scale = depth_scale.view(-1, 1, 1)
        if self.has_depth:
            encoded = self._upsampled(coarse["depth"].to(self.gain.dtype))[..., : size[0], : size[1]]
            depth_m = self._depth_m(encoded, mask, scale)
        else:
            depth_m = unknown(mask, scale)
        confidence = self._whole(self._confidence(logits), size)
        return mask.to(torch.int32).to(torch.uint8), confidence, depth_m

    def _normalised(self, image: Tensor) -> Tensor:
        return image.to(self.gain.dtype).permute(0, 3, 1, 2) * self.gain + self.offset

    def _mask(self, logits: Tensor) -> Tensor:
        best = logits.argmax(-3)
        return best if self._is_identity else self.train_ids.to(best.dtype)[best]


def onnx_graph(bundle: Bundle, size: tuple[int, int], precision: str) -> bytes:
    """The model as ONNX for images of `size` (height, width), any number at a time, in `fp32` or `fp16`.

    Every type in it is explicit: nothing that runs it has to be told the precision.
    """
    card = bundle.card
    graph = OnnxGraph(folded(read_network(bundle)), card.input, card.labels.sky_id).cast(TYPES[precision]).eval()
    image = torch.zeros(1, *size, 3, dtype=torch.uint8)
    inputs = {"image": image, "depth_scale": torch.ones(1)}
    if graph.has_rays:
        inputs["camera"] = assumed_camera(image.permute(0, 3, 1, 2)).clone()
    file = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        # of a deprecated exporter, and of branches on sizes, which hold: the size is fixed. The newer exporter takes
        # six times as long
        for category in (FutureWarning, DeprecationWarning, UserWarning, torch.jit.TracerWarning):
            warnings.simplefilter("ignore", category)
        torch.onnx.export(
            graph,
            tuple(inputs.values()),
            file,  # type: ignore[arg-type]
            input_names=list(inputs),
            output_names=list(OUTPUTS),
            opset_version=OPSET,
            dynamic_axes={name: {0: "batch"} for name in (*inputs, *OUTPUTS)},
            dynamo=False,
        )
    return file.getvalue()
