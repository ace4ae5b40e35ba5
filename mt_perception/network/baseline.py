# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The baseline to compare with: the published network, run as its authors ran it (Nekrasov et al., arXiv 1809.04766).

Eager fp32 PyTorch in NCHW memory order, 256 channels, 20 + 1 outputs, whole 5x5 max-pools; an image is normalised in
NumPy before, and the classes and metres are found in NumPy after. The weights are random: speed does
not depend on them.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from mt_perception.model.spec import DepthEncodingSpec, InputSpec, NetworkSpec
from mt_perception.network.multitask import build_network

SPEC = NetworkSpec(decoder_width=256, depth_encoding=DepthEncodingSpec("article"))


class BaselinePooling(nn.Module):
    """Chained residual pooling with its 5x5 max-pools in one piece."""

    def __init__(self, convs: nn.ModuleList) -> None:
        super().__init__()
        self.convs = convs

    def forward(self, x: Tensor) -> Tensor:
        total = x
        for conv in self.convs:
            x = conv(F.max_pool2d(x, 5, 1, 2))
            total = total + x
        return total


def baseline_network() -> nn.Module:
    """The network as published, with random weights, in evaluation mode."""
    network = build_network(SPEC)
    pools = [BaselinePooling(pool.convs) for pool in network.decoder.pool]  # type: ignore[union-attr]
    network.decoder.pool = nn.ModuleList(pools)
    return network.eval()


class BaselineLoop:
    """One image after the other, on the GPU if there is one."""

    def __init__(self, network: nn.Module | None = None, threads: int = 0) -> None:
        if threads:
            torch.set_num_threads(threads)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._network = (network or baseline_network()).to(self.device)
        self._mean, self._std = (np.array(each) for each in (InputSpec().mean, InputSpec().std))

    def prepare(self, image: NDArray[np.uint8]) -> Tensor:
        """(H, W, 3) uint8 BGR -> (1, 3, H, W) normalised float32."""
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        normalised = (rgb / 255.0 - self._mean) / self._std
        return torch.tensor(normalised.transpose(2, 0, 1)[None]).float().to(self.device)

    @torch.no_grad()
    def infer(self, image: Tensor) -> dict[str, NDArray[np.float32]]:
        """The scores (20, H, W) and the encoded depth (1, H, W), at the size of the input."""
        return {task: output[0].cpu().numpy() for task, output in self._network(image).items()}

    def finish(self, outputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
        """The `mask` (H, W) uint8 and the metres `depth_m` (H, W) float32, or that which the network gives of them."""
        results: dict[str, NDArray[Any]] = {}
        if "segmentation" in outputs:
            results["mask"] = outputs["segmentation"].argmax(0).astype(np.uint8)
        if "depth" in outputs:
            results["depth_m"] = np.exp(5 * outputs["depth"][0])
        return results
