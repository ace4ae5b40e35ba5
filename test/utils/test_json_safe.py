# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""JSON without NaN."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mt_perception.utils.json_safe import write_json


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), np.float64("-inf")])
def test_numbers_that_json_does_not_know_are_null(tmp_path, number):
    write_json(tmp_path / "file.json", {"a": number, "rows": [(1, number), {"b": number}], "c": 0.5, "name": "x"})
    read = json.loads((tmp_path / "file.json").read_text(), parse_constant=refuse)
    assert read == {"a": None, "rows": [[1, None], {"b": None}], "c": 0.5, "name": "x"}
