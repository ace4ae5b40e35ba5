# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Torch-TensorRT takes the whole network as one engine. That needs its package, and no card; running it does."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch")

from helpers import SIZE

from mt_perception.model.bundle import WEIGHTS

pytestmark = [
    pytest.mark.tensorrt_rtx,
    pytest.mark.skipif(
        not (find_spec("torch_tensorrt") and find_spec("tensorrt_rtx")),
        reason="needs torch-tensorrt (pip install --no-deps torch-tensorrt dllist) and tensorrt-rtx-cu13",
    ),
]


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_the_program_is_one_engine_with_no_operator_left_and_is_built(bundle, precision):
    program = Path(__file__).parents[1] / "torch_tensorrt_engine.py"
    command = [sys.executable, str(program), str(bundle.folder), *map(str, SIZE), precision]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    total, supported = map(int, re.search(r"(\d+) Total Operators, of which (\d+) operators", ended.stdout).groups())
    assert total == supported > 50
    assert ended.stdout.count("TRT Engine #") == 1
    (size,) = [json.loads(line)["engine_bytes"] for line in ended.stdout.splitlines() if "engine_bytes" in line]
    assert bundle.file(WEIGHTS).stat().st_size / 3 < size < 20 * bundle.file(WEIGHTS).stat().st_size
