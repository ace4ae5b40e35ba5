# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What every backend, data set and network has to keep, as tests to inherit: of this package and of others alike.

    from mt_perception.testing import BackendContract

    class TestMine(BackendContract):
        backend = "mine"

Needs pytest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mt_perception.backends import Backend, open_backend
from mt_perception.datasets.sample import Reader, Sample
from mt_perception.model.bundle import Bundle, open_model
from mt_perception.model.spec import NetworkSpec
from mt_perception.settings import Settings
from mt_perception.types import OUTPUTS
from mt_perception.utils.image_files import read_image

Results = Mapping[str, NDArray[Any]]


def assert_alike(ours: Results, reference: Results, size: tuple[int, int]) -> None:
    """Within what backends may differ by: 0.1 % of the mask's pixels, 1e-3 of depth, one step of confidence."""
    assert {name: (a.dtype, a.shape) for name, a in ours.items()} == {n: (t, size) for n, t in OUTPUTS.items()}
    assert (ours["mask"] == reference["mask"]).mean() >= 0.999
    assert np.abs(ours["confidence"].astype(int) - reference["confidence"]).max() <= 1
    finite = np.isfinite(reference["depth_m"])
    assert finite.any() and (np.isfinite(ours["depth_m"]) == finite).mean() >= 0.999
    both = finite & np.isfinite(ours["depth_m"])
    np.testing.assert_allclose(ours["depth_m"][both], reference["depth_m"][both], rtol=1e-3)


class BackendContract:
    """`backend` is its name. Override the fixture `model` for another bundle than the package's default."""

    backend: str
    precision = "fp32"
    reference = "openvino"
    size = (64, 96)

    @pytest.fixture(scope="class")
    def model(self) -> Bundle:
        """The bundle that is run."""
        return open_model("")

    @pytest.fixture(scope="class")
    def image(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB with structure."""
        return _structured(self.size)

    @pytest.fixture(scope="class")
    def opened(self, model: Bundle) -> Backend:
        """The backend with that model."""
        return self._open(model, self.backend)

    def _open(self, model: Bundle, name: str) -> Backend:
        return open_backend(model, Settings(backend=name, precision=self.precision), self.size)

    def test_it_says_what_it_is(self, opened: Backend) -> None:
        assert opened.name == self.backend and opened.precision == self.precision and opened.device
        assert opened.fallback == "", "it is what was requested"

    def test_its_answers_are_those_of_the_reference(self, opened: Backend, model: Bundle, image: Any) -> None:
        reference = _copied(self._open(model, self.reference).infer(image, 1.5, tuple(OUTPUTS)))
        assert_alike(_copied(opened.infer(image, 1.5, tuple(OUTPUTS))), reference, self.size)

    @pytest.mark.parametrize("outputs", [("mask",), ("depth_m",), ("confidence", "mask"), ("mask",)])
    def test_what_is_requested_is_answered_alike(self, opened: Backend, image: Any, outputs: Collection[str]) -> None:
        whole = _copied(opened.infer(image, 1.0, tuple(OUTPUTS)))
        part = _copied(opened.infer(image, 1.0, outputs))
        assert set(part) == set(outputs)
        for name in outputs:
            np.testing.assert_allclose(part[name], whole[name], rtol=1e-4)

    def test_the_scale_multiplies_metres(self, opened: Backend, image: Any) -> None:
        once, twice = (_copied(opened.infer(image, scale, ("depth_m",)))["depth_m"] for scale in (1.0, 2.0))
        np.testing.assert_allclose(twice, 2 * once, rtol=1e-5)


def _structured(size: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB: soft spots."""
    coarse = np.random.default_rng(5).integers(0, 256, (5, 7, 3), np.uint8)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)  # type: ignore[return-value]


def _copied(results: Results) -> dict[str, NDArray[Any]]:
    """Arrays that the next call may overwrite."""
    return {name: array.copy() for name, array in results.items()}


class DatasetContract:
    """Override the fixture `reader`: a data set with at least one sample."""

    @pytest.fixture(scope="class")
    def reader(self) -> Reader:
        """The data set."""
        raise NotImplementedError("a data set's tests say what reader they are for")

    def test_every_sample_can_be_read(self, reader: Reader) -> None:
        assert len(reader) > 0
        for index in range(len(reader)):
            sample = reader[index]
            assert isinstance(sample, Sample) and sample.name
            assert sample.labels is not None or sample.depth_m is not None, "a sample knows something"

    def test_names_tell_samples_apart(self, reader: Reader) -> None:
        names = [reader[index].name for index in range(len(reader))]
        assert len(set(names)) == len(names)

    def test_the_files_of_a_sample_are_there_its_image_first(self, reader: Reader) -> None:
        for index in range(len(reader)):
            files = reader.files(index)
            assert files and all(each.is_file() for each in files)
            assert read_image(files[0], "rgb").shape[:2] == reader[index].size

    def test_a_sample_is_the_same_each_time(self, reader: Reader) -> None:
        first, again = reader[0], reader[0]
        for name in ("image", "labels", "depth_m"):
            np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


class NetworkContract:
    """`spec` describes a network of its encoder or decoder; `parameters` is how many weights it has. Needs PyTorch."""

    spec: NetworkSpec
    parameters: int
    size = (64, 96)

    @pytest.fixture(scope="class")
    def network(self) -> Any:
        """The network, with random weights."""
        return self._build().eval()

    def _build(self) -> Any:
        torch = pytest.importorskip("torch")
        from mt_perception.network.multitask import build_network

        torch.manual_seed(3)
        return build_network(self.spec)

    def test_it_has_its_weights(self, network: Any) -> None:
        assert sum(each.numel() for each in network.parameters()) == self.parameters

    @pytest.mark.parametrize("size", [(64, 96), (33, 75)])
    def test_outputs_have_the_images_size(self, network: Any, size: tuple[int, int]) -> None:
        torch = pytest.importorskip("torch")
        with torch.no_grad():
            outputs, coarse = (answer(torch.zeros(1, 3, *size)) for answer in (network, network.coarse))
        assert outputs["segmentation"].shape == (1, len(self.spec.train_ids), *size)
        assert outputs["depth"].shape == (1, 1, *size)
        assert coarse["depth"].shape[2:] == tuple(-(-each // network.stride) for each in size)

    def test_every_weight_learns(self) -> None:
        torch = pytest.importorskip("torch")
        network = self._build().train()
        outputs = network(torch.randn(2, 3, *self.size))
        sum(each.square().mean() for each in outputs.values()).backward()
        assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


class DeployedContract(NetworkContract):
    """The same, and what takes seconds more: its bundle, and the graph in it that a CPU runs. Needs OpenVINO, too."""

    @pytest.fixture(scope="class")
    def bundle(self, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
        """A bundle of it."""
        pytest.importorskip("torch")
        from mt_perception.network.export import write_untrained

        return write_untrained(tmp_path_factory.mktemp("models") / "model", "model", self.spec, self.size, seed=3)

    def test_a_bundle_brings_it_back(self, bundle: Bundle) -> None:
        torch = pytest.importorskip("torch")
        from mt_perception.network.export import read_network
        from mt_perception.network.fp16_rounding import rounded

        assert bundle.card.network == self.spec and bundle.card.parameters == self.parameters and bundle.card.gmacs > 0
        network = read_network(bundle)
        again = rounded(network).state_dict()  # once and for all
        assert all(torch.equal(again[name], each) for name, each in network.state_dict().items())

    @pytest.mark.parametrize("size", [(64, 96), (50, 70)])
    def test_the_cpu_graph_says_what_pytorch_says(self, bundle: Bundle, size: tuple[int, int]) -> None:
        image = _structured(size)
        ours, reference = (
            _copied(
                open_backend(bundle, Settings(backend=name, precision="fp32"), size).infer(image, 1.5, tuple(OUTPUTS))
            )
            for name in ("openvino", "torch")
        )
        assert_alike(ours, reference, size)
