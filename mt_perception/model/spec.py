# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a network is made of, as plain values (no torch), so that a bundle can hold it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mt_perception.errors import Error
from mt_perception.utils.plain_values import ValueMismatch, build

DEPTH_ENCODINGS = ("log", "inverse", "sqrt", "article")
MAIN_TASKS = ("segmentation", "depth")
MAX_DEPTH_M = 1e5
SEPARABLE = ("none", "encoder", "decoder", "all")
IMPORTED = "imported"
"""Encoder and decoder of a network from elsewhere, of which there is but the graph."""


class SpecError(Error, ValueError):
    """A network or depth encoding that this version does not know."""

    page = "networks"


@dataclass(frozen=True)
class DepthEncodingSpec:
    """Between metres and the number that the network learns; `network/depth_encodings.py` has the formulas.

    `min_m` to `max_m` is the range that can be told apart; what lies beyond `max_m` is reported as infinite.
    """

    name: str = "log"
    min_m: float = 0.5
    max_m: float = 250.0

    def __post_init__(self) -> None:
        if self.name not in DEPTH_ENCODINGS:
            raise SpecError(f"depth encoding is {self.name!r}; allowed: {', '.join(DEPTH_ENCODINGS)}")
        if not 0 < self.min_m < self.max_m <= MAX_DEPTH_M:
            raise SpecError(
                f"depth range is {self.min_m} to {self.max_m} m; it must grow, from above 0 to {MAX_DEPTH_M:g}"
            )


@dataclass(frozen=True)
class InputSpec:
    """What the network is fed: RGB of this size in pixels, `(x / 255 - mean) / std` per channel."""

    width: int = 1024
    height: int = 512
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        if not (32 <= self.width <= 8192 and 32 <= self.height <= 8192):
            raise SpecError(f"input size is {self.width}x{self.height}; allowed: 32 to 8192 px each way")
        finite = all(map(math.isfinite, (*self.mean, *self.std)))
        if len(self.mean) != 3 or len(self.std) != 3 or not finite or min(self.std) <= 0:
            raise SpecError(f"normalisation is {self.mean}, {self.std}; expected 3 means and 3 positive deviations")


@dataclass(frozen=True)
class NetworkSpec:
    """Names and options that `network.multitask.build_network` turns into a network.

    `train_ids[i]` is the trainId that channel i of the segmentation head stands for. `head_level` is the level of the
    encoder at which the decoder ends and the heads run, 0 for its finest (1/4 of the image, or all of it with
    SegNet and U-Net), 1 for the next.
    `separable` names the part whose convolutions are exchanged for separable ones (`network/separable.py`); `decoder`
    includes the heads. Without `depth` there is no head for it, and all depth is unknown. `extra_heads` are further
    tasks and their number of channels: they are trained, and no part of what is deployed. With `rays` the decoder is
    told where each cell of its maps looks (`network/rays.py`).

    Of `light_weight_refinenet` alone: `pooling_steps` of each chained pooling, none at 0; `decoder_norm`, a batch norm
    after every pointwise convolution; `head_kernel`, the size of the heads' last convolution.

    `depth_bins`: how many depths the depth head gives a score to, to take their mean; 0 for a head that says the depth
    itself (`network/bins.py`).
    """

    encoder: str = "mobilenet_v3_small"
    decoder: str = "light_weight_refinenet"
    decoder_width: int = 256
    train_ids: tuple[int, ...] = (*range(19), 255)
    depth_encoding: DepthEncodingSpec = field(default_factory=DepthEncodingSpec)
    head_level: int = 0
    separable: str = "none"
    depth: bool = True
    extra_heads: Mapping[str, int] = field(default_factory=dict)
    rays: bool = False
    pooling_steps: int = 4
    decoder_norm: bool = False
    head_kernel: int = 3
    depth_bins: int = 0

    def __post_init__(self) -> None:
        if self.head_level not in (0, 1, 2):
            raise SpecError(f"head_level is {self.head_level}; allowed: 0, 1, 2, for the encoder's finest levels")
        if self.separable not in SEPARABLE:
            raise SpecError(f"separable is {self.separable!r}; allowed: {', '.join(SEPARABLE)}")
        if wrong := [name for name, count in self.extra_heads.items() if name in MAIN_TASKS or count < 1]:
            raise SpecError(
                f"extra_heads has {wrong[0]!r} with {self.extra_heads[wrong[0]]} channels; "
                f"expected at least 1, and other names than {', '.join(MAIN_TASKS)}"
            )
        if not 8 <= self.decoder_width <= 2048:
            raise SpecError(f"decoder_width is {self.decoder_width}; allowed: 8 to 2048 channels")
        if not 0 <= self.pooling_steps <= 8:
            raise SpecError(f"pooling_steps is {self.pooling_steps}; allowed: 0 to 8")
        if self.head_kernel not in (1, 3, 5):
            raise SpecError(f"head_kernel is {self.head_kernel}; allowed: 1, 3, 5")
        if self.depth_bins not in (0, *range(2, 257)):
            raise SpecError(f"depth_bins is {self.depth_bins}; allowed: 2 to 256, or 0 for depth without bins")
        shape = self.pooling_steps, self.decoder_norm, self.head_kernel
        if self.decoder != "light_weight_refinenet" and shape != (4, False, 3):
            names = "pooling_steps, decoder_norm and head_kernel"
            raise SpecError(f"decoder is {self.decoder!r}; {names} shape light_weight_refinenet alone: leave them out")
        if not self.train_ids or any(not 0 <= each <= 255 for each in self.train_ids):
            raise SpecError(f"train_ids are {list(self.train_ids)}; expected at least one, each from 0 to 255")

    def __str__(self) -> str:
        if self.encoder == IMPORTED:
            return IMPORTED
        parts = [self.encoder, self.decoder, f"{self.decoder_width} wide"]
        if self.separable != "none":
            parts.append(f"separable convolutions in {self.separable}")
        parts += ["batch norm in the decoder"] * self.decoder_norm + ["rays"] * self.rays
        parts += [f"depth in {self.depth_bins} bins"] * bool(self.depth_bins)
        return ", ".join([*parts, *([] if self.depth else ["no depth"]), *self.extra_heads])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self) | {"train_ids": list(self.train_ids)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NetworkSpec:
        """The inverse of `to_dict`; an unknown key or a wrong type is refused with a `SpecError`."""
        try:
            return build(cls, values, "network")
        except ValueMismatch as error:
            raise SpecError(str(error)) from None


WIDTHS: dict[str, NetworkSpec] = {
    "wide": NetworkSpec(decoder_width=256),
    "standard": NetworkSpec(decoder_width=128),
    "narrow": NetworkSpec(decoder_width=64),
    "standard-coarse": NetworkSpec(decoder_width=128, head_level=1),
    "narrow-coarse": NetworkSpec(decoder_width=64, head_level=1),
}
"""The published network, called `wide`, and cheaper ones of its kind; `coarse` ones have their heads at 1/8."""

RELATED: dict[str, NetworkSpec] = {
    "mobilenet_v3_small": NetworkSpec("mobilenet_v3_small", decoder_width=128),
    "mobilenet_v3_large": NetworkSpec("mobilenet_v3_large", decoder_width=128),
    "twins_svt_small": NetworkSpec("twins_svt_small", "linear_concat", 128),
    "twins_pcpvt_small": NetworkSpec("twins_pcpvt_small", "linear_concat", 128),
    "segnet": NetworkSpec("segnet", "segnet", 64),
    "segnet-separable": NetworkSpec("segnet", "segnet", 64, separable="all"),
    "unet": NetworkSpec("unet", "unet", 64),
    "unet-separable": NetworkSpec("unet", "unet", 64, separable="all"),
}
"""The network with other encoders, and the related ones; docs/networks.md compares them."""

VARIANTS = WIDTHS | RELATED
"""All of them: what `mt-perception init --network` knows by name."""
