# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import pytest

torch = pytest.importorskip("torch")

from mt_perception.model.spec import DEPTH_ENCODINGS, DepthEncodingSpec, InputSpec, NetworkSpec, SpecError
from mt_perception.network.cost import multiply_adds
from mt_perception.network.cpu_graph import CpuGraph
from mt_perception.network.decoder import max_pool_5x5
from mt_perception.network.depth_encodings import DepthEncoding
from mt_perception.network.graph import DeployedGraph
from mt_perception.network.multitask import build_network


@pytest.fixture(scope="module")
def published():
    torch.manual_seed(0)
    return build_network(NetworkSpec(decoder_width=256))


def test_the_published_network_has_the_published_size(published):
    parameters = {name: sum(p.numel() for p in part.parameters()) for name, part in published.named_children()}
    assert parameters["encoder"] == 870_560
    assert parameters["decoder"] + parameters["heads"] == 1_116_949
    assert multiply_adds(published, (200, 512)) / 1e9 == pytest.approx(1.18, abs=0.005)
    assert multiply_adds(published, (400, 1024)) / 1e9 == pytest.approx(4.67, abs=0.005)


@pytest.mark.parametrize("size", [(64, 128), (50, 70), (33, 97)])
def test_outputs_have_the_inputs_size(lively_network, size):
    outputs = lively_network(torch.zeros(2, 3, *size))
    assert outputs["segmentation"].shape == (2, 20, *size)
    assert outputs["depth"].shape == (2, 1, *size)


def test_heads_may_run_at_an_eighth_for_less_work():
    fine, coarse = (build_network(NetworkSpec(decoder_width=32, head_level=level)).eval() for level in (0, 1))
    image = torch.zeros(1, 3, 64, 96)
    assert [fine.stride, coarse.stride] == [4, 8]
    assert {x.shape[2:] for x in coarse.coarse(image).values()} == {(8, 12)}
    assert coarse(image)["depth"].shape == (1, 1, 64, 96)
    assert multiply_adds(coarse, (64, 96)) < multiply_adds(fine, (64, 96))
    mask, _, depth_m = CpuGraph(coarse, InputSpec(), None)(torch.zeros(1, 50, 70, 3, dtype=torch.uint8), torch.ones(1))
    assert mask.shape == depth_m.shape == (50, 70)


def test_every_weight_of_the_encoder_learns_from_either_task():
    """The published code's skips were detached: its encoder stayed at its initial weights."""
    network = build_network(NetworkSpec(decoder_width=16)).train()
    for task in ("segmentation", "depth"):
        network.zero_grad()
        network(torch.randn(2, 3, 64, 96))[task].square().mean().backward()
        silent = [name for name, p in network.encoder.named_parameters() if p.grad is None or not p.grad.any()]
        assert silent == []


def test_pooling_in_two_passes_is_the_same():
    x = torch.randn(1, 3, 11, 17)
    assert torch.equal(max_pool_5x5(x), torch.nn.functional.max_pool2d(x, 5, 1, 2))


@pytest.mark.parametrize("name", DEPTH_ENCODINGS)
def test_encodings_have_exact_inverses(name):
    encoding = DepthEncoding(DepthEncodingSpec(name, 1.0 if name == "article" else 0.3, 120.0))
    depth_m = torch.tensor([1.0, 1.7, 12.5, 119.9])
    torch.testing.assert_close(encoding.decode(encoding.encode(depth_m)), depth_m, rtol=1e-4, atol=0)
    assert encoding.encode(torch.tensor(torch.inf)).item() == pytest.approx(encoding.top)
    assert (encoding.encode(depth_m).diff() > 0).all()


def test_nearby_depth_survives_all_but_the_published_encoding():
    near = torch.tensor([0.35, 0.8])
    for name in ("log", "inverse", "sqrt"):
        encoding = DepthEncoding(DepthEncodingSpec(name, 0.3, 120.0))
        torch.testing.assert_close(encoding.decode(encoding.encode(near)), near, rtol=1e-4, atol=0)
    article = DepthEncoding(DepthEncodingSpec("article", 0.3, 250.0))
    assert article.encode(near).tolist() == [0, 0]
    assert article.encode(torch.tensor(20.0)).item() == pytest.approx(2.9957 / 5, abs=1e-4)


class Fixed(torch.nn.Module):
    """A network that says what the test wants: two classes and sky, one value of depth per column."""

    spec = NetworkSpec(train_ids=(0, 13, 10, 255))
    depth_encoding = DepthEncoding(DepthEncodingSpec("log", 1.0, 100.0))
    stride = 1

    def coarse(self, x, camera=None):
        logits = torch.zeros(1, 4, 1, 4)
        for column in range(4):
            logits[0, column, 0, column] = 3.0
        return {"segmentation": logits, "depth": torch.tensor([[[[0.0, 0.5, 0.5, 1.0]]]])}


def test_the_graph_gives_finished_results():
    graph = DeployedGraph(Fixed(), InputSpec(), sky=10)
    mask, confidence, depth_m = graph(torch.zeros(1, 1, 4, 3, dtype=torch.uint8), torch.tensor([2.0]))
    assert mask.tolist() == [[0, 13, 10, 255]]
    # e^3 / (e^3 + 3) = 0.870
    assert confidence.tolist() == [[222, 222, 222, 222]]
    # 1 m and 10 m, twice as far through the other lens; sky and what lies beyond the range are infinite
    assert depth_m[0].tolist() == pytest.approx([2.0, 20.0, float("inf"), float("inf")])


def test_the_graph_normalises_like_imagenet():
    seen = {}

    class Watching(Fixed):
        def coarse(self, x, camera=None):
            seen["x"] = x
            return super().coarse(x, camera)

    pixels = torch.tensor([[[[255, 0, 128]] * 4]], dtype=torch.uint8)
    DeployedGraph(Watching(), InputSpec(), sky=10)(pixels, torch.ones(1))
    assert seen["x"][0, :, 0, 0].tolist() == pytest.approx([2.2489, -2.0357, 0.4265], abs=1e-3)


@pytest.mark.parametrize(
    "values",
    [
        {"encoder": "resnet"},
        {"head_level": 3},
        {"decoder_width": 0},
        {"train_ids": ()},
        {"train_ids": (300,)},
        {"decoder": "x"},
    ],
)
def test_unknown_networks_are_refused(values):
    with pytest.raises(SpecError):
        build_network(NetworkSpec(**values))


def test_spec_round_trip_and_unknown_key():
    spec = NetworkSpec(decoder_width=64, train_ids=(0, 1), depth_encoding=DepthEncodingSpec("sqrt", 1.0, 80.0))
    assert NetworkSpec.from_dict(spec.to_dict()) == spec
    with pytest.raises(SpecError, match="unknown key 'width'"):
        NetworkSpec.from_dict({"width": 3})
