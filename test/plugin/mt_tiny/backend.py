# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The graph in plain PyTorch, nothing folded, cast or recorded."""

import numpy as np
import torch

from mt_perception.backends import choose_precision
from mt_perception.network.export import read_network
from mt_perception.network.graph import DeployedGraph
from mt_perception.types import Camera


class PlainBackend:
    name, device = "plain", "cpu"
    progress = fallback = ""

    def __init__(self, bundle, settings):
        self.precision = choose_precision(settings.precision, ["fp32"], self.name, self.device)
        self._graph = DeployedGraph(read_network(bundle), bundle.card.input, bundle.card.labels.sky_id).eval()

    @torch.inference_mode()
    def infer(self, image, depth_scale, outputs, camera=None):
        camera = torch.tensor([(camera or Camera.assumed(image.shape[:2])).intrinsics], dtype=torch.float32)
        scale = torch.tensor([depth_scale], dtype=torch.float32)
        results = self._graph.select(torch.from_numpy(np.ascontiguousarray(image))[None], scale, outputs, camera)
        return {name: result.numpy() for name, result in results.items()}


def open_backend(bundle, settings, size, background):
    return PlainBackend(bundle, settings)
