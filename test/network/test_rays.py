# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Rays: the direction of each cell, from any camera, on every backend."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from helpers import make_image

from mt_perception.backends import open_backend
from mt_perception.geometry import LetterBox, rays
from mt_perception.model.spec import NetworkSpec
from mt_perception.network.multitask import build_network
from mt_perception.network.rays import RayEmbedding, assumed_camera
from mt_perception.settings import Settings
from mt_perception.types import Camera

SPEC = NetworkSpec(decoder_width=32, rays=True)
SIZE = (64, 96)
CAMERA = Camera(96, 64, 70.0, 80.0, 40.0, 35.0)


def test_tangents_by_hand() -> None:
    """Cells of 4 pixels have their middles at 1.5, 5.5, ...; fx = 2, fy = 4, cx = 1.5, cy = 5.5."""
    embedding = RayEmbedding(1, 4)
    embedding.horizontal.data.fill_(1.0)
    embedding.vertical.data.fill_(10.0)
    told = embedding(torch.zeros(1, 1, 2, 3), torch.tensor([[2.0, 4.0, 1.5, 5.5]]))
    assert told[0, 0].tolist() == [[-10.0, -8.0, -6.0], [0.0, 2.0, 4.0]]


def test_they_are_those_of_the_geometry() -> None:
    embedding = RayEmbedding(1, 1)
    embedding.horizontal.data.fill_(1.0)
    embedding.vertical.data.fill_(1.0)
    told = embedding(torch.zeros(1, 1, *SIZE), torch.tensor([CAMERA.intrinsics]))
    x, y = rays(CAMERA)
    np.testing.assert_allclose(told[0, 0].detach().numpy(), x + y, atol=1e-6)


def test_without_a_camera_one_is_assumed() -> None:
    network = build_network(SPEC).eval()
    image = torch.randn(2, 3, *SIZE)
    with torch.no_grad():
        bare, assumed, other = (
            network.coarse(image, camera)["depth"]
            for camera in (None, assumed_camera(image), torch.tensor([CAMERA.intrinsics] * 2))
        )
    assert torch.equal(bare, assumed) and not torch.allclose(bare, other, atol=1e-3)


def test_a_letterboxed_image_keeps_its_rays() -> None:
    """What is assumed of an image holds for its part of the network's input too."""
    letterbox = LetterBox.fit((50, 200), SIZE)
    camera = letterbox.camera(Camera.assumed((50, 200)))
    assert camera.fx_px == pytest.approx(96) and camera.cx_px == pytest.approx(47.5)
    assert camera.cy_px == pytest.approx(letterbox.top + (letterbox.height - 1) / 2)


@pytest.mark.parametrize("outputs", [("mask",), ("depth_m", "mask")])
def test_backends_agree_on_what_a_camera_changes(lively_bundle, outputs: tuple[str, ...]) -> None:
    bundle = lively_bundle(SPEC)
    backends = [
        open_backend(bundle, Settings(model=str(bundle.folder), backend=name, precision="fp32"), SIZE)
        for name in ("openvino", "torch")
    ]
    image = make_image(*SIZE)
    ours, reference = (each.infer(image, 1.0, outputs, CAMERA)["mask"].copy() for each in backends)
    without = backends[0].infer(image, 1.0, outputs)["mask"].copy()
    assert (ours == reference).mean() > 0.99 and (ours != without).mean() > 0.01
