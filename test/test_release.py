# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What an earlier release wrote is read today: its models, recordings and recipes (`data/release_8fd8a58`)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mt_perception import Perceiver
from mt_perception.bags.bag import Bag
from mt_perception.commands.main import main
from mt_perception.messages.read import array_from_image, camera_from_info, frame_from_message, with_camera
from mt_perception.topics import CONFIDENCE, DEPTH, MASK

RELEASE = Path(__file__).parent / "data" / "release_8fd8a58"
RECORDING = RELEASE / "recording"
OF_THE_TRUTH = ("miou", "pixel_accuracy", "abs_rel", "sq_rel", "rmse", "rmse_log", "delta1", "coverage", "spearman")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its bundle."""
    folder = tmp_path_factory.mktemp("release")
    shutil.unpack_archive(RELEASE / "model.tar.xz", folder)
    return folder / "model"


def messages(bag: Bag, *topics: str) -> list[tuple]:
    """Those of one frame each, in the order of `topics`."""
    return list(zip(*([each.message() for each in bag.messages([topic])] for topic in topics), strict=True))


@pytest.mark.usefixtures("cache_home")
def test_its_model_says_today_what_it_said_then(model: Path) -> None:
    pytest.importorskip("openvino")
    perceiver = Perceiver.open(model=str(model), backend="openvino", precision="fp32")
    results = f"/{MASK}", f"/{CONFIDENCE}", f"/{DEPTH}"
    with Bag(RECORDING) as bag:
        frames = messages(bag, "/left/image_rect/compressed", "/left/camera_info", *results)
    assert len(frames) == 4
    for image, info, *recorded in frames:
        prediction = perceiver(with_camera(frame_from_message(image), camera_from_info(info)))
        mask, confidence, depth_m = (array_from_image(each) for each in recorded)
        assert len(np.unique(mask)) > 2 and (prediction.mask == mask).mean() >= 0.999
        assert np.abs(prediction.confidence.astype(int) - confidence).max() <= 1
        np.testing.assert_allclose(prediction.depth_m, depth_m, rtol=1e-3)


def test_its_model_is_described(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(model)]) == 0
    said = capsys.readouterr().out
    assert "lively" in said and "timm/test_efficientnet, light_weight_refinenet, 8 wide" in said
    assert "0.5 to 250 m, log encoding" in said and "86,185" in said


@pytest.mark.parametrize("command", [["evaluate"], ["bag", "evaluate"]], ids=" ".join)
def test_its_recording_has_the_scores_that_it_had(command: list[str], tmp_path: Path) -> None:
    assert main([*command, str(RECORDING), "--json", str(tmp_path / "scores.json")]) == 0
    (found,) = json.loads((tmp_path / "scores.json").read_text())["recordings"]
    then = json.loads((RELEASE / "scores.json").read_text())
    assert found["images"] == found["results"] == 4
    assert {name: found["scores"][name]["value"] for name in OF_THE_TRUTH} == pytest.approx(
        {name: then[name] for name in OF_THE_TRUTH}, rel=1e-6
    )
    assert then.keys() <= found["scores"].keys()


@pytest.mark.parametrize("name", ["street", "city", "article"])
def test_its_recipes_can_be_trained(name: str) -> None:
    recipes = pytest.importorskip("mt_perception_training.recipe")
    recipe = recipes.load_recipe(str(RELEASE / f"{name}.yaml"))
    assert recipe.name == name and recipe.epochs >= 1
    assert recipes.parse_recipe(recipe.to_dict()) == recipe
