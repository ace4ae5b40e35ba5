# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where each cell of a feature map looks: what lets a network tell metres for cameras that it was not trained with.

A network that sees pixels alone knows depth by the row of the image, and that holds for one camera at one height and
one pitch. The tangents of a cell's angles to the optical axis, (u - cx) / fx and (v - cy) / fy, say the same for all
cameras, however the image was scaled and cropped (compare CAM-Convs, arXiv 1904.02028).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mt_perception.types import Camera


class RayEmbedding(nn.Module):
    """Adds a learned multiple of both tangents to each channel of a map, `stride` pixels a cell.

    As strong as two more channels before a pointwise convolution, and it costs no convolution.
    """

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.horizontal = nn.Parameter(torch.randn(channels, 1, 1))
        self.vertical = nn.Parameter(torch.randn(channels, 1, 1))

    def forward(self, features: Tensor, camera: Tensor) -> Tensor:
        """features (N, C, h, w); camera (N, 4): fx, fy, cx, cy in pixels of the network's input -> as features."""
        fx, fy, cx, cy = (each.view(-1, 1, 1, 1) for each in camera.float().unbind(1))
        x = (self._centres(features.shape[3], features) - cx) / fx
        y = (self._centres(features.shape[2], features)[:, None] - cy) / fy
        return features + self.horizontal * x.to(features.dtype) + self.vertical * y.to(features.dtype)

    def _centres(self, count: int, like: Tensor) -> Tensor:
        """(count,) where the middles of the cells lie, in pixels of the network's input."""
        cells = torch.arange(count, device=like.device, dtype=torch.float32)
        return (cells + 0.5) * self.stride - 0.5


def assumed_camera(image: Tensor) -> Tensor:
    """(N, _, H, W) -> (N, 4) fx, fy, cx, cy of `Camera.assumed`."""
    count, _, height, width = image.shape
    values = Camera.assumed((int(height), int(width))).intrinsics
    return torch.tensor(values, dtype=torch.float32, device=image.device).expand(count, 4)
