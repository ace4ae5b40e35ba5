# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What to train and how, as frozen values read from YAML. A wrong key or value is refused in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mt_perception.datasets.own import parse_labels
from mt_perception.datasets.sample import DatasetError
from mt_perception.datasets.sources import open_labels
from mt_perception.errors import Error
from mt_perception.labels import CITYSCAPES, UNLABELLED, LabelSet
from mt_perception.model.spec import InputSpec, NetworkSpec
from mt_perception.utils import former_names
from mt_perception.utils.former_names import current
from mt_perception.utils.plain_values import ValueMismatch, build

RECIPES = Path(__file__).parent / "recipes"


class RecipeError(Error, ValueError):
    """A recipe that does not exist, or holds a key or value that is not allowed."""

    page = "training"


@dataclass(frozen=True)
class Augmentation:
    """Random changes of the image; see `augment.py`. `scale` is relative to the scale of the deployed network."""

    scale: tuple[float, float] = (0.6, 1.8)
    flip: float = 0.5
    color: float = 0.3
    blur: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.scale[0] <= self.scale[1]:
            raise RecipeError(f"augmentation scale is {list(self.scale)}; expected two growing positive factors")


@dataclass(frozen=True)
class Phase:
    """A stretch of training with one crop size and one learning-rate cycle, `epochs` times `steps` long.

    `batch`: samples per step, by data set. `loss_stride`: the loss is taken at every such pixel; 4 is the decoder's
    own resolution and costs nothing, 1 is the full image. `lovasz`: weight of the IoU loss. `warmup`: share of the
    cycle that climbs to `learning_rate`; the rest falls to `final` of it.
    """

    batch: Mapping[str, int]
    epochs: int
    steps: int = 200
    crop_width: int = 384
    crop_height: int = 288
    loss_stride: int = 4
    lovasz: float = 0.0
    learning_rate: float = 3e-3
    warmup: float = 0.1
    final: float = 0.001
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        batch = {current(name, former_names.DATASETS): count for name, count in self.batch.items()}
        object.__setattr__(self, "batch", batch)
        if not batch or any(count < 1 for count in batch.values()):
            raise RecipeError(f"batch is {batch}; expected data sets with at least one sample each")
        if self.epochs < 1 or self.steps < 1:
            raise RecipeError(f"a phase has {self.epochs} epochs of {self.steps} steps; both must be at least 1")
        if self.crop_width % 8 or self.crop_height % 8 or min(self.crop_width, self.crop_height) < 64:
            got = f"{self.crop_width}x{self.crop_height}"
            raise RecipeError(f"the crop is {got}; both must be multiples of 8, and at least 64")
        if self.loss_stride not in (1, 2, 4):
            raise RecipeError(f"loss_stride is {self.loss_stride}; allowed: 1, 2, 4")


@dataclass(frozen=True)
class Losses:
    """How the two tasks are scored; see `losses.py`. `class_weights` by class name, 1 where not named.

    `depth_gradient`: weight, beside the depth's own error, of what keeps its edges sharp. `smoothness`: weight of what
    keeps depth from bending inside a segment; both are left out at 0. `extra`: weights of the
    network's extra heads, 1 where not named; see `tasks.py`.
    """

    segmentation: float = 1.0
    label_smoothing: float = 0.0
    class_weights: Mapping[str, float] = field(default_factory=dict)
    depth: float = 1.0
    depth_kind: str = "mse"
    depth_gradient: float = 0.0
    smoothness: float = 0.0
    uncertainty: bool = False
    extra: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.depth_kind not in ("mse", "l1", "berhu"):
            raise RecipeError(f"depth_kind is {self.depth_kind!r}; allowed: mse, l1, berhu")


@dataclass(frozen=True)
class CardTexts:
    """What the exported model's card says about where it comes from."""

    data: str = ""
    license: str = ""
    command: str = ""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, besides the images.

    `labels`: the classes of the network, in YAML `cityscapes`, `camvid`, `idd_lite` or a FILE.yaml beside the recipe;
    see `mt_perception.datasets.own`. With others than Cityscapes' the network tells them all apart unless it has
    `train_ids`.

    `fx_px` is the focal length, in pixels of the network's input, that all depth is brought to. `encoder_weights`: what
    the encoder starts from, `none`, `imagenet`, `package:NAME` or a file; see `pretrained.py`. `encoder_rate`: its
    share of the learning rate. `gradient_clip`: the largest norm of the gradient of each part (encoder, decoder, each
    head); none at 0. `validation_images`: at most so many of each data set, spread evenly; all at 0. `holdout`: by
    data set the groups (drives, streets, cities) that are validated on, never trained on; see
    `mt_perception.datasets.holdout`.
    """

    name: str
    network: NetworkSpec
    input: InputSpec
    fx_px: float
    phases: tuple[Phase, ...]
    labels: LabelSet = CITYSCAPES
    losses: Losses = field(default_factory=Losses)
    weight_decay: float = 0.01
    gradient_clip: float = 0.0
    average_decay: float = 0.998
    seed: int = 1
    encoder_weights: str = "none"
    encoder_rate: float = 1.0
    validation_images: int = 0
    holdout: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    card: CardTexts = field(default_factory=CardTexts)

    def __post_init__(self) -> None:
        known = {UNLABELLED, self.labels.ignore, *self.labels.train_ids}
        if unknown := [each for each in self.network.train_ids if each not in known]:
            ids = ", ".join(map(str, self.labels.train_ids))
            raise RecipeError(f"network has the train_id {unknown[0]}; the classes of {self.labels.name} have {ids}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `parse_recipe` takes; a checkpoint carries them."""
        return asdict(self)

    @property
    def epochs(self) -> int:
        """Of all phases together."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The names of all data sets that some phase uses."""
        return tuple(dict.fromkeys(name for phase in self.phases for name in phase.batch))

    def locate(self, epoch: int) -> tuple[Phase, int, int]:
        """The phase that `epoch` belongs to, its first epoch, and the number of steps before it."""
        first = steps = 0
        for phase in self.phases:
            if epoch < first + phase.epochs:
                break
            first, steps = first + phase.epochs, steps + phase.epochs * phase.steps
        return phase, first, steps


def load_recipe(name: str) -> Recipe:
    """The recipe of a YAML file, or one that comes with the package (`street`, `city`, `baseline`)."""
    name = current(name, former_names.RECIPES)
    path = Path(name) if name.endswith((".yaml", ".yml")) else RECIPES / f"{name}.yaml"
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(each.stem for each in RECIPES.glob("*.yaml")))
        raise RecipeError(f"there is no recipe {name}; give the path of a .yaml file, or one of {known}") from None
    except (RecursionError, UnicodeDecodeError) as error:  # thousands of brackets, or no text at all
        raise RecipeError(f"{path} is no recipe ({type(error).__name__}); give a text of keys and values") from None
    except yaml.YAMLError as error:
        raise RecipeError(f"{path} is no valid YAML: {' '.join(str(error).split())}") from error
    return parse_recipe(values, path.name, path.parent)


def parse_recipe(values: Any, where: str = "recipe", folder: Path = Path()) -> Recipe:
    """Plain values -> `Recipe`. `folder`: where the file of its label set lies."""
    try:
        recipe: Recipe = build(Recipe, _with_labels(values, where, folder), where)
        return recipe
    except (ValueMismatch, DatasetError) as error:
        raise RecipeError(str(error)) from None


def _with_labels(values: Any, where: str, folder: Path) -> Any:
    """The values with their label set read, and with it the network's trainIds where they are not told."""
    if not isinstance(values, dict) or "labels" not in values:
        return values
    told = values["labels"]
    labels = open_labels(told, folder) if isinstance(told, str) else parse_labels(told, f"{where}.labels")
    network = values.get("network")
    if labels != CITYSCAPES and isinstance(network, dict):
        network = {"train_ids": list(labels.train_ids)} | network
    return values | {"labels": labels} | ({"network": network} if "network" in values else {})
