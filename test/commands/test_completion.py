# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The Tab key, as bash has it: the function of register-python-argcomplete, and what it puts into COMPREPLY."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("argcomplete")

from mt_perception.utils.resources import packaged_models

_PROGRAMS = Path(sys.executable).parent
_TAB = """
eval "$(register-python-argcomplete mt-perception mt-perception-train)"
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9
COMP_WORDS=($1) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
"$(complete -p "${COMP_WORDS[0]}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')" "${COMP_WORDS[0]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def tab(tmp_path):
    """`tab("mt-perception do")`: the words that are offered, in a folder with a model and a file."""
    missing = [each for each in ("mt-perception", "mt-perception-train") if not (_PROGRAMS / each).exists()]
    if missing or not shutil.which("bash"):
        pytest.skip(f"not installed: {', '.join(missing) or 'bash'}")
    (tmp_path / "stroll").mkdir()
    (tmp_path / "strip.png").touch()
    environment = {"PATH": f"{_PROGRAMS}:/usr/bin:/bin"}

    def press(line):
        command = ["bash", "-c", _TAB, "bash", line]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        return {each.strip() for each in done.stdout.splitlines()} - {""}

    return press


def test_subcommands_are_completed(tab):
    assert tab("mt-perception do") == {"doctor"}
    assert {"train", "pseudo-label"} <= tab("mt-perception-train ")


def test_models_are_completed_by_name_and_by_path(tab):
    assert set(packaged_models()) <= tab("mt-perception info ")
    assert tab("mt-perception run a.png --model str") == {*packaged_models(), "stroll/", "strip.png"}


def test_values_of_settings_are_completed(tab):
    assert tab("mt-perception demo --backend open") == {"openvino"}
    assert tab("mt-perception demo --precision b") == {"bf16"}
