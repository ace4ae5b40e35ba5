# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where a training starts if not at random weights: at another run's checkpoint, or at a model."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import torch
from torch import Tensor, nn

from mt_perception.datasets.holdout import ALL, Holdout
from mt_perception.model.bundle import open_model
from mt_perception.model.card import BundleCard, BundleError
from mt_perception.network.export import read_network
from mt_perception.network.fp16_rounding import is_idle
from mt_perception.network.multitask import MultiTaskNetwork
from mt_perception_training.checkpoint import read_checkpoint
from mt_perception_training.data.splits import trained_on, written
from mt_perception_training.options import TrainingError
from mt_perception_training.recipe import Recipe

STEPS = 4
"""Of a training, whose images tell the statistics of a model that it starts from."""


def open_start(weights: Path | str, recipe: Recipe) -> MultiTaskNetwork:
    """The network of a checkpoint, if `weights` is a file, else of the model of that name or folder.

    Raises `TrainingError` where there is neither, where its images were normalised in another way than the recipe's,
    and where it has seen what the recipe holds out, or its card does not say that it has not.
    """
    if Path(weights).expanduser().is_file():
        begun, network = read_checkpoint(Path(weights).expanduser())
        inputs, seen, said = begun.input, trained_on(begun, recipe.holdout), "was trained on"
    else:
        try:
            bundle = open_model(str(weights))
        except BundleError as error:
            raise TrainingError(
                f"weights is {str(weights)!r}, which is no checkpoint's file and no model: {error}"
            ) from None
        network = read_network(bundle)
        inputs, seen, said = bundle.card.input, _maybe_seen(bundle.card, recipe.holdout), "may have been trained on"
    if seen:
        raise TrainingError(f"{weights} {said} {written(seen)}, which is to be held out; start without it")
    if (inputs.mean, inputs.std) != (recipe.input.mean, recipe.input.std):
        raise TrainingError(
            f"{weights} was trained on images with the mean {inputs.mean} and the deviation {inputs.std}, the recipe "
            f"has {recipe.input.mean} and {recipe.input.std}; set them alike under input"
        )
    return network


def _maybe_seen(card: BundleCard, holdout: Holdout) -> dict[str, list[str]]:
    """What of `holdout` the card does not rule out; one that does not say by what it learned may have seen all."""
    seen = {}
    for name, groups in holdout.items() if card.trained else ():
        unseen = card.holdout.get(name, ())
        rest = [each for each in groups if each not in unseen]
        if rest and ALL not in unseen and name in (card.trained_on or holdout):
            seen[name] = rest
    return seen


@torch.no_grad()
def unfold(network: MultiTaskNetwork, inputs: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Give folded batch norms statistics again, in place, from images and cameras as the network is fed them.

    A model's norms are folded into the convolutions: they are left with nothing to do. In training they would divide by
    the deviation all the same, which then nothing makes up for. With mean and deviation measured, and factor and bias
    that undo them, the network computes what it did, in training as well.
    """
    norms = [each for each in network.modules() if isinstance(each, nn.BatchNorm2d) and is_idle(each)]
    if not norms:
        return
    sums: dict[nn.Module, Tensor] = {}

    def add(norm: nn.Module, given: tuple[Tensor, ...]) -> None:
        x = given[0].double().transpose(0, 1).flatten(1)
        parts = torch.stack([torch.full_like(x[:, 0], x.shape[1]), x.sum(1), x.square().sum(1)])
        sums[norm] = parts + sums.get(norm, torch.zeros_like(parts))

    with ExitStack() as hooks:
        for norm in norms:
            hooks.callback(norm.register_forward_pre_hook(add).remove)
        network.eval()
        for image, camera in inputs:
            network.coarse(image, camera)
    for norm in norms:
        count, total, squares = sums[norm]
        mean = total / count
        variance = (squares / count - mean.square()).clamp(min=0)
        norm.bias.add_(norm.weight * mean)
        norm.weight.mul_((variance + norm.eps).sqrt())
        norm.load_state_dict({**norm.state_dict(), "running_mean": mean, "running_var": variance})
