# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

torch = pytest.importorskip("torch")
ov = pytest.importorskip("openvino")

from openvino import opset13 as ops
from safetensors.torch import load_file, save_file
from torch import nn

from mt_perception.model.bundle import WEIGHTS, load_bundle, new_bundle
from mt_perception.network.export import read_network
from mt_perception.network.fp16_rounding import _fold, halve, load, rounded, stored


def test_batch_norm_folds_into_the_convolution_by_hand():
    """(2 x - 3) / sqrt(3.5 + 0.5) * 4 + 1 = 4 x - 5."""
    conv, norm = nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1, eps=0.5)
    norm.running_mean.fill_(3.0), norm.running_var.fill_(3.5)
    with torch.no_grad():
        conv.weight.fill_(2.0), norm.weight.fill_(4.0), norm.bias.fill_(1.0)
        _fold(conv, norm)
    assert conv.weight.item() == 4.0
    x = torch.tensor([0.0, 1.0, 10.0]).reshape(3, 1, 1, 1)
    assert nn.Sequential(conv, norm).eval()(x).flatten().tolist() == [-5.0, -1.0, 35.0]


@torch.no_grad()
def test_rounding_changes_weights_and_hardly_results(lively_network):
    ours, x = rounded(lively_network), torch.randn(1, 3, 64, 96)
    assert all(torch.equal(each, each.half().float()) for each in ours.parameters())
    assert not all(torch.equal(each, each.half().float()) for each in lively_network.parameters())
    for task, expected in lively_network(x).items():
        torch.testing.assert_close(ours(x)[task], expected, rtol=0, atol=0.01 * expected.abs().max().item())
    for name, weight in rounded(ours).state_dict().items():  # once and for all
        assert torch.equal(weight, ours.state_dict()[name]), name


@torch.no_grad()
def test_only_what_loses_nothing_is_stored_in_half():
    network = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm2d(1))
    network[0].weight.copy_(torch.tensor([[0.5, 3.0]])), network[0].bias.fill_(1 / 3), network[1].running_mean.fill_(2)
    assert {name: each.dtype for name, each in stored(network).items()} == {
        "0.weight": torch.float16,
        "0.bias": torch.float32,
        "1.weight": torch.float16,
        "1.bias": torch.float16,
        "1.running_mean": torch.float16,
        "1.running_var": torch.float16,
        "1.num_batches_tracked": torch.int64,
    }


@torch.no_grad()
def test_of_a_folded_norm_the_bias_alone_is_stored():
    def network():
        return nn.Sequential(nn.Conv2d(2, 3, 1, bias=False), nn.BatchNorm2d(3))

    ours, again = network(), network()
    ours[1].running_mean.uniform_(), ours[1].running_var.uniform_(1, 2), ours[1].bias.uniform_()
    _fold(*ours)
    assert stored(ours).keys() == {"0.weight", "1.bias"}
    load(again, stored(ours) | {"1.bias": ours[1].bias})
    assert torch.equal(again[1].running_var, ours[1].running_var) and torch.equal(again[1].bias, ours[1].bias)
    with pytest.raises(RuntimeError, match="Missing key"):
        load(again, {"1.bias": ours[1].bias})


def test_halved_constants_give_the_same_results():
    x = ops.parameter([2], np.float32)
    exact, third = ops.constant(np.float32([0.5, 3])), ops.constant(np.float32([1 / 3, 1]))
    model = ov.Model([ops.add(ops.multiply(x, exact), third)], [x])
    expected = ov.compile_model(model, "CPU")(np.float32([1, 2]))[0].copy()
    halve(model)
    kinds = sorted(
        each.get_element_type().get_type_name() for each in model.get_ops() if each.get_type_name() == "Constant"
    )
    assert kinds == ["f16", "f32"]
    assert (ov.compile_model(model, "CPU")(np.float32([1, 2]))[0] == expected).all()


def test_a_bundle_takes_half_the_bytes(bundle):
    weights = load_file(bundle.file(WEIGHTS))
    assert sum(each.nbytes for each in weights.values()) < 2.1 * bundle.card.parameters


def test_weights_in_fp32_of_older_bundles_are_read(bundle, lively_network, tmp_path):
    with new_bundle(tmp_path / "old", bundle.card) as folder:
        save_file(lively_network.state_dict(), folder / WEIGHTS)
    network = read_network(load_bundle(tmp_path / "old"))
    for name, weight in lively_network.state_dict().items():
        assert torch.equal(network.state_dict()[name], weight), name
