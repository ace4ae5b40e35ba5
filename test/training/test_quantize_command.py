# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Quantising against truth, through the command line."""

from pathlib import Path

import pytest

pytest.importorskip("nncf")
pytest.importorskip("openvino")

from miniature import write_camvid, write_city

from mt_perception.model.bundle import Bundle, load_bundle
from mt_perception_training.cli import main


def test_scores_before_and_after_decide(bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = [f"camvid={write_camvid(tmp_path / 'camvid')}", f"city={write_city(tmp_path / 'city')}"]
    out = tmp_path / "model"
    arguments = ["quantize", "--model", str(bundle.folder), "--data", *data, "--out", str(out)]
    assert main([*arguments, "--max-miou-drop", "100", "--max-abs-rel-drop", "900"]) == 0
    said = capsys.readouterr().out
    assert {"camvid_miou", "city_miou", "city_abs_rel"} == set(load_bundle(out).card.int8_scores)
    assert "city_abs_rel: " in said and "(at most 900.00%)" in said


def test_a_loss_above_the_bound_is_one_line(bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["quantize", "--model", str(bundle.folder), "--data", f"city={write_city(tmp_path / 'city')}"]
    assert main([*arguments, "--out", str(tmp_path / "model"), "--max-miou-drop", "-200"]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("mt-perception-train: int8 loses too much") and not (tmp_path / "model").exists()
