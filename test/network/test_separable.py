# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Exchanged convolutions by hand, and the published numbers of weights."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from mt_perception.model.spec import NetworkSpec
from mt_perception.network.multitask import build_network
from mt_perception.network.separable import exchange_report, separable


def test_by_hand():
    """2 channels in, 3 out, 5x3, every second pixel of a dilated row, with bias."""
    conv = nn.Conv2d(2, 3, (5, 3), (2, 1), (4, 1), (2, 1))
    (depthwise, pointwise) = separable(nn.Sequential(conv.double().eval()))[0]
    assert depthwise.weight.shape == (2, 1, 5, 3) and depthwise.bias is None and not depthwise.training
    assert pointwise.weight.shape == (3, 2, 1, 1) and pointwise.bias.shape == (3,)
    with torch.no_grad():
        # both together are the ordinary convolution with the products of their weights
        conv.weight.copy_(torch.einsum("oi,iyx->oiyx", pointwise.weight[:, :, 0, 0], depthwise.weight[:, 0]))
        conv.bias.copy_(pointwise.bias)
    x = torch.randn(1, 2, 17, 9, dtype=torch.float64)
    torch.testing.assert_close(pointwise(depthwise(x)), conv(x))


def test_what_is_not_ordinary_or_not_requested_stays():
    kept = [nn.Conv2d(4, 8, 1), nn.Conv2d(8, 8, 3, groups=8), nn.ConvTranspose2d(8, 4, 2), nn.Conv2d(4, 4, 3)]
    network = separable(nn.Sequential(*kept, nn.Conv2d(4, 4, 3)), where=lambda name, conv: name == "4")
    assert [network[i] is each for i, each in enumerate(kept)] == [True] * 4
    assert isinstance(network[4], nn.Sequential)


def count(network):
    return sum(each.numel() for each in network.parameters())


@pytest.mark.parametrize(
    ("network", "classes", "exchanged", "parameters"),
    [("segnet", 3, "none", 15_274_892), ("segnet", 3, "all", 1_749_671), ("unet", 1, "none", 31_037_633)],
)
def test_published_numbers_of_weights(network, classes, exchanged, parameters):
    spec = NetworkSpec(network, network, 64, tuple(range(classes)), separable=exchanged, depth=False)
    assert count(build_network(spec)) == parameters


def test_parts_of_a_network():
    counts = {part: count(build_network(NetworkSpec("segnet", "segnet", 64, separable=part)))
              for part in ("none", "encoder", "decoder", "all")}  # fmt: skip
    saved = {part: counts["none"] - value for part, value in counts.items()}
    assert saved["encoder"] + saved["decoder"] == saved["all"] > saved["encoder"] > 0


def test_the_report_by_hand():
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False))
    report = exchange_report(network, (4, 6))
    assert (report.before.parameters, report.after.parameters) == (216, 27 + 24)
    assert (report.before.multiply_adds, report.after.multiply_adds) == (216 * 24, 51 * 24)
    assert str(report).endswith("51 parameters, 0.00 G multiply-adds (24% of the work)")
    assert isinstance(network[0], nn.Conv2d)
