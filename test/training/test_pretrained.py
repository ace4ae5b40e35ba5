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
    with pytest.raises(TrainingError, match="encoder_weights is '/none'; allowed: none, imagenet, or the path of a"):
        load_encoder(small, "/none")
    (tmp_path / "rubbish.pth").write_bytes(b"rubbish")
    with pytest.raises(TrainingError, match="does not hold the weights of the classifier mobilenet_v3_small"):
        load_encoder(small, str(tmp_path / "rubbish.pth"))
    with pytest.raises(TrainingError, match="this encoder starts from random weights alone"):
        load_encoder(build_encoder("segnet"), "imagenet")
