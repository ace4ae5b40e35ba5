# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Models by name, and what is listed of them: the package's own, and two small ones in its place."""

import json
import shutil
from pathlib import Path

import pytest

from mt_perception.commands.main import main
from mt_perception.model.bundle import load_bundle, open_model
from mt_perception.model.card import BundleError
from mt_perception.utils import resources
from mt_perception.utils.resources import DEFAULT_MODEL, ResourceError, lasting_name, model_folder, packaged_models

MOST_BYTES = 12e6


@pytest.fixture
def two_models(bundle, tmp_path, monkeypatch):
    """A package with `agile`, which sorts before the default, and the default; the working folder is another."""
    for name in ("agile", DEFAULT_MODEL):
        shutil.copytree(bundle.folder, tmp_path / "share" / "models" / name)
    (tmp_path / "share" / "models" / "notes").mkdir()
    card_file = tmp_path / "share" / "models" / "agile" / "bundle.json"
    scores = {"camvid_miou": 0.5, "city_abs_rel": 0.25, "city_prior_abs_rel": 0.5, "city_skill": 0.5, "city_rmse": 3.0}
    card = json.loads(card_file.read_text()) | {"scores": scores, "splits": {"camvid": "val"}}
    card_file.write_text(json.dumps(card))
    monkeypatch.setattr(resources, "share_folder", lambda: tmp_path / "share")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "share" / "models"


@pytest.mark.parametrize("name", packaged_models())
def test_every_model_of_the_package_is_whole_and_small(name):
    bundle = open_model(name)
    assert bundle.has_int8 and bundle.card.trained and bundle.card.license and bundle.card.command
    assert sum(each.stat().st_size for each in bundle.folder.iterdir()) <= MOST_BYTES


def test_the_default_comes_first(two_models):
    assert list(packaged_models()) == [DEFAULT_MODEL, "agile"]
    assert model_folder() == two_models / DEFAULT_MODEL


def test_a_name_is_a_model_of_the_package_and_a_slash_makes_a_path(two_models, bundle):
    shutil.copytree(bundle.folder, "agile")
    shutil.copytree(bundle.folder, "mine")
    assert model_folder("agile") == two_models / "agile"
    assert load_bundle(model_folder("./agile")).folder.parent.name == "here"
    assert open_model("mine").folder.parent.name == "here"
    assert open_model(str(bundle.folder)).folder == bundle.folder.resolve()


def test_a_lasting_name_holds_in_any_folder(two_models, tmp_path):
    assert lasting_name("agile") == "agile"
    assert lasting_name("./agile") == str(tmp_path / "here" / "agile")
    assert lasting_name("mine") == str(tmp_path / "here" / "mine")


def test_an_unknown_name_is_told_those_that_there_are(two_models):
    with pytest.raises(BundleError, match=rf"fast does not exist; .* package: {DEFAULT_MODEL}, agile$"):
        open_model("fast")


def test_a_package_without_models_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "share_folder", lambda: tmp_path)
    with pytest.raises(ResourceError, match="holds no models; install mt_perception again"):
        open_model()


def test_models_are_listed_side_by_side(two_models, capsys):
    assert main(["models", "--json", "models.json"]) == 0
    lines = {line.split("|")[1].strip(): line for line in capsys.readouterr().out.splitlines() if "|" in line}
    assert [each.strip() for each in lines[""].split("|")[2:4]] == [DEFAULT_MODEL, "agile"]
    assert "0.500 (val)" in lines["mIoU, camvid"] and "+0.50 (split not told)" in lines["depth skill, city"]
    assert "128x64 px" in lines["input"] and "time here" not in lines
    first, second = json.loads((two_models.parent.parent / "here" / "models.json").read_text())
    assert (first["model"], first["miou"]) == (DEFAULT_MODEL, {})
    assert second["abs_rel"] == {"city": 0.25} and second["skill"] == {"city": 0.5}


def test_models_are_timed_here(two_models, cache_home, capsys):
    assert main(["models", "--time", "--json", "models.json"]) == 0
    assert "time here" in capsys.readouterr().out
    assert all(0 < row["p50_ms"] <= row["p95_ms"] for row in json.loads(Path("models.json").read_text()))


def test_a_damaged_model_is_named(two_models, capsys):
    (two_models / "agile" / "graph.xml").write_text("<net/>")
    assert main(["models"]) == 1
    assert "agile is damaged" in capsys.readouterr().err
