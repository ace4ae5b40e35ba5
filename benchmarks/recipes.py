# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Trains variants of a recipe, or networks, with the same number of steps and prints their scores side by side.

    python benchmarks/recipes.py --city CITY --out RUNS [--steps 400] [--only NAME ...]
    python benchmarks/recipes.py --city CITY --out RUNS --networks      # for mt-perception compare --scores RUNS

CITY: made by `mt-perception-train city --out CITY --seeds 60 --val-seeds 8`. A variant that is done is not run again,
one that was stopped goes on, so the command can be repeated until the table is complete.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from mt_perception.datasets.sample import Reader, Sample, labels_of
from mt_perception.labels import UNLABELLED
from mt_perception.model.spec import RELATED, DepthEncodingSpec
from mt_perception.utils.entry import run
from mt_perception_training.data.sources import InMemory
from mt_perception_training.export import export
from mt_perception_training.module import MultiTaskModule
from mt_perception_training.options import LAST, RunOptions
from mt_perception_training.recipe import Phase, Recipe, load_recipe
from mt_perception_training.train import train

TRAFFIC_LIGHT = 6
COLUMNS = ("city_miou", "city_abs_rel", "city_delta1")


class VoidIsTrafficLight:
    """A reader with one of the faults of the published code: its remap of ids gives void pixels a class."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self.labels = reader, labels_of(reader)

    def __len__(self) -> int:
        return len(self._reader)

    def __getitem__(self, index: int) -> Sample:
        sample = self._reader[index]
        return replace(sample, labels=np.where(sample.labels == UNLABELLED, TRAFFIC_LIGHT, sample.labels))

    def files(self, index: int) -> list[Path]:
        """As of the reader inside."""
        return list(self._reader.files(index))


def with_faults(recipe: Recipe, training: Mapping[str, Reader], validation: Mapping[str, Reader]) -> MultiTaskModule:
    """Void as a class, and an encoder that is detached and never trains; the third fault is the encoding `article`."""
    faulty = {name: InMemory(VoidIsTrafficLight(reader)) for name, reader in training.items()}
    module = MultiTaskModule(recipe, faulty, validation)
    module.network.encoder.requires_grad_(False)
    return module


def in_steps(recipe: Recipe, steps: int) -> Recipe:
    """The recipe with its phases shortened to `steps` in all, each an epoch."""
    lengths = [phase.epochs * phase.steps for phase in recipe.phases]
    phases = [
        replace(phase, epochs=1, steps=max(1, round(steps * length / sum(lengths))))
        for phase, length in zip(recipe.phases, lengths, strict=True)
    ]
    return replace(recipe, phases=tuple(phases))


def published(steps: int, encoding: str) -> Recipe:
    """The article's recipe on the city: its three resolutions are a quarter, half and all of the city's images."""
    min_m = 1.0 if encoding == "article" else 0.5
    better, baseline = load_recipe("city"), load_recipe("baseline")

    def on_city(phase: Phase) -> Phase:
        width, height = (phase.crop_width * 640 // 2048, phase.crop_height * 384 // 800)
        low, high = (each / 2 for each in phase.augmentation.scale)  # of 2048 px as of 640: relative to all of it
        augmentation = replace(phase.augmentation, scale=(low, high))
        return replace(phase, batch={"city": 8}, crop_width=width, crop_height=height, augmentation=augmentation)

    recipe = replace(
        baseline,
        phases=tuple(on_city(phase) for phase in baseline.phases),
        input=better.input,
        fx_px=better.fx_px,
        network=replace(better.network, depth_encoding=DepthEncodingSpec(encoding, min_m, 250.0)),
    )
    return in_steps(recipe, steps)


def better(steps: int, encoding: str = "log", segmentation: float = 1.0, depth: float | None = None) -> Recipe:
    """`city.yaml`, with another encoding or only one of its tasks."""
    recipe = load_recipe("city")
    losses = replace(recipe.losses, segmentation=segmentation, depth=recipe.losses.depth if depth is None else depth)
    phases = [replace(phase, lovasz=phase.lovasz * segmentation) for phase in recipe.phases]
    network = replace(recipe.network, depth_encoding=DepthEncodingSpec(encoding, 0.5, 250.0))
    return in_steps(replace(recipe, losses=losses, phases=tuple(phases), network=network), steps)


def with_network(name: str, steps: int) -> Recipe:
    """`city.yaml` with one of the related networks."""
    recipe = load_recipe("city")
    own = recipe.network
    network = replace(RELATED[name], train_ids=own.train_ids, depth_encoding=own.depth_encoding)
    return in_steps(replace(recipe, name=name, network=network), steps)


FAULTY = "published, with its three faults"
RECIPES: dict[str, Callable[[int], Recipe]] = {
    FAULTY: lambda steps: published(steps, "article"),
    "published, without the faults": lambda steps: published(steps, "log"),
    "city.yaml: both tasks, log encoding": better,
    "labels only": lambda steps: better(steps, depth=0.0),
    "depth only": lambda steps: better(steps, segmentation=0.0),
    "inverse encoding": lambda steps: better(steps, "inverse"),
    "sqrt encoding": lambda steps: better(steps, "sqrt"),
    "depth weight 4": lambda steps: better(steps, depth=4.0),
    "article encoding": lambda steps: better(steps, "article"),
}
NETWORKS: dict[str, Callable[[int], Recipe]] = {name: partial(with_network, name) for name in RELATED}
VARIANTS = RECIPES | NETWORKS


def scores_of(name: str, steps: int, city: Path, out: Path) -> dict[str, float]:
    """Train (or finish training) one variant and score the bundle made of its last weights."""
    run = out / f"{name.replace(' ', '-').replace(':', '').replace(',', '')}-{steps}"
    done = run / "scores.json"
    if not done.is_file():
        make = with_faults if name == FAULTY else MultiTaskModule
        train(VARIANTS[name](steps), {"city": city}, RunOptions(run, resume=(run / LAST).is_file()), make)
        card = export(run / LAST, run / "model", {"city": city}, allow_no_skill=True).card
        done.write_text(json.dumps({**card.scores, "gmacs": card.gmacs}))
    return json.loads(done.read_text())


def main() -> None:
    """Print the table as Markdown, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--city", type=Path, required=True, help="the rendered city")
    parser.add_argument("--out", type=Path, required=True, help="one folder per variant is made here")
    parser.add_argument("--steps", type=int, default=400, help="of 8 images (default 400)")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, metavar="NAME", help="some of the recipes and networks")
    parser.add_argument("--networks", action="store_true", help="the networks of docs/networks.md, not the recipes")
    options = parser.parse_args()
    rows = [f"| variant, {options.steps} steps | {' | '.join(COLUMNS)} |", "|---|" + "---|" * len(COLUMNS)]
    for name in options.only or (NETWORKS if options.networks else RECIPES):
        with contextlib.redirect_stdout(sys.stderr):  # Lightning's progress is no part of the table
            scores = scores_of(name, options.steps, options.city, options.out)
        rows.append(f"| {name} | " + " | ".join(f"{scores[column]:.3f}" for column in COLUMNS) + " |")
    print("\n".join(rows))


if __name__ == "__main__":
    raise SystemExit(run(main, "error"))
