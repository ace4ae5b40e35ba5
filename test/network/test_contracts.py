# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Every network keeps the contract of `network_contract.py`.

Exported are those that differ most; `MT_PERCEPTION_ALL_NETWORKS=1` exports all of them, in some minutes.
"""

import os
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("openvino")
pytest.importorskip("timm")

from network_contract import DeployedContract, NetworkContract

from mt_perception.model.spec import RELATED, NetworkSpec, SpecError

AlikeContract = DeployedContract if os.environ.get("MT_PERCEPTION_ALL_NETWORKS") else NetworkContract


class TestMobileNetV3Small(AlikeContract):
    spec = RELATED["mobilenet_v3_small"]
    parameters = 1_183_285


class TestMobileNetV3Large(AlikeContract):
    spec = RELATED["mobilenet_v3_large"]
    parameters = 3_164_997


class TestTwinsSvtSmall(DeployedContract):
    spec = RELATED["twins_svt_small"]
    parameters = 23_760_277


class TestTwinsPcpvtSmall(AlikeContract):
    spec = RELATED["twins_pcpvt_small"]
    parameters = 23_813_909


class TestSegNet(AlikeContract):
    spec = RELATED["segnet"]
    parameters = 15_285_295


class TestSegNetSeparable(DeployedContract):
    spec = RELATED["segnet-separable"]
    parameters = 1_751_434


class TestUNet(AlikeContract):
    spec = RELATED["unet"]
    parameters = 31_038_933


class TestUNetSeparable(AlikeContract):
    spec = RELATED["unet-separable"]
    parameters = 5_989_552


class TestAnyOfTimm(AlikeContract):
    """Its batch norms hold activations, and are no children of a Sequential; heads at an eighth."""

    spec = NetworkSpec("timm/mobilenetv3_small_050", "unet", 16, head_level=1)
    parameters = 344_053


class TestLeanDecoderWithRays(DeployedContract):
    """What the default model is made of, around a smaller encoder."""

    spec = NetworkSpec(decoder_width=64, pooling_steps=2, decoder_norm=True, head_kernel=1, rays=True, depth_bins=16)
    parameters = 934_100


@pytest.mark.parametrize("change", [{"pooling_steps": 2}, {"decoder_norm": True}, {"head_kernel": 1}])
def test_the_shape_of_one_decoder_is_no_option_of_another(change: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="shape light_weight_refinenet alone: leave them out"):
        NetworkSpec("unet", "unet", 64, **change)
