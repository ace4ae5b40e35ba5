# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where nothing can be rendered this is said in one sentence; where something can, it is found."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mt_city import City, CityError, CityOptions

TRY = """
from mt_city.gl import load_mujoco, open_by, open_context
for name in {tried!r}:
    try:
        open_by(name, 16, 16)
    except Exception as error:
        print(name, "failed")
print(open_context(load_mujoco(), 16, 16) is not None)
"""


def opened(*tried: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a process of its own says that tries some libraries and then looks for one that works."""
    program = TRY.format(tried=tried)
    plain = {k: v for k, v in os.environ.items() if k not in ("MUJOCO_GL", "PYOPENGL_PLATFORM", "DISPLAY")}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=plain | environment)


@pytest.mark.usefixtures("rendering")
@pytest.mark.parametrize("tried", ["osmesa", "no_such_library"])
def test_a_library_that_fails_does_not_spoil_the_next(tried: str) -> None:
    done = opened(tried)
    if f"{tried} failed" not in done.stdout:
        pytest.skip(f"{tried} works here")
    assert done.stdout.endswith("True\n"), done.stderr


@pytest.mark.usefixtures("rendering")
def test_a_screen_that_does_not_answer_is_no_hindrance() -> None:
    assert opened(DISPLAY=":4711").stdout == "True\n"


def test_the_packages_are_named_when_no_library_works() -> None:
    pytest.importorskip("mujoco")
    done = opened(__EGL_VENDOR_LIBRARY_DIRS="/none")
    if done.returncode == 0:
        pytest.skip("OSMesa is installed, which works without EGL")
    assert "sudo apt install libegl1 libgl1-mesa-dri, or libosmesa6" in done.stderr


def test_a_library_that_was_asked_for_and_does_not_work_is_named() -> None:
    pytest.importorskip("mujoco")
    done = opened(MUJOCO_GL="crayons")
    assert "CityError: the city cannot render: MUJOCO_GL is 'crayons'" in done.stderr
    assert "unset it" in done.stderr


def test_wrong_seeds_are_refused() -> None:
    with pytest.raises(CityError, match="seed is -1"):
        City(-1)


def test_importing_the_city_needs_no_mujoco() -> None:
    code = "import sys; sys.modules['mujoco'] = None\nfrom mt_city import City\nCity(0)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "the city needs MuJoCo: pip install mujoco" in out.stderr


@pytest.mark.parametrize("wrong", [{"width_px": 4}, {"hfov_deg": 200.0}, {"baseline_m": 0.0}, {"fps": float("nan")}])
def test_wrong_options_are_refused_with_value_and_range(wrong: dict[str, float]) -> None:
    (name, value), *_ = wrong.items()
    with pytest.raises(CityError, match=f"{name} is {value}.*between"):
        CityOptions(**wrong)  # type: ignore[arg-type]
