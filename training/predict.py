# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a network in training will say once it is deployed."""

from __future__ import annotations

import torch

from mt_perception.datasets.sample import Sample
from mt_perception.geometry import LetterBox
from mt_perception.network.graph import DeployedGraph
from mt_perception.types import Camera, DepthMap, Frame, Mask


@torch.no_grad()
def predict(graph: DeployedGraph, sample: Sample, size: tuple[int, int], fx_px: float) -> tuple[Mask, DepthMap]:
    """What the deployed model of `size` (height, width) and training focal length `fx_px` will say of the sample."""
    letterbox = LetterBox.fit(sample.size, size)
    scale = letterbox.camera(sample.camera).fx_px / fx_px if sample.camera else 1.0
    image = torch.from_numpy(letterbox.apply(Frame(sample.image)))[None].to(graph.gain.device)
    camera = torch.tensor([letterbox.camera(sample.camera or Camera.assumed(sample.size)).intrinsics])
    mask, _, depth_m = graph(image, torch.tensor([scale], device=image.device), camera.to(image.device))
    return letterbox.inverse(mask.cpu().numpy()), letterbox.inverse(depth_m.float().cpu().numpy())
