# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the documents show beside the commands of this package: other programs' lines, YAML and Python.

What needs ROS's own programs or a container is run by .github/workflows; what needs a real camera, by nobody.
"""

import ast
import re
from importlib import import_module
from importlib.metadata import metadata
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from test_doc_commands import blocks, commands

from mt_perception.datasets.own import parse_labels
from mt_perception.foreign.description import load_description
from mt_perception.settings import SETTINGS

_ROOT = Path(__file__).resolve().parent.parent
_DOCUMENTS = [*_ROOT.glob("*.md"), *(_ROOT / "docs").rglob("*.md"), _ROOT / "packages" / "mt_city" / "README.md"]
_BLOCKS = [
    pytest.param(document, text, id=f"{document.name}-{language}-{number}")
    for document in _DOCUMENTS
    for language in ("yaml", "python")
    for number, text in enumerate(blocks(document, language))
]


def lines_of(*words: str) -> list[list[str]]:
    """The commands of all documents that begin with these words, as they are and after variables of the environment."""
    said = [each for document in _DOCUMENTS for each in commands(document)]
    bare = [each[1:] if each and re.match(r"[A-Z]+=", each[0]) else each for each in said]
    return [each for each in bare if each[: len(words)] == list(words)]


def source(script: Path) -> str:
    """The text of a script, or of those in a folder."""
    files = sorted(script.glob("*.py")) if script.is_dir() else [script]
    return "\n".join(each.read_text(encoding="utf-8") for each in files)


def test_scripts_that_are_run_exist_and_have_the_options(root):
    said = lines_of("python")
    assert len(said) > 10
    for _, script, *arguments in said:
        if script != "-m":
            options = [each for each in arguments if each.startswith("--")]
            missing = [each for each in options if f'"{each}"' not in source(root / script)]
            assert not missing, f"{script} has no {missing}"


def test_what_make_is_asked_for_exists(root):
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.M))
    named = {each[1] for each in lines_of("make")}
    for document in _DOCUMENTS:
        named |= set(re.findall(r"`make ([a-z-]+)", document.read_text(encoding="utf-8")))
    assert {"demo", "test", "docs"} <= named <= targets, named - targets


def test_extras_that_are_to_be_installed_exist(root):
    extras = set(metadata("mt_perception").get_all("Provides-Extra"))
    files = [*_DOCUMENTS, *(each for folder in ("mt_perception", "training") for each in (root / folder).rglob("*.py"))]
    named = {
        extra.replace("_", "-")
        for file in files
        for told in re.findall(r"(?:'\.|\.whl\)|'mt[_-]perception)\[([a-z,_-]+)\]", file.read_text(encoding="utf-8"))
        for extra in told.split(",")
    }
    assert {"view", "train", "openvino"} <= named <= extras, named - extras


def test_nodes_that_are_run_exist_and_have_the_parameters(root):
    said = lines_of("ros2", "run", "mt_perception")
    nodes = "\n".join(each.read_text(encoding="utf-8") for each in (root / "mt_perception" / "ros").glob("*.py"))
    assert len(said) >= 3
    for _, _, _, node, *arguments in said:
        assert (root / "scripts" / node).is_file(), node
        given = [each.partition(":=")[0] for before, each in pairwise(arguments) if before == "-p"]
        assert all(each in SETTINGS or f'"{each}"' in nodes for each in given), given


def test_the_citys_own_command_is_understood():
    command = pytest.importorskip("mt_city.command")
    for _, *arguments in lines_of("mt-city"):
        command._parser("mt-city").parse_args(arguments)


@pytest.mark.parametrize(("document", "text"), [each for each in _BLOCKS if "-yaml-" in each.id])
def test_yaml_is_what_it_is_said_to_be(document, text, tmp_path):
    """A description of a network from elsewhere, a label set, or part of a recipe."""
    values = yaml.safe_load(text)
    if "input" in values and "phases" not in values:
        (tmp_path / "net.yaml").write_text(text)
        load_description(tmp_path / "net.yaml")
    elif isinstance(values.get("labels"), list):
        assert parse_labels(values, document.name).names
    else:
        recipe = pytest.importorskip("mt_perception_training.recipe")
        whole = yaml.safe_load((recipe.RECIPES / "city.yaml").read_text())
        network = {**whole["network"], **values.get("network", {})}
        labels = {"labels": "cityscapes"} if "labels" in values else {}  # the file is the tutorial's, and tested there
        recipe.parse_recipe({**whole, **values, "network": network, **labels})


@pytest.mark.parametrize(("document", "text"), [each for each in _BLOCKS if "-python-" in each.id])
def test_python_imports_what_there_is(document, text):
    """Those of the README, the first run and the city are run, too, by their own tests."""
    imports = [each for each in ast.parse(text).body if isinstance(each, ast.Import | ast.ImportFrom)]
    assert imports
    for each in imports:
        if isinstance(each, ast.ImportFrom):
            pytest.importorskip(each.module.partition(".")[0])
            module = import_module(each.module)
            assert all(hasattr(module, name.name) for name in each.names), each.module
        else:
            assert all(import_module(name.name) for name in each.names)
