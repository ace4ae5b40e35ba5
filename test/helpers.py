# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What tests call by name."""

from __future__ import annotations

import numpy as np

SIZE = (64, 128)
"""(height, width) of the test bundle's input."""


def enliven(network, size: tuple[int, int], passes: int = 10):
    """The network in evaluation mode, with statistics from noise, and with last layers that say many things."""
    import torch

    network.train()
    with torch.no_grad():
        for _ in range(passes):
            network(torch.randn(2, 3, *size))
        for head in network.heads.values():
            *_, last = (each for each in head.predict.modules() if isinstance(each, torch.nn.Conv2d))
            last.weight.mul_(8)
        last.bias.add_(0.4)  # of depth
    return network.eval()


def make_image(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth blobs and a few hard edges, the same for the same arguments."""
    import cv2

    noise = np.random.default_rng(seed).normal(128, 90, (height, width, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 4) * 6 - 128 * 5
    smooth[height // 3 : height // 2, width // 4 : width // 2] += 80
    return np.clip(smooth, 0, 255).astype(np.uint8)
