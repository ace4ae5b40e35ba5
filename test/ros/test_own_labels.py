# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Classes of one's own, the whole way: a data set, a training, a model, a node, a recording of it, and its scores."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("lightning")

from mt_perception.bags.bag import Bag
from mt_perception.commands.main import main
from mt_perception.datasets.cityscapes import encode_depth, write_camera
from mt_perception.messages.read import array_from_image
from mt_perception.model.bundle import load_bundle
from mt_perception.types import Camera
from mt_perception_training.cli import main as train

HEIGHT, WIDTH = 64, 96
CAMERA = Camera(WIDTH, HEIGHT, 80.0, 80.0, 47.5, 31.5)
GRASS, CROP, OBSTACLE, SKY = 3, 7, 1, 9  # as files have them
LABELS = """
name: field
sky: sky
labels:
  - {name: grass, label_id: 3, color: [120, 200, 80]}
  - {name: crop, label_id: 7, color: [200, 180, 0]}
  - {name: sky, label_id: 9, color: [70, 130, 180]}
  - {name: obstacle, label_id: 1, color: [200, 30, 30]}
"""
RECIPE = """
name: field
labels: field/labels.yaml
fx_px: 80
input: {width: 96, height: 64}
network: {decoder_width: 16, depth_encoding: {name: log, min_m: 0.5, max_m: 100.0}}
losses: {class_weights: {obstacle: 2.0}}
phases:
  - {batch: {own: 2}, epochs: 1, steps: 8, crop_width: 96, crop_height: 64, learning_rate: 5.0e-3}
"""


def write_field(folder: Path) -> Path:
    """Sky over grass and crop, with one obstacle, in the layout of a data set with classes of its own."""
    rng = np.random.default_rng(0)
    colors = np.zeros((256, 3))
    colors[[GRASS, CROP, SKY, OBSTACLE]] = (60, 150, 60), (200, 180, 20), (120, 160, 230), (180, 20, 20)
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None]
    for split, frames in (("train", 4), ("val", 6)):
        for name in ("image", "label", "depth", "camera"):
            (folder / split / name).mkdir(parents=True)
        for number in range(frames):
            ids = np.full((HEIGHT, WIDTH), SKY, np.uint8)
            ids[HEIGHT // 2 :], ids[HEIGHT // 2 :, WIDTH // 2 :] = GRASS, CROP
            depth_m = np.where(ids == SKY, np.inf, 90 / np.maximum(1, rows - HEIGHT / 2 + 3)).astype(np.float32)
            x = int(rng.integers(0, WIDTH - 30))
            ids[20:50, x : x + 30], depth_m[20:50, x : x + 30] = OBSTACLE, 5.0
            image = np.clip(colors[ids] + rng.normal(0, 8, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)
            for kind, content in (("image", image[..., ::-1]), ("label", ids), ("depth", encode_depth(depth_m))):
                cv2.imwrite(str(folder / split / kind / f"{number}.png"), content)
            write_camera(folder / split / "camera" / f"{number}.json", CAMERA)
    (folder / "labels.yaml").write_text(LABELS)
    return folder


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_field(tmp_path_factory.mktemp("own") / "field")


def test_four_classes_of_ones_own_go_all_the_way(
    field: Path, tmp_path: Path, cache_home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe, data, model = field.parent / "field.yaml", ["--data", f"own={field}"], tmp_path / "model"
    recipe.write_text(RECIPE)
    quickly = ["--accelerator", "cpu", "--precision", "32-true"]
    assert train(["train", "--recipe", str(recipe), *data, "--out", str(tmp_path / "run"), *quickly]) == 0
    checkpoint = ["--checkpoint", str(tmp_path / "run/last.ckpt"), "--allow-no-skill"]
    assert train(["export", *checkpoint, *data, "--out", str(model)]) == 0
    card = load_bundle(model).card
    assert card.labels.names == ("grass", "crop", "sky", "obstacle") and card.labels.sky_id == 2
    assert card.network.train_ids == (0, 1, 2, 3) and 0 < card.scores["own_miou"] < 1
    assert "field: grass, crop, sky, obstacle" in capfd.readouterr().out

    assert main(["bag", "from-dataset", str(field), str(tmp_path / "bag"), "--split", "val"]) == 0
    arguments = ["--input", str(tmp_path / "bag"), "--out", str(tmp_path / "demo"), "--model", str(model)]
    assert main(["demo", *arguments]) == 0
    summary = json.loads((tmp_path / "demo/summary.json").read_text())
    recording = tmp_path / "demo/recording"
    with Bag(recording) as bag:
        masks = [array_from_image(each.message()) for each in bag.messages(["/segmentation/mask"])]
        metres = [array_from_image(each.message()) for each in bag.messages(["/depth/image"])]
    assert set(np.unique(masks)) <= {0, 1, 2, 3}
    assert any((mask == 2).any() for mask in masks), "sky is half of what was learned"
    assert all(np.isposinf(depth_m[mask == 2]).all() for mask, depth_m in zip(masks, metres, strict=True))

    scores = ["bag", "evaluate", str(recording), "--model", str(model), "--json", str(tmp_path / "scores.json")]
    assert main([*scores, "--html", str(tmp_path / "page.html")]) == 0
    said = capfd.readouterr().out
    assert "mean IoU is over the 4 classes of field, 36,864 pixels" in said
    (found,) = json.loads((tmp_path / "scores.json").read_text())["recordings"]
    assert found["scores"]["miou"]["value"] == summary["miou"] > 0
    assert found["over"]["classes"] == summary["over"]["classes"] == ["grass", "crop", "sky", "obstacle"]
    page = (tmp_path / "page.html").read_text()
    assert "obstacle" in page and "pedestrian" not in page and "#c81e1e" in page
