"""What tests call by name."""

from __future__ import annotations

import numpy as np

SIZE = (64, 128)
"""(height, width) of the test bundle's input."""


def make_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth blobs and a few hard edges, the same for the same arguments."""
    import cv2

    noise = np.random.default_rng(seed).normal(128, 90, (height, width, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 4) * 6 - 128 * 5
    smooth[height // 3 : height // 2, width // 4 : width // 2] += 80
    return np.clip(smooth, 0, 255).astype(np.uint8)
