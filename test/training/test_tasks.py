# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A third task: its truth by hand, learned, and left out of what is deployed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from miniature import write_city

from mt_perception.model.spec import InputSpec, NetworkSpec
from mt_perception.network.export import read_network
from mt_perception.pipeline import Perceiver
from mt_perception.settings import Settings
from mt_perception_training.data.sources import open_readers
from mt_perception_training.export import export
from mt_perception_training.module import MultiTaskModule
from mt_perception_training.options import LAST, RunOptions
from mt_perception_training.recipe import Losses, Phase, Recipe, RecipeError, parse_recipe
from mt_perception_training.tasks import Normals, extra_tasks
from mt_perception_training.train import train

PHASE = Phase({"city": 2}, epochs=1, steps=4, crop_width=96, crop_height=64)
RECIPE = Recipe(
    name="normals",
    network=NetworkSpec(decoder_width=16, train_ids=tuple(range(19)), extra_heads={"normals": 3}),
    input=InputSpec(96, 64),
    fx_px=100.0,
    phases=(PHASE,),
    losses=Losses(extra={"normals": 0.5}),
)


def batch_of(log_z: torch.Tensor, stride: int) -> dict[str, torch.Tensor]:
    height, width = log_z.shape
    return {"depth_m": log_z.exp()[None], "image": torch.zeros(1, 3, stride * height, stride * width)}


def test_normals_by_hand() -> None:
    """ln z grows by 0.04 every 4 pixels to the right: with f = 100 px, 45 degrees. At one pixel there is no truth."""
    log_z = 0.04 * torch.arange(6.0).repeat(4, 1)
    log_z[1, 0] = torch.nan
    target = Normals(100.0).target(batch_of(log_z, 4))[0]
    half = 0.5**0.5
    assert target[:, 2, 3].tolist() == pytest.approx([half, 0, -half], abs=1e-4)
    assert target[:, 1, 1].isnan().all() and target[:, 0].isnan().all() and target[:, :, 5].isnan().all()
    wall = Normals(100.0).target(batch_of(torch.zeros(3, 3), 4))[0, :, 1, 1]
    assert wall.tolist() == [0, 0, -1]


def test_the_loss_is_one_minus_the_cosine_where_there_is_truth() -> None:
    batch = batch_of(torch.zeros(3, 4), 4)
    output = torch.zeros(1, 3, 3, 4)
    output[0, :, 1, 1], output[0, :, 1, 2] = torch.tensor([0.0, 0, -7]), torch.tensor([0.0, 3, 0])
    assert Normals(100.0).loss(output, batch).item() == pytest.approx((0 + 1) / 2)
    unknown = batch | {"depth_m": torch.full((1, 3, 4), torch.nan)}
    output.requires_grad_()
    loss = Normals(100.0).loss(output, unknown)
    loss.backward()
    assert loss == 0 and not output.grad.any()


def test_unknown_tasks_are_refused() -> None:
    with pytest.raises(RecipeError, match="extra_heads has 'flow'; known: normals"):
        extra_tasks(NetworkSpec(extra_heads={"flow": 2}), 100.0)
    with pytest.raises(RecipeError, match="gives normals 2 channels; it has 3"):
        extra_tasks(NetworkSpec(extra_heads={"normals": 2}), 100.0)
    assert parse_recipe(RECIPE.to_dict()) == RECIPE


def test_trained_exported_and_left_out_of_the_graph(tmp_path: Path) -> None:
    folders = {"city": write_city(tmp_path / "city")}
    train(RECIPE, folders, RunOptions(tmp_path / "run", accelerator="cpu", precision="32-true"))
    bundle = export(tmp_path / "run" / LAST, tmp_path / "model", {})
    assert bundle.card.network == RECIPE.network
    assert read_network(bundle)(torch.zeros(1, 3, 64, 96))["normals"].shape == (1, 3, 64, 96)
    for backend in ("openvino", "torch"):
        perceiver = Perceiver.open(Settings(model=str(bundle.folder), backend=backend))
        assert perceiver.warm_up(runs=1) > 0
    assert "normals" not in bundle.file("graph.xml").read_text()


def test_the_head_learns_and_so_does_a_network_without_depth(tmp_path: Path) -> None:
    readers = open_readers(("city",), {"city": write_city(tmp_path / "city")}, "train")
    for spec in (RECIPE.network, dataclasses.replace(RECIPE.network, depth=False)):
        module = MultiTaskModule(dataclasses.replace(RECIPE, network=spec), readers, {})
        batch = next(iter(_batches(module)))
        parts = module.losses(batch, PHASE)
        parts["loss"].backward()
        assert ("depth" in parts) == spec.depth and parts["normals"] > 0
        assert all(p.grad.any() for p in module.network.heads["normals"].parameters())


def _batches(module: MultiTaskModule):
    from mt_perception_training.augment import Augmenter
    from mt_perception_training.data.batches import Batches

    yield Batches(module.training_readers, PHASE, Augmenter(PHASE, (64, 96), RECIPE.fx_px), first=0, seed=1)[0]
