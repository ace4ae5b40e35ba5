# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A training that starts at a model: its folded norms work again, and what it may have seen is not held out after."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch
from miniature import write_city
from torch import Tensor, nn

from mt_perception.datasets.holdout import ALL
from mt_perception.model.bundle import CARD, Bundle, new_bundle, open_model
from mt_perception.model.spec import InputSpec, NetworkSpec
from mt_perception.network.export import read_network
from mt_perception.network.fp16_rounding import rounded
from mt_perception.network.multitask import MultiTaskNetwork
from mt_perception.utils.resources import DEFAULT_MODEL
from mt_perception_training.checkpoint import read_checkpoint
from mt_perception_training.cli import main
from mt_perception_training.options import LAST, RunOptions, TrainingError
from mt_perception_training.recipe import Phase, Recipe
from mt_perception_training.start import open_start, unfold
from mt_perception_training.train import train

STILL = Phase({"city": 2}, epochs=1, steps=1, crop_width=96, crop_height=64, learning_rate=1e-12)
RECIPE = Recipe(
    name="miniature", network=NetworkSpec(decoder_width=32), input=InputSpec(128, 64), fx_px=100.0, phases=(STILL,)
)


class Small(nn.Module):
    """A convolution, and a norm that is folded into it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1, eps=0.25)
        with torch.no_grad():
            self.conv.weight.fill_(2.0), self.norm.bias.fill_(3.0), self.norm.running_var.fill_(0.75)

    def coarse(self, image: Tensor, _: Tensor) -> Tensor:
        return self.norm(self.conv(image))


def test_a_folded_norm_is_given_statistics_by_hand() -> None:
    """0 and 3 become 0 and 6: mean 3, variance 9. What is left after the norm, 2 x + 3, is what it was."""
    small, x = Small(), torch.tensor([0.0, 3.0]).reshape(2, 1, 1, 1)
    unfold(small, [(x, torch.zeros(2, 4))])  # type: ignore[arg-type]
    assert (small.norm.running_mean.item(), small.norm.running_var.item()) == (3.0, 9.0)
    assert small.norm.weight.item() == pytest.approx(9.25**0.5) and small.norm.bias.item() == 6.0
    for module in (small.eval(), small.train()):
        torch.testing.assert_close(module.coarse(x, x).flatten(), torch.tensor([3.0, 9.0]))


def test_a_norm_at_work_keeps_its_statistics() -> None:
    small = Small()
    small.norm.running_mean.fill_(1.0)
    unfold(small, [])  # type: ignore[arg-type]
    assert small.norm.running_mean.item() == 1.0 and small.norm.bias.item() == 3.0


@torch.no_grad()
def test_a_model_computes_in_training_what_it_computed_before(lively_network: MultiTaskNetwork) -> None:
    inputs = [(torch.randn(4, 3, 64, 96), torch.zeros(4, 4)) for _ in range(2)]
    model = rounded(lively_network)
    before = model.coarse(*inputs[0])
    folded = rounded(lively_network).train().coarse(*inputs[0])
    unfold(model, inputs)
    after, training = model.eval().coarse(*inputs[0]), model.train().coarse(*inputs[0])
    for task, expected in before.items():
        torch.testing.assert_close(after[task], expected, rtol=1e-3, atol=1e-3 * expected.abs().max().item())
        assert (training[task] - expected).std() < 0.5 * (folded[task] - expected).std()


def test_a_training_starts_at_a_models_weights(bundle: Bundle, tmp_path: Path) -> None:
    city = write_city(tmp_path / "city")
    options = RunOptions(tmp_path / "run", accelerator="cpu", precision="32-true", weights=bundle.folder)
    train(RECIPE, {"city": city}, options)
    ours, model = read_checkpoint(tmp_path / "run" / LAST)[1], read_network(bundle)
    convolutions = {name for name, each in model.named_modules() if isinstance(each, nn.Conv2d)}
    for name in convolutions:
        torch.testing.assert_close(ours.get_submodule(name).weight, model.get_submodule(name).weight, rtol=0, atol=1e-6)


def test_a_packaged_model_is_a_start_by_its_name(cache_home: Path) -> None:
    card = open_model(DEFAULT_MODEL).card
    network = open_start(DEFAULT_MODEL, dataclasses.replace(RECIPE, input=card.input))
    assert network.spec == card.network


def test_what_a_model_may_have_seen_is_not_held_out_after(bundle: Bundle, tmp_path: Path) -> None:
    """A card that does not say by what the model learned may stand for one that has seen all but what was held out."""
    card = dataclasses.replace(bundle.card, trained=True, holdout={"camvid": ("0001TP",), "kitti_drive": (ALL,)})
    with new_bundle(tmp_path / "model", card) as folder:
        for name in bundle.card.files:
            shutil.copy(bundle.file(name), folder)
    start = str(tmp_path / "model")
    unseen = {"camvid": ("0001TP",), "kitti_drive": ("0005",)}
    open_start(start, dataclasses.replace(RECIPE, holdout=unseen))
    open_start(bundle.folder, dataclasses.replace(RECIPE, holdout={"camvid": ("0006R0",)}))  # untrained: it saw nothing
    for holdout, told in (
        ({"camvid": ("0001TP", "0006R0")}, "camvid=0006R0"),
        ({"city": ("street0000003",)}, "city=street0000003"),
    ):
        with pytest.raises(TrainingError, match=f"may have been trained on {told}, which is to be held out"):
            open_start(start, dataclasses.replace(RECIPE, holdout=holdout))
    told = json.loads((tmp_path / "model" / CARD).read_text()) | {"trained_on": ["camvid"]}
    (tmp_path / "model" / CARD).write_text(json.dumps(told))
    open_start(start, dataclasses.replace(RECIPE, holdout={"city": ("street0000003",)}))
    with pytest.raises(TrainingError, match="may have been trained on camvid=0006R0"):
        open_start(start, dataclasses.replace(RECIPE, holdout={"camvid": ("0006R0",)}))


def test_a_start_on_other_images_is_told_in_a_sentence(bundle: Bundle) -> None:
    halves = dataclasses.replace(RECIPE, input=InputSpec(128, 64, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)))
    with pytest.raises(TrainingError, match=r"with the mean \(0\.485, .* has \(0\.5, 0\.5, 0\.5\) and"):
        open_start(bundle.folder, halves)


@pytest.mark.parametrize("start", ["none.ckpt", "stret", "."])
def test_a_start_that_there_is_not_is_told_what_may_be_one(
    start: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = f"city={write_city(tmp_path / 'city')}"
    arguments = ["train", "--recipe", "city", "--data", data, "--out", str(tmp_path / "run"), "--weights", start]
    assert main(arguments) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"weights is '{start}', which is no checkpoint's file and no model: " in said
