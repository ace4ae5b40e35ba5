# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Each optimisation against what it replaces."""

import pytest

torch = pytest.importorskip("torch")

from helpers import make_image
from torch import nn
from torch.nn import functional as F

from mt_perception.model.spec import InputSpec
from mt_perception.network.cpu_graph import CpuGraph
from mt_perception.network.graph import DeployedGraph
from mt_perception.network.graph_optimisations import (
    NinePointwise,
    in_fp32,
    interleave,
    repeated,
    upsampled_phases,
)


def test_two_pixels_upsampled_by_hand():
    """Twice as wide, the four pixels lie at -1/4, 1/4, 3/4 and 5/4 of the way from 0 to 8; edges are repeated."""
    phases = upsampled_phases(torch.tensor([[[0.0, 8.0], [0.0, 8.0]]]), 2)
    assert interleave([each[0] for each in phases], 2).tolist() == [[0, 2, 6, 8]] * 4


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_phases_interlock_to_the_upsampled_image(factor):
    x = torch.randn(3, 5, 7)
    whole = torch.stack([interleave(channel, factor) for channel in zip(*upsampled_phases(x, factor), strict=True)])
    expected = F.interpolate(x[None], scale_factor=factor, mode="bilinear", align_corners=False)[0]
    torch.testing.assert_close(whole, expected)


def test_interleave_undoes_taking_every_second_pixel():
    x = torch.arange(24.0).reshape(4, 6)
    assert torch.equal(interleave([x[i::2, j::2] for i in range(2) for j in range(2)], 2), x)


@pytest.mark.parametrize("size", [(1, 1), (5, 7)])
def test_nine_pointwise_convolutions_are_one_3x3(size):
    conv, x = nn.Conv2d(6, 1, 3, padding=1), torch.randn(1, 6, *size)
    torch.testing.assert_close(NinePointwise(conv)(x), conv(x))


def test_repeated_phases_interlock_to_squares_of_equal_pixels():
    phases = [torch.full((2, 3), label) for label in range(4)]
    once = interleave(phases, 2)
    twice = interleave(repeated(phases, 2), 4)
    assert torch.equal(twice, once.repeat_interleave(2, 0).repeat_interleave(2, 1))


def test_what_is_kept_in_fp32_is_unchanged():
    x = torch.randn(1, 3, 4, 5)
    assert torch.equal(in_fp32(x), x)


@pytest.mark.parametrize("size", [(64, 128), (75, 117), (33, 40)])
@torch.no_grad()
def test_the_cpu_graph_says_what_the_plain_one_says(lively_network, size):
    image, scale = torch.from_numpy(make_image(*size))[None], torch.tensor([1.5])
    graphs = (kind(lively_network, InputSpec(), 10) for kind in (DeployedGraph, CpuGraph))
    (mask, confidence, depth_m), ours = (graph(image, scale) for graph in graphs)
    assert mask.unique().numel() > 3 and mask.shape == size
    assert (ours[0] == mask).float().mean() > 0.9999
    assert (ours[1].int() - confidence.int()).abs().max() <= 1
    assert (ours[2].isinf() == depth_m.isinf()).float().mean() > 0.9999
    both = ours[2].isfinite() & depth_m.isfinite()
    torch.testing.assert_close(ours[2][both], depth_m[both], rtol=1e-4, atol=0)


@torch.no_grad()
def test_labels_are_decided_for_squares_of_two_pixels_and_depth_for_each(lively_network):
    graph = DeployedGraph(lively_network, InputSpec(), None)
    image = torch.from_numpy(make_image(61, 90))[None]
    coarse = lively_network.coarse(graph._normalised(image))
    halves = [lively_network.stride // 2 * each for each in coarse["segmentation"].shape[2:]]
    labels = F.interpolate(coarse["segmentation"], size=halves, mode="bilinear").argmax(1)[0]
    mask, confidence, depth_m = graph(image, torch.ones(1))
    assert torch.equal(mask, labels.repeat_interleave(2, 0).repeat_interleave(2, 1)[:61, :90])
    assert torch.equal(confidence[:60:2], confidence[1::2]) and not torch.equal(depth_m[:60:2], depth_m[1::2])
