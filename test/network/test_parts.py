# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Encoders and decoders by name: what is not in the contract of whole networks."""

import sys

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F

from mt_perception.model.spec import VARIANTS, InputSpec, NetworkSpec, SpecError
from mt_perception.network.cost import multiply_adds
from mt_perception.network.cpu_graph import CpuGraph
from mt_perception.network.decoder import LinearConcat
from mt_perception.network.encoders import build_encoder
from mt_perception.network.folding import conv_norm_pairs
from mt_perception.network.graph import DeployedGraph
from mt_perception.network.multitask import build_network
from mt_perception.network.segnet import unpool


def test_unpooling_puts_values_where_the_indices_say():
    """Small whole numbers, so that many of a window are equal; the first of them counts."""
    like = torch.randint(0, 3, (2, 3, 10, 14), generator=torch.Generator().manual_seed(0)).float()
    pooled, indices = F.max_pool2d(like, 2, return_indices=True)
    x = torch.randn(pooled.shape)
    assert torch.equal(unpool(x, like), F.max_unpool2d(x, indices, 2))


@torch.no_grad()
def test_linear_concat_is_linear_resize_concat_and_pointwise():
    decoder = LinearConcat(((3,), (4, 5)), width=8)
    fine, first, second = torch.randn(1, 3, 6, 10), torch.randn(1, 4, 3, 5), torch.randn(1, 5, 3, 5)
    levels = [decoder.linear[0](fine), decoder.linear[1](torch.cat([first, second], 1))]
    resized = [F.interpolate(each, (6, 10), mode="bilinear", align_corners=False) for each in levels]
    torch.testing.assert_close(decoder([[fine], [first, second]]), decoder.mix(torch.cat(resized, 1)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("timm/nothing", "has no model 'nothing'"),
        ("timm/vit_tiny_patch16_224", "has maps at strides .*16.*; the decoders need 4 too"),
        ("resnet", "encoder is 'resnet'; allowed: mobilenet_v3_small, .*, timm/NAME, or an installed plug-in"),
    ],
)
def test_encoders_that_there_are_not(name, said):
    pytest.importorskip("timm")
    with pytest.raises(SpecError, match=said):
        build_encoder(name)


def test_without_timm_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(SpecError, match=r"needs the Python package timm.*pip install 'mt_perception\[networks\]'"):
        build_encoder("twins_svt_small")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"decoder": "segnet"}, "takes the maps of the encoder 'segnet' alone"),
        ({"encoder": "segnet", "decoder": "segnet", "decoder_width": 128}, "decoder_width is 128; .* set 64"),
        ({"separable": "some"}, "separable is 'some'; allowed: none, encoder, decoder, all"),
        ({"extra_heads": {"depth": 1}}, "extra_heads has 'depth'"),
        ({"extra_heads": {"normals": 0}}, "extra_heads has 'normals' with 0 channels"),
    ],
)
def test_what_does_not_go_together(values, said):
    with pytest.raises(SpecError, match=said):
        build_network(NetworkSpec(**values))


def test_specs_of_older_cards_are_read_and_new_ones_come_back():
    """The card of the first models knew nothing of the last three options."""
    new = ("separable", "depth", "extra_heads")
    old = {name: value for name, value in NetworkSpec(decoder_width=64).to_dict().items() if name not in new}
    assert NetworkSpec.from_dict(old) == NetworkSpec(decoder_width=64)
    for spec in (*VARIANTS.values(), NetworkSpec(depth=False, extra_heads={"normals": 3})):
        assert NetworkSpec.from_dict(spec.to_dict()) == spec
    assert str(spec) == "mobilenet_v3_small, light_weight_refinenet, 256 wide, no depth, normals"


class Order(torch.nn.Module):
    """Convolutions and norms in an order that their names do not tell; only the first two are neighbours."""

    def __init__(self):
        super().__init__()
        for name in ("read_twice", "shared", "before"):
            setattr(self, f"norm_{name}", torch.nn.BatchNorm2d(3))
            setattr(self, name, torch.nn.Conv2d(3, 3, 1))

    def forward(self, x):
        x = self.norm_before(self.before(x))
        y = self.read_twice(x)
        x = self.norm_read_twice(y) + y
        return {"x": self.norm_shared(self.shared(self.shared(x)))}


def test_norms_are_found_behind_their_convolutions_wherever_these_stand():
    assert conv_norm_pairs(Order()) == [("before", "norm_before")]


@torch.no_grad()
def test_without_depth_all_of_it_is_unknown():
    network = build_network(NetworkSpec(decoder_width=16, depth=False)).eval()
    image = torch.randint(0, 256, (1, 50, 70, 3), dtype=torch.uint8)
    for graph in (DeployedGraph(network, InputSpec(), 10), CpuGraph(network, InputSpec(), 10)):
        mask, _, depth_m = graph(image, torch.ones(1))
        assert mask.shape == depth_m.shape == (50, 70) and depth_m.isnan().all()


def test_counting_needs_no_image_to_be_computed():
    """A head more: 32 and 32 x 9 multiply-adds at each of 16 x 24 places."""
    with_depth, without = (NetworkSpec(decoder_width=32, train_ids=(0,), depth=each) for each in (True, False))
    head = 32 + 32 * 9
    assert multiply_adds(build_network(with_depth), (64, 96)) - multiply_adds(build_network(without), (64, 96)) == (
        head * 16 * 24
    )
