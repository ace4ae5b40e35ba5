# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Depthwise convolutions in fp32: the same network, another arithmetic inside."""

from __future__ import annotations

import copy

import torch

from mt_perception.network.encoders import build_encoder
from mt_perception_training.depthwise import depthwise_in_fp32


def test_only_the_arithmetic_changes() -> None:
    torch.manual_seed(0)
    encoder = build_encoder("mobilenet_v3_small").eval()
    changed = copy.deepcopy(encoder)
    depthwise_in_fp32(changed)
    assert list(changed.state_dict()) == list(encoder.state_dict())
    image = torch.randn(1, 3, 64, 96)
    plain, same = (each(image)[-1][-1] for each in (encoder, changed))
    assert torch.equal(plain, same)


def test_in_a_bf16_region_they_compute_in_fp32_and_give_bf16() -> None:
    conv = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 3, groups=4, bias=False))
    x = torch.randn(1, 4, 5, 7).bfloat16()
    exact = conv(x.float()).bfloat16()
    depthwise_in_fp32(conv)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(conv(x), exact)
