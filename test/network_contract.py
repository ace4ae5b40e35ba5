"""What every network has to keep, as tests to inherit: a new one says its spec and its number of weights.

`DeployedContract` adds what takes seconds for each: all that comes after `write_bundle`.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from engine_operators import unsupported
from outputs import infer

from mt_perception.backends.tensorrt import exported
from mt_perception.model.spec import NetworkSpec
from mt_perception.network.export import read_network
from mt_perception.network.fp16_rounding import rounded
from mt_perception.network.multitask import build_network
from mt_perception.testing import assert_alike

SIZE = (64, 96)


class NetworkContract:
    """`spec` describes the network; `parameters` is how many weights it has."""

    spec: NetworkSpec
    parameters: int

    @pytest.fixture(scope="class")
    def network(self):
        torch.manual_seed(3)
        return build_network(self.spec).eval()

    def test_it_has_its_weights(self, network):
        assert sum(each.numel() for each in network.parameters()) == self.parameters

    @torch.no_grad()
    @pytest.mark.parametrize("size", [SIZE, (33, 75)])
    def test_outputs_have_the_images_size(self, network, size):
        outputs = network(torch.zeros(1, 3, *size))
        assert outputs["segmentation"].shape == (1, len(self.spec.train_ids), *size)
        assert outputs["depth"].shape == (1, 1, *size)
        coarse = network.coarse(torch.zeros(1, 3, *size))["depth"]
        assert coarse.shape[2:] == tuple(-(-each // network.stride) for each in size)

    def test_every_weight_learns(self):
        torch.manual_seed(4)
        network = build_network(self.spec).train()
        outputs = network(torch.randn(2, 3, *SIZE))
        sum(each.square().mean() for each in outputs.values()).backward()
        assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


class DeployedContract(NetworkContract):
    """The same, exported: one conversion and one engine's program."""

    @pytest.fixture(scope="class")
    def bundle(self, lively_bundle):
        return lively_bundle(self.spec)

    @pytest.mark.parametrize("size", [SIZE, (50, 70)])
    def test_the_cpu_graph_says_what_pytorch_says(self, bundle, size):
        ours, reference = (infer(bundle, size, backend=backend, precision="fp32") for backend in ("openvino", "torch"))
        assert len(np.unique(reference["mask"])) > 2, "a mask of one class proves nothing"
        assert_alike(ours, reference, size)

    def test_a_bundle_brings_it_back(self, bundle):
        assert bundle.card.network == self.spec and bundle.card.parameters == self.parameters and bundle.card.gmacs > 0
        network = read_network(bundle)
        again = rounded(network).state_dict()  # once and for all
        assert all(torch.equal(again[name], each) for name, each in network.state_dict().items())

    def test_an_engine_would_hold_only_what_is_converted(self, bundle):
        assert unsupported(exported(bundle, SIZE, "fp32", "cpu")[0]) == (set(), set())
