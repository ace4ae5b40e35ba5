# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The training loop's content: one step, one validation, the optimiser and its schedule. Lightning runs it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import lightning
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from mt_perception.datasets.sample import Reader, labels_of
from mt_perception.evaluation.datasets.scoreboard import Scoreboard
from mt_perception.network.decoder import upsample
from mt_perception.network.graph import DeployedGraph
from mt_perception.network.multitask import MultiTaskNetwork, build_network
from mt_perception_training.augment import Augmenter
from mt_perception_training.checkpoint import with_todays_keys
from mt_perception_training.data.batches import Batches, single_threaded
from mt_perception_training.data.sources import InMemory, relabelled
from mt_perception_training.depthwise import depthwise_in_fp32
from mt_perception_training.losses import MultiTaskLoss
from mt_perception_training.options import TrainingError
from mt_perception_training.predict import predict
from mt_perception_training.pretrained import load_encoder
from mt_perception_training.recipe import Phase, Recipe
from mt_perception_training.start import STEPS, unfold
from mt_perception_training.superclasses import Targets
from mt_perception_training.tasks import extra_tasks


class MultiTaskModule(lightning.LightningModule):
    """A network, the running average of its weights (which is what gets validated and exported), and their data."""

    mean: Tensor
    std: Tensor

    def __init__(self, recipe: Recipe, training: Mapping[str, Reader], validation: Mapping[str, Reader]) -> None:
        super().__init__()
        self.recipe = recipe
        self.network = build_network(recipe.network).to(memory_format=torch.channels_last)
        for each in self.network.modules():
            if isinstance(each, nn.BatchNorm2d):
                each.momentum = 0.1  # some encoders come with 0.01, which is right only after a thousand steps
        self.average = AveragedModel(self.network, multi_avg_fn=self._update_average, use_buffers=True)
        self.average.requires_grad_(False).eval()
        depthwise_in_fp32(self.network)
        sources = [labels_of(each) for each in training.values()]
        targets = Targets(recipe.labels, recipe.network.train_ids, sources)
        self.loss = MultiTaskLoss(recipe.losses, self.network.depth_encoding, targets)
        self.extra = extra_tasks(recipe.network, recipe.fx_px)
        self._in_memory = all(isinstance(each, InMemory) for each in training.values())
        self.training_readers = {name: relabelled(each, targets.truth) for name, each in training.items()}
        self.validation_readers = validation
        for name in ("mean", "std"):
            values = torch.tensor(getattr(recipe.input, name)).view(1, 3, 1, 1)
            self.register_buffer(name, values, persistent=False)

    @property
    def averaged(self) -> MultiTaskNetwork:
        """The network with the average of the weights."""
        return cast(MultiTaskNetwork, self.average.module)

    def start_from(self, network: MultiTaskNetwork) -> str:
        """Take the weights of another run or of a model, as far as they fit, and tell in a line what did not.

        Raises `TrainingError` if nothing of the encoder fits.
        """
        unfold(network, self.first_inputs(STEPS))
        own = self.averaged.state_dict()
        given = {key: each for key, each in network.state_dict().items() if key in own and each.shape == own[key].shape}
        if not any(name.startswith("encoder.") for name in given):
            raise TrainingError(
                f"the weights to start from are those of {network.spec}; the recipe wants {self.recipe.network}"
            )
        for each in (self.network, self.averaged):
            each.load_state_dict(given, strict=False)
        new = sorted({name.rpartition(".")[0] for name in own.keys() - given.keys()})
        return f"{len(given)} of {len(own)} weights taken; new: {', '.join(new) or 'none'}"

    def first_inputs(self, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
        """What the network is fed in its first steps, at most so many: normalised images, and their cameras."""
        phase, *_ = self.recipe.locate(0)
        batches = Batches(self.training_readers, phase, self._augmenter(phase), 0, self.recipe.seed)
        for index in range(min(steps, len(batches))):
            batch = batches[index]
            yield self.normalised(batch["image"]), batch["camera"]

    def _augmenter(self, phase: Phase) -> Augmenter:
        return Augmenter(phase, (self.recipe.input.height, self.recipe.input.width), self.recipe.fx_px)

    def start_from_encoder(self, source: str) -> str:
        """Take the encoder's weights from elsewhere, and tell it in a line; see `pretrained.load_encoder`."""
        line = load_encoder(self.network.encoder, source)
        self.averaged.load_state_dict(self.network.state_dict())
        return line

    def normalised(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) uint8 -> what the network is fed."""
        return ((image / 255 - self.mean) / self.std).contiguous(memory_format=torch.channels_last)

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        """Loss of one mixed batch."""
        phase, *_ = self.recipe.locate(self.current_epoch)
        parts = self.losses(batch, phase)
        self.log_dict({f"train/{name}": value.detach() for name, value in parts.items()}, prog_bar=True, on_epoch=False)
        return parts["loss"]

    def losses(self, batch: dict[str, Tensor], phase: Phase) -> dict[str, Tensor]:
        """`loss` and its parts, at the resolution of the batch's targets."""
        outputs = self.network.coarse(self.normalised(batch["image"]), batch["camera"])
        size = batch["labels"].shape[-2:]
        if outputs["segmentation"].shape[-2:] != size:
            outputs = {task: upsample(x, size) for task, x in outputs.items()}
        with torch.autocast(self.device.type, enabled=False):
            outputs = {task: x.float() for task, x in outputs.items()}
            parts = self.loss(outputs["segmentation"], outputs.get("depth"), batch, phase.lovasz)
            for name, task in self.extra.items():
                parts[name] = task.loss(outputs[name], batch)
                parts["loss"] = parts["loss"] + self.recipe.losses.extra.get(name, 1.0) * parts[name]
            return parts

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """A checkpoint says what it is: exporting it needs nothing else."""
        checkpoint["recipe"] = self.recipe.to_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """What the release before saved goes on, too."""
        checkpoint["state_dict"] = with_todays_keys(checkpoint["state_dict"], checkpoint["global_step"])

    def on_train_batch_end(self, *_: object) -> None:
        """The average follows the network."""
        self.average.update_parameters(self.network)

    @torch.no_grad()
    def _update_average(self, averaged: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor | int) -> None:
        """Exponentially; slowly, but not in the beginning, when there is nothing to keep. Counters are copied."""
        decay = min(self.recipe.average_decay, (1 + int(updates)) / (10 + int(updates)))
        for mean, value in zip(averaged, current, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)

    def on_validation_epoch_start(self) -> None:
        """Scores are collected anew."""
        # in a tuple, where it is no submodule: checkpoints hold these weights already
        self._deployed = (DeployedGraph(self.averaged, self.recipe.input, self.recipe.labels.sky_id).to(self.device),)
        self._board = Scoreboard(self.recipe.labels)

    def validation_step(self, batch: tuple[str, int], _: int) -> None:
        """One whole image of one data set, by its index, at the scale at which the network will be deployed."""
        name, index = batch
        reader = self.validation_readers[name]
        sample = reader[index]
        size = (self.recipe.input.height, self.recipe.input.width)
        self._board.add(name, labels_of(reader), sample, *predict(self._deployed[0], sample, size, self.recipe.fx_px))

    def on_validation_epoch_end(self) -> None:
        """`val/score` picks the best checkpoint."""
        scores = self._board.summary()
        self.log_dict({f"val/{name}": value for name, value in scores.items()}, prog_bar=True)
        self.log("val/score", self._board.overall())

    def train_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """The batches of the current epoch; asked for anew at each, since each knows its step numbers."""
        phase, first_epoch, steps_before = self.recipe.locate(self.current_epoch)
        first = steps_before + (self.current_epoch - first_epoch) * phase.steps
        ranks = self.trainer.global_rank, self.trainer.world_size
        batches = Batches(self.training_readers, phase, self._augmenter(phase), first, self.recipe.seed, *ranks)
        if self._in_memory:
            return DataLoader(batches, batch_size=None)  # some percent of a step: not worth another process
        # spawned, since a fork of a process whose threads compute may never wake up
        return DataLoader(
            batches, batch_size=None, num_workers=4, worker_init_fn=single_threaded, multiprocessing_context="spawn"
        )

    def val_dataloader(self) -> DataLoader[tuple[str, int]]:
        """Names and indices; the images are read where they are used."""
        limit = self.recipe.validation_images
        indices = [
            (name, i)
            for name, reader in self.validation_readers.items()
            for i in range(0, len(reader), -(-len(reader) // limit) if limit else 1)
        ]
        return DataLoader(indices, batch_size=None)  # type: ignore[arg-type]

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Each part by itself: of one norm for all, the steeper task would leave the other nothing."""
        if gradient_clip_val:
            for part in (self.network.encoder, self.network.decoder, *self.network.heads.values()):
                nn.utils.clip_grad_norm_(part.parameters(), gradient_clip_val)

    def configure_optimizers(self) -> Any:
        """AdamW, without decay of norms and biases, at the rate that the recipe's phases give."""
        encoder = {id(each) for each in self.network.encoder.parameters()}
        groups: list[dict[str, Any]] = []
        for each in (each for each in self.parameters() if each.requires_grad):
            decay = self.recipe.weight_decay if each.ndim > 1 else 0.0
            rate = self.recipe.encoder_rate if id(each) in encoder else 1.0
            groups.append({"params": [each], "weight_decay": decay, "lr": rate})
        optimizer = torch.optim.AdamW(groups, lr=1.0)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate(self.recipe, step))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def learning_rate(recipe: Recipe, step: int) -> float:
    """One cosine cycle per phase: up from a 25th of its rate during the warm-up, then down to its final share.

    As `OneCycleLR`, of which an optimizer takes one alone: it keeps its limits in the parameter groups.
    """
    for phase in recipe.phases:
        length = phase.epochs * phase.steps
        if step < length:
            break
        step -= length
    done = min(1.0, step / length)
    if done < phase.warmup:
        low, high, part = 1 / 25, 1.0, done / phase.warmup
    else:
        low, high, part = 1.0, phase.final, (done - phase.warmup) / max(1e-9, 1 - phase.warmup)
    return phase.learning_rate * (low + (high - low) * (1 - math.cos(math.pi * part)) / 2)
