# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The report of an evaluation: every section, the numbers of the JSON, and nothing from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from miniature import CAMERA, scene, write_camvid, write_city
from pages import OFFLINE, Reader, without_data

from mt_perception.commands.main import main
from mt_perception.datasets.sample import Sample
from mt_perception.evaluation.datasets.collector import Collector
from mt_perception.evaluation.datasets.page import page
from mt_perception.labels import CITYSCAPES
from mt_perception.model.card import BundleCard, TrainingCamera
from mt_perception.model.spec import InputSpec, NetworkSpec
from mt_perception.report.curves import read_curves
from mt_perception.report.page import ReportError

CARD = BundleCard("<b>street</b>", True, NetworkSpec(), InputSpec(96, 64), TrainingCamera(100.0, 96))
NAUGHTY = 'lamp <script>alert("post")</script>'


def test_curves_of_a_resumed_run_join_without_what_was_lost(tmp_path: Path) -> None:
    for version, lines in enumerate(
        (["0,1,3.0,", "0,2,2.0,", "1,3,9.0,", "1,3,,0.1"], ["1,3,1.5,", "1,4,1.0,", "1,4,,0.5"])
    ):
        folder = tmp_path / "logs" / f"version_{version}"
        folder.mkdir(parents=True)
        (folder / "metrics.csv").write_text("\n".join(["epoch,step,train/loss,val/score", *lines]))
    curves = read_curves(tmp_path)
    assert curves == {"train/loss": [(1, 3.0), (2, 2.0), (3, 1.5), (4, 1.0)], "val/score": [(4, 0.5)]}
    with pytest.raises(ReportError, match=r"holds no metrics\.csv"):
        read_curves(tmp_path / "nothing")


@pytest.fixture(scope="module")
def collector() -> Collector:
    """Two data sets, one with labels alone, in which the network is wrong here and there."""
    rng = np.random.default_rng(4)
    collector = Collector(CITYSCAPES, worst=2)
    for index in range(3):
        made = scene(rng)
        guess = np.where(rng.random(made.labels.shape) < 0.8, made.labels, np.uint8(2)).astype(np.uint8)
        guess_m = (made.depth_m * rng.lognormal(0, 0.2, made.depth_m.shape)).astype(np.float32)
        for dataset, depth_m in (("city", made.depth_m), ("camvid", None)):
            sample = Sample(f"{NAUGHTY} {index}", made.left, made.labels, depth_m, CAMERA)
            collector.add(dataset, CITYSCAPES, sample, guess, guess_m)
    return collector


@pytest.fixture(scope="module")
def html(collector: Collector) -> str:
    return page(collector, CARD, "val", {"val/score": [(1, 0.2), (2, 0.4)]})


def test_the_page_has_every_section_and_is_well_formed(html: str) -> None:
    reader = Reader(html)
    assert reader.open == []
    headings = ("Classes", "Confusion", "Depth by distance", "Distribution of depth", "The worst frames", "Training")
    assert [each for each in headings if each not in reader.text] == []
    # of each data set its panels; two scales, the histogram and the curves beside them
    assert reader.tags.count("img") == 2 * 7 + 2 * 4 + 2 + 1 + 1
    assert reader.tags.count("article") == 4


def test_the_page_asks_for_nothing_from_elsewhere(html: str) -> None:
    reader = Reader(html)
    assert all(address.startswith(("data:", "#")) for address in reader.addresses)
    assert not {"link", "iframe"} & set(reader.tags) and OFFLINE in html
    written = without_data(html)
    assert len(written) < 60_000
    assert [each for each in ("://", "@import", "url(") if each in written] == []


def test_each_of_the_worst_frames_has_a_3d_view_also_without_true_depth(html: str) -> None:
    pytest.importorskip("viser", reason="viser is not installed: pip install 'mt_perception[report]'")
    assert html.count('<details class="scene">') == 2 * 2 and html.count('<script id="viewer"') == 1


def test_a_data_set_without_labels_or_without_any_truth_has_its_page() -> None:
    made = scene(np.random.default_rng(5))
    collector = Collector(CITYSCAPES, worst=1)
    collector.add(
        "kitti", CITYSCAPES, Sample("laser", made.left, None, made.depth_m, CAMERA), made.labels, made.depth_m
    )
    nothing = np.full_like(made.labels, 255), np.full_like(made.depth_m, np.nan)
    collector.add("city", CITYSCAPES, Sample("void", made.left, *nothing, CAMERA), made.labels, made.depth_m)
    json.dumps(collector.results(), allow_nan=False)
    reader = Reader(page(collector, CARD, "val"))
    assert reader.open == [] and reader.tags.count("article") == 2
    assert "AbsRel 0.000" in reader.text and "Mean IoU \u2013 ." in reader.text


def test_names_are_escaped(html: str) -> None:
    assert NAUGHTY not in html and "<b>street</b>" not in html
    text = Reader(html).text
    assert NAUGHTY in text and "<b>street</b>" in text


def test_the_page_shows_the_numbers_of_the_json(collector: Collector, html: str) -> None:
    text = Reader(html).text.replace("\u00a0", " ")
    for results in json.loads(json.dumps(collector.results(), allow_nan=False))["datasets"].values():
        shares = [results["labels"]["miou"], results["labels"]["pixel_accuracy"]]
        shares += [row[key] for row in results["labels"]["classes"] if row["pixels"] for key in ("iou", "recall")]
        depth = results["depth"] or {"classes": [], "distances": []}
        shares += [depth[key] for key in ("delta1", "delta2", "delta3", "coverage") if key in depth]
        numbers = [depth[key] for key in ("abs_rel", "sq_rel", "rmse_log") if key in depth]
        numbers += [row["abs_rel"] for row in (*depth["classes"], *depth["distances"])]
        shown = [f"{100 * each:.1f} %" for each in shares] + [f"{each:.3f}" for each in numbers if each is not None]
        assert len(shown) > 7 and [each for each in shown if each not in text] == []


def test_the_command_writes_both(bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = [f"camvid={write_camvid(tmp_path / 'camvid')}", f"city={write_city(tmp_path / 'city')}"]
    files = {"--json": tmp_path / "scores.json", "--html": tmp_path / "report.html"}
    options = ["evaluate", str(bundle.folder), "--worst", "1", "--data", *data]
    assert main([*options, *(str(each) for pair in files.items() for each in pair)]) == 0
    printed = capsys.readouterr().out
    results = json.loads(files["--json"].read_text())
    assert f"{100 * results['scores']['camvid_miou']:.1f} %" in printed
    assert results["datasets"]["city"]["images"] == 3
    assert "random weights" in Reader(files["--html"].read_text(encoding="utf-8")).text
    assert main([*options, "--html", str(tmp_path / "nowhere" / "report.html")]) == 1
    assert main([*options, "--run", str(tmp_path / "nowhere")]) == 1
    assert main([*options, "--worst", "-1"]) == 1
    errors = capsys.readouterr().err
    assert "cannot be written" in errors and "metrics.csv" in errors and "--worst is -1" in errors
