# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The commands in README and docs/ are understood by the programs, and the tutorials that need no robot run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mt_perception.commands import main as perceive
from mt_perception.datasets.own import Own
from mt_perception.settings import SETTINGS
from mt_perception.utils.former_names import current_options

long = pytest.mark.skipif("MT_PERCEPTION_TUTORIALS" not in os.environ, reason="a minute; set MT_PERCEPTION_TUTORIALS")
_ROOT = Path(__file__).resolve().parent.parent
_DOCUMENTS = [*sorted(_ROOT.glob("*.md")), *sorted((_ROOT / "docs").rglob("*.md"))]


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(encoding="utf-8"), re.S | re.M)


def commands(document):
    """The words of each command in the document's shell blocks."""
    for line in "".join(blocks(document, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        while words:
            end = next((i for i, word in enumerate(words) if word in ("&&", "&", "|", ";", ">")), len(words))
            yield words[:end]
            words = words[end + 1 :]


def test_the_programs_understand_every_command(capsys):
    training = pytest.importorskip("mt_perception_training.cli")
    parsers = {"mt-perception": perceive.build_parser(), "mt-perception-train": training.build_parser()}
    seen, wrong = 0, []
    for document in _DOCUMENTS:
        for program, *arguments in commands(document):
            if parser := parsers.get(Path(program).name):
                seen += 1
                try:
                    _, rest = parser.parse_known_args(current_options(arguments))
                except SystemExit:
                    rest = [capsys.readouterr().err]
                if rest and "city" not in arguments:  # whose options are those of mt-city
                    wrong.append(f"{document.name}: {program} {' '.join(arguments)}: {rest}")
    assert wrong == [] and seen > 50


def test_every_launch_argument_and_parameter_of_the_commands_exists(root):
    files = [(root / "launch" / f"{name}.launch.py").read_text() for name in ("perception", "nav2")]
    declared = {name for text in files for name in re.findall(r'argument\(\s*"(\w+)"', text)}
    launched = [
        each
        for document in _DOCUMENTS
        for each in commands(document)
        if each[:3] == ["ros2", "launch", "mt_perception"]
    ]
    given = {word.partition(":=")[0] for each in launched for word in each if ":=" in word}
    assert len(given) > 5 and given <= declared | set(SETTINGS), given - declared - set(SETTINGS)


@pytest.fixture
def shell(tmp_path, cache_home):
    """Runs the lines of a tutorial as in a checkout, but for those of ROS, make, and those in `without`."""
    (tmp_path / "docs").symlink_to(_ROOT / "docs")
    (tmp_path / "examples").symlink_to(_ROOT / "examples")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def run(document, without=(), **changes):
        lines = [line for block in blocks(_ROOT / "docs" / document, "sh") for line in block.splitlines()]
        script = "\n".join(line for line in lines if not line.startswith(("ros2", "make", *without)))
        for old, new in changes.items():
            script = script.replace(old, new)
        done = subprocess.run(
            ["bash", "-euc", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_first_run(shell, tmp_path, monkeypatch, capsys):
    pytest.importorskip("openvino")
    shell("tutorials/first_run.md", without=(". .venv", "mt-perception doctor", "mt-perception models"))
    assert (tmp_path / "out/files/sheet.png").is_file() and (tmp_path / "out/files/street_mask.png").is_file()
    (example,) = blocks(_ROOT / "docs/tutorials/first_run.md", "python")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "first_run.md", "exec"), {})  # noqa: S102  the tutorial's own lines
    assert (tmp_path / "out/files/overlay.png").is_file() and "'road': " in capsys.readouterr().out


def test_the_recipe_of_the_tutorial_fits_the_data_of_its_example(shell, tmp_path):
    recipes = pytest.importorskip("mt_perception_training.recipe")
    (recipe,) = blocks(_ROOT / "docs/tutorials/own_classes.md", "yaml")
    (tmp_path / "yard.yaml").write_text(recipe)
    shell("tutorials/own_classes.md", without=("mt-perception",))
    loaded = recipes.load_recipe(str(tmp_path / "yard.yaml"))
    assert loaded.labels == Own(tmp_path / "YARD", "train").labels and not loaded.network.depth


@long
def test_your_own_classes_from_labelled_images_to_nav2(shell, tmp_path):
    """With one step in place of a hundred."""
    pytest.importorskip("lightning")
    (recipe,) = blocks(_ROOT / "docs/tutorials/own_classes.md", "yaml")
    short = recipe.replace("epochs: 2", "epochs: 1").replace("steps: 50", "steps: 1")
    assert short != recipe
    (tmp_path / "yard.yaml").write_text(short)
    said = shell("tutorials/own_classes.md")
    assert "obstacle" in said
    assert (tmp_path / "report.html").is_file() and (tmp_path / "sheet.png").is_file()
    assert '"ground"' in (tmp_path / "nav2.yaml").read_text()


@long
def test_a_fleets_recordings(shell, tmp_path, rendering):
    """With a second in place of six."""
    pytest.importorskip("openvino")
    shell("tutorials/fleet.md", **{"--seconds 6": "--seconds 1 --rate 5 --size 96x192"})
    assert (tmp_path / "north.html").is_file() and (tmp_path / "NEXT/south/metadata.yaml").is_file()
