# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Each way of installing the package, in a temporary folder: everything is found afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

import mt_perception
from mt_perception.commands import doctor
from mt_perception.utils import entry

CHECK = """
import json, pathlib, sys
import mt_perception, mt_perception_training
from mt_perception.utils import resources
share = resources.share_folder()
print(json.dumps({
    "package": str(pathlib.Path(mt_perception.__file__).parent),
    "training": str(pathlib.Path(mt_perception_training.__file__).parent),
    "share": str(share),
    "found": [name for name in sys.argv[1:] if (share / name).exists()],
}))
"""
SHARED = [
    "package.xml",
    "launch/perception.launch.py",
    "launch/demo.launch.py",
    "launch/nav2.launch.py",
    "config/perception.yaml",
    "config/profiles/cpu.yaml",
    "rviz/perception.rviz",
    "models/street/bundle.json",
    "models/street-fast/bundle.json",
    "recordings/city/metadata.yaml",
]
KEYS = {
    "numpy": "python3-numpy",
    "cv2": "python3-opencv",
    "yaml": "python3-yaml",
    "PIL": "python3-pil",
    "tqdm": "python3-tqdm",
    "tf2_ros": "tf2_ros_py",
    **{name: f"python3-{name}-pip" for name in ("mcap", "openvino", "rosbags", "safetensors")},
}
"""By which rosdep knows what Python imports, where that is another name."""
PROGRAMS = [
    "mt-perception",
    "mt-perception-train",
    "perception_node",
    "player_node",
    "recorder_node",
    "city_node",
    "view_node",
]


def clean_environment(**changes: str) -> dict[str, str]:
    """Without what points to another installation."""
    hidden = ("PYTHON", "AMENT_", "COLCON_", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "_ROS_WHEELS")
    return {k: v for k, v in os.environ.items() if not k.startswith(hidden)} | changes


def call(*command: str | Path, **options) -> str:
    options = {"env": clean_environment(), "capture_output": True, "text": True, "timeout": 300} | options
    result = subprocess.run([str(each) for each in command], **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def checkout(root, tmp_path_factory) -> Path:
    """What a clone holds, without build products of this one."""
    target = tmp_path_factory.mktemp("source") / "mt_perception"
    made = ("out", "runs", "build", "dist", "install", "log", "*.egg-info", "__pycache__", "*.pyc")
    ignore = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis", ".coverage*", *made)
    return Path(shutil.copytree(root, target, ignore=ignore))


def uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        pytest.skip("uv is not installed")
    return found


@pytest.fixture(scope="module")
def distributions(checkout, tmp_path_factory) -> tuple[Path, Path]:
    """The source distribution, and the wheel that is made of it."""
    folder = tmp_path_factory.mktemp("dist")
    call(uv(), "build", "--quiet", "--out-dir", folder, checkout)
    return next(folder.glob("*.tar.gz")), next(folder.glob("*.whl"))


@pytest.fixture
def environment(tmp_path) -> Path:
    """A fresh virtual environment that borrows this one's packages: the install itself is what is tested."""
    call(uv(), "venv", "--quiet", "--python", sys.executable, tmp_path / "venv")
    borrow_packages(next((tmp_path / "venv").glob("lib/python*/site-packages")))
    return tmp_path / "venv"


def borrow_packages(site: Path) -> None:
    """Through .pth, and not the editable finder of this checkout: that one would hide a broken install."""
    borrowed = next(Path(each) for each in sys.path if each.endswith("site-packages"))
    (site / "borrowed.pth").write_text(f"{borrowed}\n")


def test_the_manifest_names_what_the_node_and_the_launch_files_import(root):
    """By rosdep's keys; those that rosdep does not have wait in docs/rosdep.yaml."""
    declared = {each.text for each in ElementTree.parse(root / "package.xml").getroot() if each.tag == "exec_depend"}
    waiting = yaml.safe_load((root / "docs" / "rosdep.yaml").read_text())
    files = [*(root / "mt_perception" / "ros").glob("*.py"), *(root / "launch").glob("*.py")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    imported = set(re.findall(r"^ *(?:from|import) (\w+)", code, re.M)) - set(sys.stdlib_module_names)
    imported |= {*entry.NODE_PACKAGES, *doctor.RECORDING_PACKAGES, "openvino"}
    keys = {KEYS.get(each, each) for each in imported - {"mt_perception", "mt_city"}}
    assert {"rclpy", "ament_index_python", "launch_ros"} < keys
    assert keys <= declared | set(waiting), keys - declared - set(waiting)
    assert declared.isdisjoint(waiting), "rosdep install would not know them"


def test_the_version_is_the_same_wherever_it_stands(root):
    """As `catkin_prepare_release` finds it in setup.py, package.xml and the changelog."""
    ((_, version),) = re.findall(r"version=(['\"])(\d+\.\d+\.\d+)\1,", (root / "setup.py").read_text())
    assert mt_perception.__version__ == version, "install anew"
    assert ElementTree.parse(root / "package.xml").getroot().findtext("version") == version
    changes = (root / "CHANGELOG.rst").read_text(encoding="utf-8")
    heading, date, underline = re.search(r"^(\d\S+ \((\d{4}-\d\d-\d\d)\))\n(-+)$", changes, re.M).groups()
    assert heading == f"{version} ({date})" and len(underline) == len(heading)
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert (citation["version"], str(citation["date-released"])) == (version, date)


def test_the_source_distribution_holds_the_whole_repository(checkout, distributions):
    with tarfile.open(distributions[0]) as source:
        held = {each.name.partition("/")[2] for each in source.getmembers() if each.isfile()}
    repository = {str(each.relative_to(checkout)) for each in checkout.rglob("*") if each.is_file()}
    made = {each for each in held - repository if each != "PKG-INFO" and ".egg-info/" not in each}
    assert (repository - held, made) == (set(), set())


def test_the_wheel_holds_all_modules_and_is_small(checkout, distributions):
    with zipfile.ZipFile(distributions[1]) as wheel:
        held = set(wheel.namelist())
    modules = {str(each.relative_to(checkout)) for each in (checkout / "mt_perception").rglob("*.*")}
    modules |= {f"mt_perception_{each.relative_to(checkout)}" for each in (checkout / "training").rglob("*.*")}
    assert len(modules) > 250 and modules <= held, modules - held
    assert distributions[1].stat().st_size < 15e6


@pytest.mark.parametrize("editable", [False, True], ids=["pip install WHEEL", "pip install -e ."])
def test_pip(checkout, distributions, environment, tmp_path, editable):
    how = ["--editable", checkout] if editable else [distributions[1]]
    call(uv(), "pip", "install", "--quiet", "--no-deps", "--python", environment / "bin" / "python", *how)
    outside = {"cwd": tmp_path}
    said = call(environment / "bin" / "python", "-c", CHECK, *SHARED, **outside)
    found = json.loads(said)
    assert found["found"] == SHARED
    assert found["package"].startswith(str(checkout if editable else environment)), found
    assert found["training"].startswith(str(checkout if editable else environment)), found
    for program in PROGRAMS:
        assert (environment / "bin" / program).exists(), program
        shim = environment / "lib" / "mt_perception" / program  # where ros2 run looks
        assert os.access(shim, os.X_OK) and shim.read_text().startswith("#!/usr/bin/env python3"), program
    assert (environment / "share" / "ament_index" / "resource_index" / "packages" / "mt_perception").exists()
    for file in SHARED:
        assert (environment / "share" / "mt_perception" / file).exists(), file
    assert "demo" in call(environment / "bin" / "mt-perception", "--help", **outside)


def test_the_city_is_a_package_of_its_own(checkout, environment, tmp_path):
    """It is in no wheel but its own, which has its command and needs nothing of this one."""
    python, outside = environment / "bin" / "python", {"cwd": tmp_path}
    install = [uv(), "pip", "install", "--quiet", "--no-deps", "--python", python]
    call(*install, checkout)
    find = "from importlib.util import find_spec as f; print(*(bool(f(each)) for each in ('mt_perception', 'mt_city')))"
    assert call(python, "-c", find, **outside).split() == ["True", "False"]
    call(*install, "--reinstall", checkout / "packages" / "mt_city")
    assert call(python, "-c", find, **outside).split() == ["True", "True"]
    assert "usage: mt-city" in call(environment / "bin" / "mt-city", "--help", **outside)
    call(uv(), "pip", "uninstall", "--quiet", "--python", python, "mt_perception")
    assert "--val-seeds" in call(python, "-m", "mt_city", "--help", **outside)


@pytest.fixture(scope="module")
def colcon(tmp_path_factory) -> Path:
    """colcon, in an environment of its own: it wants older setuptools and empy."""
    if found := shutil.which("colcon"):
        return Path(found)
    venv = tmp_path_factory.mktemp("colcon") / "venv"
    call(uv(), "venv", "--quiet", "--python", sys.executable, venv)
    packages = ["colcon-core", "colcon-ros", "colcon-python-setup-py", "colcon-bash", "setuptools<80", "empy<4"]
    call(uv(), "pip", "install", "--quiet", "--python", venv / "bin" / "python", *packages)
    borrow_packages(next(venv.glob("lib/python*/site-packages")))  # it runs tests with its own Python
    return venv / "bin" / "colcon"


@pytest.mark.parametrize("options", [[], ["--symlink-install"]], ids=["plain", "symlink"])
def test_colcon(checkout, colcon, tmp_path, options):
    workspace = tmp_path / "workspace"
    shutil.copytree(checkout, workspace / "src" / "mt_perception")
    path = f"{colcon.parent}:{os.environ['PATH']}"
    call(colcon, "build", *options, cwd=workspace, env=clean_environment(PATH=path))
    prefix = workspace / "install" / "mt_perception"
    setup = f". {workspace}/install/setup.bash && cd {tmp_path}"
    files = " ".join(SHARED)
    command = f"{setup} && {sys.executable} -c '{CHECK}' {files}"
    found = json.loads(call("bash", "-c", command))
    assert found["found"] == SHARED
    assert found["package"].startswith(str(workspace)), found
    for program in PROGRAMS:
        assert os.access(prefix / "lib" / "mt_perception" / program, os.X_OK), program
    if not options:  # with --symlink-install the scripts name colcon's own Python, which here has no packages
        assert "demo" in call("bash", "-c", f"{setup} && {prefix}/lib/mt_perception/mt-perception --help")
    marker = prefix / "share" / "ament_index" / "resource_index" / "packages" / "mt_perception"
    assert marker.exists() and (prefix / "share" / "mt_perception" / "launch" / "demo.launch.py").exists()


def test_colcon_test_runs_the_tests(checkout, colcon, tmp_path):
    workspace = tmp_path / "workspace"
    shutil.copytree(checkout, workspace / "src" / "mt_perception")
    path = f"{colcon.parent}:{os.environ['PATH']}"
    options = {"cwd": workspace, "env": clean_environment(PATH=path)}
    call(colcon, "build", **options)
    call(colcon, "test", "--pytest-args", "test/test_labels.py", "test/utils/test_latest.py", **options)
    said = call(colcon, "test-result", "--all", **options)
    assert re.search(r"Summary: [1-9]\d* tests?, 0 errors, 0 failures, 0 skipped", said), said
