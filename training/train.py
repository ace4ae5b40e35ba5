# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A training run in a folder: logs, the best and the last checkpoint, and resuming from the latter."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from mt_perception.datasets.sources import require_folders
from mt_perception.utils.hardware import computes_bf16, limited_threads, processor
from mt_perception_training.checkpoint import read_checkpoint
from mt_perception_training.data.sources import open_readers
from mt_perception_training.data.splits import with_blocks, written
from mt_perception_training.module import MultiTaskModule
from mt_perception_training.options import LAST, RunOptions, TrainingError
from mt_perception_training.recipe import Recipe
from mt_perception_training.start import open_start


def train(
    recipe: Recipe, folders: Mapping[str, Path], options: RunOptions,
    make_module: Callable[..., MultiTaskModule] = MultiTaskModule,
) -> Path:  # fmt: skip
    """Run the recipe (or the rest of it) and return the best checkpoint. A kill loses at most one epoch.

    `make_module` takes what `MultiTaskModule` takes, for experiments that change more than a recipe can.
    """
    resumable = options.out / LAST
    if options.resume and not resumable.is_file():
        raise TrainingError(f"there is nothing to resume: {resumable} does not exist")
    if resumable.is_file() and not options.resume:
        raise TrainingError(f"{options.out} holds a run already; add --resume to continue it, or give a new folder")
    if threads := options.threads or limited_threads():
        torch.set_num_threads(threads)
    precision, line = choose_precision(options.precision, options.accelerator)
    rank_zero_only(print)(line)
    _quiet()
    lightning.seed_everything(recipe.seed, verbose=False)
    require_folders((*recipe.datasets, *recipe.holdout), folders)
    recipe = with_blocks(recipe, folders)
    if options.resume:
        _require_same_holdout(recipe, resumable)
    start = open_start(options.weights, recipe) if options.weights else None
    training = open_readers(recipe.datasets, folders, "train", recipe.holdout, pseudo=options.pseudo_labels)
    judged = tuple(dict.fromkeys((*recipe.datasets, *recipe.holdout)))
    validation = open_readers(judged, folders, "val", recipe.holdout, taught=False)
    module = make_module(recipe, training, validation)
    if start:
        rank_zero_only(print)(module.start_from(start))
    elif not options.resume:
        rank_zero_only(print)(module.start_from_encoder(recipe.encoder_weights))
    best = ModelCheckpoint(options.out, filename="best", monitor="val/score", mode="max", enable_version_counter=False)
    # one of its own: `save_last` would skip the epochs that are not the best
    last = ModelCheckpoint(options.out, filename=resumable.stem, enable_version_counter=False)
    trainer = lightning.Trainer(
        default_root_dir=options.out,
        accelerator=options.accelerator,
        devices=options.devices,
        num_nodes=options.nodes,
        precision=precision,  # type: ignore[arg-type]
        max_epochs=min(recipe.epochs, options.epochs or recipe.epochs),
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        gradient_clip_val=recipe.gradient_clip or None,
        logger=_loggers(options.out),
        callbacks=[best, last, TQDMProgressBar(refresh_rate=10)],
        log_every_n_steps=20,
        enable_model_summary=False,
    )
    try:
        trainer.fit(module, ckpt_path=resumable if options.resume else None, weights_only=True)
    except SystemExit as error:  # so Lightning ends after Ctrl-C, as if all had failed
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    return Path(best.best_model_path)


def _require_same_holdout(recipe: Recipe, resumed: Path) -> None:
    """Raise `TrainingError` if what is to be held out is not what the run began with."""
    if (begun := read_checkpoint(resumed)[0].holdout) != recipe.holdout:
        told = [f"'{written(each)}'" if each else "nothing" for each in (begun, recipe.holdout)]
        raise TrainingError(
            f"{resumed} was begun with {told[0]} held out, not {told[1]}; go on with the same --holdout"
        )


def choose_precision(requested: str, accelerator: str) -> tuple[str, str]:
    """Lightning's name of the arithmetic, and a line that tells it.

    For `auto` it is never one that the machine emulates: a training in it stands still.
    """
    on_gpu = accelerator != "cpu" and torch.cuda.is_available()
    native = torch.cuda.is_bf16_supported(including_emulation=False) if on_gpu else computes_bf16()
    where = torch.cuda.get_device_name() if on_gpu else processor()
    precision = requested if requested != "auto" else "bf16-mixed" if native else "32-true"
    slow = "; it emulates bfloat16, and is slower in it than in 32-true" if "bf16" in precision and not native else ""
    return precision, f"precision {precision} on {where}{slow}"


def _loggers(out: Path) -> list[Logger]:
    """CSV always, TensorBoard where it is installed; a resumed run writes a new `version_N`."""
    loggers: list[Logger] = [CSVLogger(out, name="logs")]
    if find_spec("tensorboard"):
        loggers.append(TensorBoardLogger(out, name="tensorboard"))
    return loggers


def _quiet() -> None:
    """Lightning's advice does not apply: batches are made whole, and the average is meant to be in evaluation mode."""
    advice = ("does not have many workers", "exists and is not empty", "LeafSpec", "in eval mode", "logging interval")
    for text in advice:
        warnings.filterwarnings("ignore", f".*{text}.*")
    logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)
