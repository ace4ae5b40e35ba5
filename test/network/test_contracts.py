"""Every network keeps the contract of `network_contract.py`."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("openvino")
pytest.importorskip("timm")

from network_contract import NetworkContract

from mt_perception.network.spec import RELATED, NetworkSpec


class TestMobileNetV3Small(NetworkContract):
    spec = RELATED["mobilenet_v3_small"]
    parameters = 1_183_285


class TestMobileNetV3Large(NetworkContract):
    spec = RELATED["mobilenet_v3_large"]
    parameters = 3_164_997


class TestTwinsSvtSmall(NetworkContract):
    spec = RELATED["twins_svt_small"]
    parameters = 23_760_277


class TestTwinsPcpvtSmall(NetworkContract):
    spec = RELATED["twins_pcpvt_small"]
    parameters = 23_813_909


class TestSegNet(NetworkContract):
    spec = RELATED["segnet"]
    parameters = 15_285_295


class TestSegNetSeparable(NetworkContract):
    spec = RELATED["segnet-separable"]
    parameters = 1_751_434


class TestUNet(NetworkContract):
    spec = RELATED["unet"]
    parameters = 31_038_933


class TestUNetSeparable(NetworkContract):
    spec = RELATED["unet-separable"]
    parameters = 5_989_552


class TestAnyOfTimm(NetworkContract):
    """Its batch norms hold activations, and are no children of a Sequential; heads at an eighth."""

    spec = NetworkSpec("timm/mobilenetv3_small_050", "unet", 16, finest=1)
    parameters = 0
