# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The deployable graph: camera pixels in, finished results out, the same on every backend."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn

from mt_perception.model.spec import InputSpec
from mt_perception.network.decoder import upsample
from mt_perception.network.multitask import MultiTaskNetwork
from mt_perception.types import OUTPUTS


class DeployedGraph(nn.Module):
    """Normalisation, network, upsampling, argmax, confidence and depth decoding in one module.

    No backend then pays for NumPy passes over its results, and all of them give the same answer. `cpu_graph.CpuGraph`
    is the same arithmetic in the order that a CPU likes.
    """

    gain: Tensor
    offset: Tensor
    train_ids: Tensor

    def __init__(self, network: MultiTaskNetwork, inputs: InputSpec, sky: int | None) -> None:
        """`sky`: the trainId of what is infinitely far; None where the network has no such class."""
        super().__init__()
        self.network = network.eval()
        self.depth_encoding = network.depth_encoding
        self.has_depth, self.has_rays = network.spec.depth, network.spec.rays
        self.dtype = torch.float32
        # (x / 255 - mean) / std in one multiply-add; runtimes fold it into the first convolution
        mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (inputs.mean, inputs.std))
        self.register_buffer("gain", 1 / (255 * std), persistent=False)
        self.register_buffer("offset", -mean / std, persistent=False)
        ids = network.spec.train_ids
        self._is_identity = ids == tuple(range(len(ids)))
        self.register_buffer("train_ids", torch.tensor(ids, dtype=torch.uint8), persistent=False)
        self._sky = sky if sky in ids else None
        self.grain = 2 if network.stride % 2 == 0 else 1
        """Labels are decided for squares of so many pixels, where the network's own cells are larger: a quarter of the
        work, and the score stays (docs/performance.md)."""

    def cast(self, dtype: torch.dtype) -> DeployedGraph:
        """Compute the network in `dtype`; pixels are normalised and depth is decoded in fp32 as before."""
        self.network.to(dtype)
        self.dtype = dtype
        return self

    def forward(
        self, image: Tensor, depth_scale: Tensor, camera: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(1, H, W, 3) uint8 RGB and a (1,) float32 factor on metres -> each of `types.OUTPUTS`, (H, W).

        camera: (1, 4) float32 fx, fy, cx, cy in pixels of `image`, for a network with rays.
        mask: uint8 trainId. confidence: uint8, 255 = certain. depth_m: float32 metres, +Inf for sky and where the
        network says "farther than I can tell".
        """
        mask, confidence, depth_m = self.select(image, depth_scale, tuple(OUTPUTS), camera).values()
        return mask, confidence, depth_m

    def select(
        self, image: Tensor, depth_scale: Tensor, outputs: Collection[str], camera: Tensor | None = None
    ) -> dict[str, Tensor]:
        """As `forward`, by name, and nothing is computed that is not among `outputs`."""
        coarse = self.network.coarse(self._normalised(image).to(self.dtype), camera)
        size = image.shape[1:3]
        logits = self._upsampled(coarse["segmentation"], self.grain)
        results = {}
        if "mask" in outputs or "depth_m" in outputs:
            results["mask"] = self._whole(self._mask(logits), size)
        if "confidence" in outputs:
            results["confidence"] = self._whole(self._confidence(logits), size)
        if "depth_m" in outputs and self.has_depth:
            encoded = self._upsampled(coarse["depth"].to(self.gain.dtype))[..., : size[0], : size[1]]
            results["depth_m"] = self._depth_m(encoded, results["mask"], depth_scale)
        elif "depth_m" in outputs:
            results["depth_m"] = unknown(results["mask"], depth_scale)
        return {name: result[0] for name, result in results.items() if name in outputs}

    def _normalised(self, image: Tensor) -> Tensor:
        return image.permute(0, 3, 1, 2).to(self.gain.dtype) * self.gain + self.offset

    def _upsampled(self, x: Tensor, grain: int = 1) -> Tensor:
        """(N, C, h, w) by the network's stride, to squares of `grain` pixels."""
        return upsample(x, [self.network.stride // grain * each for each in x.shape[2:]])

    def _whole(self, x: Tensor, size: Sequence[int]) -> Tensor:
        """(..., h, w) with a value for each square of `grain` pixels -> (..., height, width) of `size`."""
        n, *lead, height, width = self.grain, *x.shape
        squares = x[..., :, None, :, None].expand(*lead, height, n, width, n)
        return squares.reshape(*lead, n * height, n * width)[..., : size[0], : size[1]]

    def _mask(self, logits: Tensor) -> Tensor:
        best = logits.argmax(-3)
        return best.to(torch.uint8) if self._is_identity else self.train_ids[best]

    @staticmethod
    def _confidence(logits: Tensor) -> Tensor:
        """softmax maximum = 1 / sum(exp(logit - largest logit)): one pass, no division per class."""
        largest = logits.amax(-3, keepdim=True)
        return (255 / (logits - largest).exp().sum(-3)).round().to(torch.uint8)

    def _depth_m(self, encoded: Tensor, mask: Tensor, depth_scale: Tensor) -> Tensor:
        depth_m = self.depth_encoding.decode(encoded[..., 0, :, :].float()) * depth_scale
        # the last hundredth of the encoding's range stands for everything beyond it
        beyond = encoded[..., 0, :, :] >= 0.99 * self.depth_encoding.top
        return torch.where(beyond if self._sky is None else beyond | (mask == self._sky), torch.inf, depth_m)


def unknown(mask: Tensor, depth_scale: Tensor) -> Tensor:
    """Metres of a network that has learned none: NaN, in the shape of `mask`."""
    return torch.full_like(mask, torch.nan, dtype=torch.float32) * depth_scale
