# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The card of a model: what it is, what it was trained on, how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from mt_perception.errors import Error
from mt_perception.labels import CITYSCAPES, UNLABELLED, Label, LabelSet
from mt_perception.model.row_prior import RowPrior
from mt_perception.model.spec import InputSpec, NetworkSpec
from mt_perception.utils.plain_values import ValueMismatch, build, check_name, shown

FORMAT = 1
MAX_FX_PX = 1e6


class BundleError(Error, ValueError):
    """A folder that is no bundle, or one that is damaged or from another version."""

    page = "models"


@dataclass(frozen=True)
class TrainingCamera:
    """The camera that depth was learned with: focal length in pixels of the network's input of this width."""

    fx_px: float
    width_px: int

    def __post_init__(self) -> None:
        if not 1 <= self.fx_px <= MAX_FX_PX:
            raise ValueMismatch(f"fx_px is {self.fx_px}; allowed: 1 to {MAX_FX_PX:g} px")
        if not 1 <= self.width_px <= 65536:
            raise ValueMismatch(f"width_px is {self.width_px}; allowed: 1 to 65536 px")


@dataclass(frozen=True)
class BundleCard:
    """Everything a user of the model needs to know. `files` maps each file's name to its sha256.

    `labels` are the classes of its masks. `int8_scores` are what was measured when the int8 graph was made; it is kept
    only if it lost little. `splits` says on what part of each data set it was scored, `trained_on` by what data sets it
    learned, empty where that is not known, and `holdout` what groups of each it was never trained on. `row_prior` is
    what the image row alone says of
    depth where it was trained; None where that is not known. `source`: the `file` of an imported network, its `sha256`,
    and of what it makes `labels` and `depth`; empty for a network of this package. Only such a one may have no
    `training_camera`: its depth is then taken as it comes.
    """

    name: str
    trained: bool
    network: NetworkSpec
    input: InputSpec
    training_camera: TrainingCamera | None
    labels: LabelSet = CITYSCAPES
    parameters: int = 0
    gmacs: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)
    int8_scores: Mapping[str, float] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)
    trained_on: tuple[str, ...] = ()
    holdout: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    row_prior: RowPrior | None = None
    encoder_weights: str = "none"
    data: str = ""
    license: str = ""
    command: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def __post_init__(self) -> None:
        check_name(self.name)
        if unnamed := sorted(set(self.network.train_ids) - {UNLABELLED, self.labels.ignore, *self.labels.train_ids}):
            raise ValueMismatch(f"classes has none with the train_id {unnamed[0]}, which the network tells apart")

    @property
    def imported(self) -> bool:
        """Whether there is only the graph of it, for images of one size: a network from elsewhere."""
        return bool(self.source)

    @property
    def tells_labels(self) -> bool:
        """Whether there are classes that its masks tell apart."""
        return set(self.network.train_ids) != {UNLABELLED}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, the format's version first."""
        values = {"format": self.format, **asdict(self)}
        values["network"] = self.network.to_dict()
        labels = values.pop("labels")
        values["classes"] = labels.pop("labels")  # as it always was; what else a label set has came later
        values["label_set"] = labels
        values["units"] = {"depth": "m", "camera": "px", "mask": "trainId, 255 = unlabelled"}
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BundleCard:
        """The inverse of `to_dict`; what a later version may have added to it is passed over.

        Raises `BundleError` for another format, `ValueMismatch` for a value that is not allowed.
        """
        if not isinstance(values, Mapping):
            raise BundleError("it cannot be read as a model card: it has no keys and values")
        if values.get("format") != FORMAT:
            raise BundleError(f"format is {values.get('format')!r}; this version reads format {FORMAT}")
        known = {each.name for each in fields(cls)} - {"labels"}
        plain = {key: each for key, each in values.items() if key in known}
        return build(cls, plain | {"labels": _labels(values)}, "the card")


def _labels(values: Mapping[str, Any]) -> LabelSet:
    """Those of a card. One without a `label_set` is of a time when all were in the classes of Cityscapes, or nearly."""
    if "classes" not in values:
        return CITYSCAPES
    classes: tuple[Label, ...] = build(tuple[Label, ...], values["classes"], "the card.classes")
    sky = {"sky": CITYSCAPES.sky} if CITYSCAPES.sky in [each.name for each in classes] else {}
    about = values.get("label_set", {"name": CITYSCAPES.name, **sky})
    if not isinstance(about, Mapping):
        raise ValueMismatch(f"the card.label_set is {shown(about)}; expected keys and values")
    about = {key: each for key, each in about.items() if key in {each.name for each in fields(LabelSet)}}
    labels: LabelSet = build(LabelSet, {**about, "labels": classes}, "the card.label_set")
    return labels
