# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A backend of your own: python examples/backend.py IMAGE

This one asks another for the image and for its mirror image, and takes the mean depth: twice the time, less noise. One
that other programs find by its name is an entry point of your package; see mt_perception/utils/registry.py, and
`BackendContract` in mt_perception/testing.py for its tests.
"""

import sys
from dataclasses import replace

import cv2
import numpy as np

from mt_perception import Frame, Perceiver, Settings
from mt_perception.backends import network_size, open_backend
from mt_perception.model.bundle import open_model


class Mirrored:
    """See `mt_perception.backends.Backend`."""

    name = "mirrored"
    progress = fallback = ""

    def __init__(self, inner):
        self._inner, self.precision, self.device = inner, inner.precision, inner.device

    def infer(self, image, depth_scale, outputs, camera=None):
        """(H, W, 3) uint8 RGB -> the asked ones of mask, confidence and depth_m, each (H, W)."""
        seen = {name: each.copy() for name, each in self._inner.infer(image, depth_scale, outputs, camera).items()}
        if "depth_m" in seen:
            mirror = np.ascontiguousarray(image[:, ::-1])
            other = camera and replace(camera, cx_px=image.shape[1] - 1 - camera.cx_px)
            depth_m = self._inner.infer(mirror, depth_scale, ("depth_m",), other)["depth_m"][:, ::-1]
            seen["depth_m"] = (seen["depth_m"] + depth_m) / 2
        return seen


image = cv2.imread(sys.argv[1])
if image is None:
    sys.exit(f"{sys.argv[1]} is no image that OpenCV reads")
settings = Settings()
bundle = open_model(settings.model)
size = network_size(bundle, settings)
inner = open_backend(bundle, settings, size)
once, twice = (
    Perceiver(bundle, each, size, settings)(Frame(image, "bgr"), ("depth_m",)) for each in (inner, Mirrored(inner))
)
near = np.isfinite(once.depth_m) & np.isfinite(twice.depth_m)
change = np.abs(np.log(twice.depth_m[near] / once.depth_m[near])).mean()
print(f"{bundle.card.name} on {inner.name}: mirroring changes depth by {100 * change:.1f} %")
