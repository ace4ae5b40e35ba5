# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The comparison of recipes compares what it says: the same steps, the faults where they belong."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
from miniature import write_city

from mt_perception.datasets.cityscapes import Cityscapes


@pytest.fixture(scope="module")
def comparison(root: Path):
    spec = importlib.util.spec_from_file_location("recipes", root / "benchmarks" / "recipes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_variants_take_the_same_steps_and_images(comparison):
    for name, make in comparison.VARIANTS.items():
        phases = make(400).phases
        assert sum(phase.epochs * phase.steps for phase in phases) == 400, name
        assert all(phase.batch == {"city": 8} for phase in phases), name


def test_the_published_resolutions_are_those_of_the_citys_images(comparison):
    phases = comparison.published(400, "log").phases
    assert [(phase.crop_width, phase.crop_height) for phase in phases] == [(160, 96), (320, 192), (640, 384)]
    # at scale 1/4 the whole image just fills the crop; a crop of 0.08 of the area is enlarged by 3.54
    assert [phase.augmentation.scale[0] for phase in phases] == [0.25, 0.5, 1.0]
    assert phases[0].augmentation.scale[1] == pytest.approx(0.25 / 0.08**0.5, rel=0.01)


def test_the_faults(comparison, tmp_path: Path):
    sample = Cityscapes(write_city(tmp_path / "city"), "train")[0]
    labels = sample.labels.copy()
    labels[:5, :7] = 255
    module = comparison.with_faults(
        comparison.VARIANTS[comparison.FAULTY](400), {"city": [replace(sample, labels=labels)]}, {}
    )
    assert not any(each.requires_grad for each in module.network.encoder.parameters())
    assert all(each.requires_grad for each in module.network.decoder.parameters())
    assert (module.training_readers["city"][0].labels[:5, :7] == 6).all()
    assert module.network.depth_encoding.spec.name == "article"
