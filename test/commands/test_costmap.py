# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The parameters of Nav2's semantic layer follow the classes of the model."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mt_perception.commands.costmap import layer_parameters
from mt_perception.commands.main import main
from mt_perception.datasets.sources import LABEL_SETS
from mt_perception.labels import Label, LabelSet

FIELD = LabelSet("field", tuple(Label(n, i, i, (i, i, i)) for i, n in enumerate(("grass", "crop", "air"))), sky="air")


def types_of(text: str) -> dict[str, list[str]]:
    """The classes by their types, as the layer reads them."""
    layer = yaml.safe_load(text)["local_costmap"]["local_costmap"]["ros__parameters"]["semantic_segmentation_layer"]
    source = layer[layer["observation_sources"]]
    types = {name: each["classes"] for name, each in source.items() if isinstance(each, dict)}
    assert list(types) == source["class_types"]
    return types


def test_the_shipped_file_is_that_of_the_packages_model(root: Path, tmp_path: Path) -> None:
    assert main(["costmap", "--out", str(tmp_path / "nav2.yaml")]) == 0
    assert (tmp_path / "nav2.yaml").read_text() == (root / "config" / "nav2_semantic_layer.yaml").read_text()


@pytest.mark.parametrize("labels", [FIELD, *LABEL_SETS.values()], ids=lambda each: each.name)
def test_every_class_is_of_one_type_and_no_type_is_empty(labels: LabelSet) -> None:
    types = types_of(layer_parameters(labels, {}))
    assert sorted(name for names in types.values() for name in names) == sorted(labels.names)
    assert all(types.values()) and labels.sky in types["nothing"]


def test_a_class_that_stands_for_several_is_what_the_worst_of_them_is() -> None:
    assert types_of(layer_parameters(LABEL_SETS["idd_lite"], {})) == {
        "drivable": ["drivable"],
        "passable": ["not drivable"],
        "obstacle": ["vehicle", "roadside object", "far object"],
        "alive": ["living thing"],
        "nothing": ["sky"],
    }


def test_what_is_not_known_is_an_obstacle_unless_the_user_says_what_it_is() -> None:
    assert types_of(layer_parameters(FIELD, {})) == {"obstacle": ["grass", "crop"], "nothing": ["air"]}
    said = layer_parameters(FIELD, {"grass": "drivable"})
    assert types_of(said) == {"drivable": ["grass"], "obstacle": ["crop"], "nothing": ["air"]}


@pytest.mark.parametrize(
    ("types", "told"),
    [
        (["grass"], "--type is 'grass'; expected CLASS=TYPE with TYPE one of nothing, drivable, passable,"),
        (["road=soft"], "--type is 'road=soft'; expected"),
        (["grass=drivable"], "--type tells of 'grass'; the classes are road, sidewalk,"),
    ],
)
def test_wrong_types_are_told(types: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["costmap", "--type", *types]) == 1
    assert told in capsys.readouterr().err
