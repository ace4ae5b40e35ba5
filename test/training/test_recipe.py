# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recipes: those of the package load, and mistakes are refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mt_perception.labels import CITYSCAPES
from mt_perception.utils import former_names
from mt_perception_training.cli import main
from mt_perception_training.recipe import RECIPES, RecipeError, load_recipe, parse_recipe

PHASE = {"batch": {"city": 2}, "epochs": 2}
VALUES = {"name": "x", "network": {}, "input": {}, "fx_px": 500, "phases": [PHASE]}


@pytest.mark.parametrize("name", [path.stem for path in RECIPES.glob("*.yaml")])
def test_recipes_of_the_package(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name and recipe.epochs >= 1
    assert parse_recipe(recipe.to_dict()) == recipe


def test_a_recipe_may_have_its_former_name(capsys: pytest.CaptureFixture[str]) -> None:
    former_names._give_notice.cache_clear()
    assert load_recipe("article").name == "baseline"
    assert "article is now called baseline" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nme": 1}, "unknown key 'nme'"),
        ({"fx_px": "long"}, "fx_px is 'long'"),
        ({"seed": True}, "seed is True"),
        ({"phases": [PHASE | {"crop_width": 100}]}, r"phases\[0\]: the crop is 100x288"),
        ({"phases": [PHASE | {"batch": {"city": 0}}]}, "batch is"),
        ({"phases": [PHASE | {"augmentation": {"scale": [2, 1]}}]}, "scale is"),
        ({"network": {"depth_encoding": {"name": "cubic"}}}, "depth encoding is 'cubic'"),
        ({"losses": {"depth_kind": "huber"}}, "depth_kind is 'huber'"),
        ({"labels": "cars"}, "there is no label set 'cars'"),
        ({"labels": 5}, "expected keys and values, with `labels` a list of classes"),
        (
            {"labels": "camvid", "network": {"train_ids": [0, 12]}},
            "has the train_id 12; the classes of camvid11",
        ),
        (
            {"labels": {"name": "x", "labels": [{"name": "a"}, {"name": "a"}]}},
            "two classes of x have the same name, 'a'",
        ),
    ],
)
def test_mistakes(change: dict, message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        parse_recipe(VALUES | change)
    assert "\n" not in str(caught.value)


def test_a_recipe_brings_its_classes_along(tmp_path: Path) -> None:
    """Its file may lie beside it; a checkpoint has them without the file. The network tells them all apart."""
    (tmp_path / "field.yaml").write_text("sky: sky\nlabels: [{name: crop, label_id: 7}, {name: sky}]")
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(VALUES | {"labels": "field.yaml"}))
    recipe = load_recipe(str(tmp_path / "x.yaml"))
    assert recipe.labels.names == ("crop", "sky") and recipe.network.train_ids == (0, 1)
    assert parse_recipe(recipe.to_dict()) == recipe
    assert parse_recipe(VALUES).labels == parse_recipe(VALUES | {"labels": "cityscapes"}).labels == CITYSCAPES
    assert parse_recipe(VALUES | {"labels": "camvid"}).network.train_ids == tuple(range(11))
    few = parse_recipe(VALUES | {"labels": "camvid", "network": {"train_ids": [3, 255]}})
    assert few.network.train_ids == (3, 255)


@pytest.mark.parametrize(
    "content",
    [b"[" * 20_000, b"\xff\xfe\xfd", b"null", b"!!python/object/apply:os.system [x]", b"network: {encoder: 5}"],
)
def test_what_is_no_recipe_is_refused_in_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(content)
    with pytest.raises(RecipeError, match=r"x\.yaml") as caught:
        load_recipe(str(tmp_path / "x.yaml"))
    assert "\n" not in str(caught.value)


def test_a_recipe_that_repeats_itself_a_billion_times_is_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    (tmp_path / "x.yaml").write_text("\n".join([*lines, "network: *a9"]))
    with pytest.raises(RecipeError, match="unknown key 'a0'"):
        load_recipe(str(tmp_path / "x.yaml"))
    values = yaml.safe_load((tmp_path / "x.yaml").read_text())
    with pytest.raises(RecipeError, match="network is ") as caught:
        parse_recipe(VALUES | {"network": values["a9"]})
    assert len(str(caught.value)) < 300


def test_a_missing_key_is_named() -> None:
    with pytest.raises(RecipeError, match="not given: fx_px"):
        parse_recipe({key: value for key, value in VALUES.items() if key != "fx_px"})


def test_phases_follow_each_other() -> None:
    recipe = parse_recipe(VALUES | {"phases": [PHASE | {"steps": 10}, PHASE | {"steps": 5, "epochs": 3}]})
    assert [recipe.locate(epoch)[0].steps for epoch in range(recipe.epochs)] == [10, 10, 5, 5, 5]
    assert recipe.locate(3)[1:] == (2, 20)


def test_the_command_line_answers_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--recipe", "nowhere", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("mt-perception-train: there is no recipe nowhere")
    assert main(["train", "--recipe", "street", "--out", str(tmp_path)]) == 1
    assert "--data camvid=FOLDER" in capsys.readouterr().err
