# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the documents list is what the code has."""

import ast
import re
from importlib import import_module

import cv2
import numpy as np
import pytest
from helpers import make_image
from PIL import Image

import mt_perception
from mt_perception.prediction import Prediction
from mt_perception.settings import SETTINGS
from mt_perception.topics import OUTPUT_TOPICS
from mt_perception.types import Frame
from mt_perception.utils.licence import APACHE2
from mt_perception.utils.resources import packaged_models

SOURCE = ("mt_perception", "training")


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def parameters(root):
    return (root / "docs" / "parameters.md").read_text(encoding="utf-8")


def parameter_row(setting) -> str:
    default = str(setting.default).lower() if setting.kind is bool else setting.parameter
    shown = f"`{default}`" if default != "" else "empty"
    live = "yes" if setting.live else ""
    return f"| `{setting.name}` | {shown} | {setting.allowed} | {live} | {setting.description} |"


def test_every_parameter_has_its_row(parameters):
    missing = [row for row in map(parameter_row, SETTINGS.values()) if row not in parameters]
    assert missing == [], "\n" + "\n".join(missing)


def test_every_launch_argument_is_listed(parameters, root):
    source = (root / "launch" / "perception.launch.py").read_text()
    names = set(re.findall(r'argument\(\s*"(\w+)"', source)) | set(
        re.search(r"OVERRIDES = \((.*?)\)", source, re.S).group(1).replace('"', "").replace(",", " ").split()
    )
    assert len(names) > 12
    listed = set(re.findall(r"^\| `(\w+)(?::=[^`]*)?` \|", parameters, re.M))
    assert names <= listed, names - listed
    of_nav2 = re.findall(r'argument\(\s*"(\w+)"', (root / "launch" / "nav2.launch.py").read_text())
    assert len(of_nav2) == 4 and [name for name in of_nav2 if f"`{name}`" not in parameters] == []


def test_the_example_of_the_library_runs(readme, tmp_path, monkeypatch, cache_home, capsys):
    (example,) = re.findall(r"## As a library\n.*?```python\n(.*?)```", readme, re.S)
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("street.png", make_image(180, 320))
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102  README's own lines
    road, metres = map(float, capsys.readouterr().out.split())
    assert 0 <= road <= 1 and metres > 0


def headings(text: str) -> set[str]:
    """As they are linked to."""
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in re.findall(r"^#+ (.+)$", text, re.M)}


def pages_of_errors(root) -> dict[str, str]:
    """class -> `page`, of all classes that have one."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for each in SOURCE for file in (root / each).rglob("*.py"))
    return {
        each.name: said.value.value
        for tree in trees for each in ast.walk(tree) if isinstance(each, ast.ClassDef)
        for said in each.body if isinstance(said, ast.Assign) and ast.unparse(said.targets[0]) == "page"
    }  # fmt: skip


def test_the_pages_that_errors_lead_to_are_in_the_site(root):
    pages = pages_of_errors(root)
    assert len(pages) > 18 and not pages.pop("Error")
    in_nav = re.findall(r"^ +- (\S+)\.md$", (root / "mkdocs.yml").read_text(), re.M)
    for name, link in pages.items():
        page, mark, heading = link.partition("#")
        assert page in in_nav, f"{name} leads to {page}"
        assert not mark or heading in headings((root / "docs" / f"{page}.md").read_text(encoding="utf-8")), name


def test_files_and_headings_that_the_documents_link_to_exist(root):
    documents = [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("packages/*/*.md")]
    assert len(documents) > 12
    for document in documents:
        for target in re.findall(r"\]\(([^):]+)\)", document.read_text(encoding="utf-8")):
            path, _, heading = target.partition("#")
            file = document.parent / path if path else document
            assert file.exists(), f"{document.name} names {target}"
            assert not heading or heading in headings(file.read_text(encoding="utf-8")), f"{document.name}: {target}"


def test_the_reference_of_the_site_has_every_topic_command_and_model(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "docs" / "site")
    pages = dict(import_module("reference").pages())
    for output in OUTPUT_TOPICS:
        assert f"\n| `{output.name}` | " in pages["reference/topics.md"]
    for command in (
        "mt-perception run",
        "mt-perception bag process",
        "mt-perception doctor",
        "mt-perception-train train",
    ):
        assert f"\n### {command}\n" in pages["reference/command_line.md"]
    for name in mt_perception.__all__:
        assert re.search(rf"^::: mt_perception\.\S+\.{name}$", pages["reference/python.md"], re.M)
    for name in packaged_models():
        assert f"\n## {name}\n" in pages["reference/model_zoo.md"]
    assert not any(str(root) in page for page in pages.values())


def test_the_site_leads_to_every_page(root):
    pages = {str(each.relative_to(root / "docs")) for each in (root / "docs").rglob("*.md")}
    named = set(re.findall(r"^ +- (?:\w+: )?(\S+\.md)$", (root / "mkdocs.yml").read_text(encoding="utf-8"), re.M))
    assert pages <= named, pages - named


def test_the_animation_looks_at_the_points_from_above_and_behind(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "docs")
    animate = import_module("animate")
    size, image = (100, 200), np.full((100, 200, 3), 100, np.uint8)
    outputs = {"mask": np.full(size, 13, np.uint8), "depth_m": np.full(size, 30, np.float32)}  # a wall of cars
    prediction = Prediction(Frame(image), outputs)
    drawn = animate.frame(prediction, turn=0.0)
    assert drawn.shape == (2 * (24 + animate.CELL_PX // 2), 2 * animate.CELL_PX, 3)
    # f = 200 px. The pixel in row 50, column 150 is 7.58 m to the right, 2.58 m below the eye and 34 m before it; with
    # a tilt of atan(3.5 / 26), 1.98 m above its axis, 34.0 m away. Half the class's colour, half the image's
    assert animate.points(prediction, turn=0.0)[38, 144].tolist() == [50, 50, 121]
    assert animate.points(prediction, turn=0.25)[38, 138].tolist() == [50, 50, 121], "a metre to the right"


def test_the_animation_in_the_readme_moves_and_is_small(root):
    with Image.open(root / "docs" / "overview.webp") as animation:
        assert animation.n_frames >= 10 and animation.size[0] <= 1000
    assert (root / "docs" / "overview.webp").stat().st_size < 2e6


def test_the_readme_stays_short(readme):
    assert len(readme.splitlines()) <= 130


def test_every_source_file_begins_with_copyright_and_licence(root):
    (lines,) = APACHE2.file_headers
    header = "# " + lines.format(copyright="Copyright 2026 The mt_perception developers").replace("\n", "\n# ") + "\n"
    folders = ("mt_perception", "training", "packages", "launch", "scripts", "examples", "benchmarks", "docs", "test")
    files = [root / "setup.py", *(root / "scripts").iterdir()]
    files += [file for folder in folders for file in (root / folder).rglob("*.py")]
    assert len(files) > 400
    texts = {
        file: re.sub(r"^#!.*\n", "", file.read_text(encoding="utf-8")) for file in files if "build" not in file.parts
    }
    without = [str(file.relative_to(root)) for file, text in texts.items() if text and not text.startswith(header)]
    assert without == [], f"they have to begin with\n{header}"


def test_files_stay_small(root):
    files = [*root.glob("mt_perception/**/*.py"), *root.glob("training/**/*.py"), *root.glob("launch/*.py")]
    long = {file.name: count for file in files if (count := len(file.read_text().splitlines())) > 280}
    assert long == {}
