# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""`mt-perception compare`: facts, times, memory and scores in one table, and as an image."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("openvino")

from mt_perception.bench.compare import newest_run, plot, scores_of
from mt_perception.bench.interleaved import BenchError
from mt_perception.commands.main import main
from mt_perception.model.bundle import load_bundle
from mt_perception.model.spec import RELATED

NAMES = ["narrow-coarse", "segnet-separable"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory, lively_bundle):
    """What benchmarks/recipes.py leaves; only one of the runs has its model still."""
    pytest.importorskip("timm")
    folder = tmp_path_factory.mktemp("runs")
    for name, miou in (("narrow-coarse-40", 0.1), ("narrow-coarse-400", 0.25), ("segnet-separable-9", 0.5)):
        (folder / name).mkdir()
        (folder / name / "scores.json").write_text(json.dumps({"city_miou": miou, "city_abs_rel": 0.125}))
    (folder / "narrow-coarse-4000").mkdir()  # not finished
    (folder / "segnet-separable-9" / "model").symlink_to(lively_bundle(RELATED["segnet-separable"]).folder)
    return folder


def test_the_longest_finished_run_counts(runs):
    run = newest_run(runs, "narrow-coarse")
    assert run.name == "narrow-coarse-400" and newest_run(runs, "segnet") is None
    assert scores_of(run) == {"steps": 400, "miou_percent": 25.0, "abs_rel_percent": 12.5}
    assert scores_of(None) == {"steps": None, "miou_percent": None, "abs_rel_percent": None}


def test_the_table(runs, tmp_path, cache_home, capsys):
    file = tmp_path / "rows.json"
    options = ["--size", "64x96", "--rounds", "1", "--scores", str(runs), "--json", str(file)]
    model = runs / "segnet-separable-9" / "model"
    assert main(["compare", "--networks", *NAMES, "--models", str(model), *options]) == 0
    first, second, trained = json.loads(file.read_text())
    assert [first["network"], second["network"]] == NAMES
    assert (first["parameters"], second["parameters"]) == (943_989, 1_751_434)
    assert first["gmacs"] < second["gmacs"] and first["fp32_ms"] < second["fp32_ms"]
    assert all(row["best_ms"] > 0 and 50 < row["peak_mb"] < 3000 for row in (first, second))
    assert (first["miou_percent"], second["miou_percent"]) == (25.0, 50.0)
    card = load_bundle(model).card
    assert (trained["network"], trained["parameters"], trained["steps"]) == (card.name, card.parameters, None)
    assert "| narrow-coarse " in capsys.readouterr().out


def test_memory_is_that_of_the_process_alone():
    """Not of the one that started it, which Linux hands on."""
    ballast = np.ones(75_000_000)
    command = [sys.executable, "-c", "from mt_perception.bench.memory import peak_mb; print(peak_mb())"]
    measured = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 10 < float(measured.stdout) < ballast.nbytes / 2**20 - 100


def test_the_plot(tmp_path):
    pytest.importorskip("matplotlib")
    names = ("unet", "unet-separable", "standard")
    rows = [{"network": name, "best_ms": 10.0 ** (i + 1), "miou_percent": 30.0 - i, "abs_rel_percent": 20.0 + i}
            for i, name in enumerate(names)]  # fmt: skip
    plot(rows, tmp_path / "plot.png")
    image = cv2.imread(str(tmp_path / "plot.png"))
    assert image.shape[1] > 2 * image.shape[0] and (image < 128).mean() > 0.005
    with pytest.raises(BenchError, match="nothing was trained: give --scores"):
        plot([row | {"miou_percent": None} for row in rows], tmp_path / "none.png")
