# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The report on recordings: every section, the numbers of the JSON, the frames that matter, nothing from elsewhere."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

import browser
from pages import OFFLINE, Reader, without_data
from stereo.pairs import CAMERA, box_and_wall

from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import main
from mt_perception.evaluation.frame_selection import differing_frames, worst_frames
from mt_perception.evaluation.measures import verdict
from mt_perception.evaluation.page import distinct_names
from mt_perception.evaluation.recording import evaluate_bag
from mt_perception.evaluation.timeline import Timeline
from mt_perception.labels import CITYSCAPES
from mt_perception.messages.rosbags import new_camera_info, new_compressed, new_header, new_image
from mt_perception.report.charts import binned
from recordings import write_results


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Two recordings of six seconds: the text of the page, the page itself, and what the JSON says."""
    folder = tmp_path_factory.mktemp("report")
    good = write_results(folder / "<b>good", 60, wrong_columns=10, missing=(3, 31, 32))
    bad = write_results(folder / "bad", 60, wrong_columns=30, depth_m=6.0, late_ms=90)
    arguments = ["bag", "evaluate", str(good), str(bad), "--worst", "3"]
    assert main([*arguments, "--html", str(folder / "page.html"), "--json", str(folder / "scores.json")]) == 0
    html = (folder / "page.html").read_text(encoding="utf-8")
    return Reader(html), html, json.loads((folder / "scores.json").read_text())


def test_the_page_is_whole_and_asks_for_nothing_from_elsewhere(report):
    reader, html, _ = report
    assert reader.open == [] and "<b>good" in reader.text and "<b>good" not in html
    headings = ("In short", "Side by side", "Classes", "Depth by distance", "Over time", "The worst frames")
    assert [each for each in (*headings, "Where they differ most") if each not in reader.text] == []
    assert all(address.startswith(("data:", "#")) for address in reader.addresses)
    assert not {"link", "iframe"} & set(reader.tags) and OFFLINE in html
    written = without_data(html)
    assert [each for each in ("://", "@import", "url(") if each in written] == []
    # of each recording three frames of seven panels, and three frames with three panels of both and two of each
    assert reader.tags.count("article") == 3 * 3
    assert reader.tags.count("img") == 2 * 3 * 7 + 3 * (3 + 2 * 4) + 2 + 1


def test_the_page_says_what_the_json_does(report):
    reader, _, written = report
    text = reader.text
    shares = [each["scores"][name]["value"] for each in written["recordings"] for name in ("miou", "delta1")]
    assert [each for each in (f"{100 * share:.1f} %" for share in shares) if each not in text] == []
    assert "bad is worse than <b>good: mean IoU -20.00 points [-20.00, -20.00], AbsRel +0.200" in text
    assert "3 of 60 images went without a result; gaps: 2, the longest of 0.30 s" in text
    assert "half of the results come within 90 ms" in text and "Predicted although never true here: sky" in text


def test_each_of_the_worst_frames_has_a_3d_view_and_all_share_one_viewer(report):
    pytest.importorskip("viser", reason="viser is not installed: pip install 'mt_perception[report]'")
    reader, html, _ = report
    assert reader.tags.count("details") == 2 + 2 * 3  # and two tables of what was taken for what
    assert html.count('<script id="viewer"') == html.count("3D views start when they are opened") == 1
    assert "with viser" not in reader.text


def test_without_viser_the_page_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("mt_perception.report.clouds.find_spec", lambda name: None)
    bag = write_results(tmp_path / "bag", 6)
    assert main(["evaluate", str(bag), "--html", str(tmp_path / "page.html"), "--worst", "1"]) == 0
    reader = Reader((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "Each frame has a 3D view as well with viser: pip install --upgrade 'mt_perception[report]'" in reader.text
    assert "script" not in reader.tags and reader.tags.count("article") == 1


_OPENED = """
for (const panels of document.querySelectorAll(".panels")) panels.remove();
for (const scene of document.querySelectorAll(".scene")) { scene.open = true; scene.scrollIntoView(); }
"""


@pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium: apt install chromium")
def test_a_browser_shows_the_points_of_a_frame_that_is_opened(tmp_path):
    """A violet wall: the image's own colour, over the white of the page, in a browser that finds no other machine."""
    pytest.importorskip("viser", reason="viser is not installed: pip install 'mt_perception[report]'")
    violet = (150, 40, 150)
    bag = write_results(tmp_path / "bag", 6, camera=True, color=violet)
    file = tmp_path / "page.html"
    assert main(["evaluate", str(bag), "--html", str(file), "--worst", "1"]) == 0
    with browser.page(file.as_uri(), tmp_path / "profile", (900, 700)) as page:
        deadline = time.monotonic() + 120
        while browser.area(page.screenshot(), violet) < 20_000:
            assert time.monotonic() < deadline, "the 3D view does not show the wall"
            page.call("Runtime.evaluate", expression=_OPENED)  # as much of it as there is by then
            time.sleep(0.5)  # each look holds up what it looks at


def test_truth_of_another_recording_brings_the_images_too(tmp_path):
    drive = write_results(tmp_path / "drive", 12, results=False)
    path = tmp_path / "bag"
    with BagWriter(path) as bag:  # as `bag process --results-only` writes it
        for index in range(12):
            stamp = 10**9 + index * 10**8
            mask = new_image(np.zeros((60, 100), np.uint8), "mono8", new_header(stamp, "camera"))
            bag.write_message("/segmentation/mask", stamp, mask)
    page = tmp_path / "page.html"
    assert main(["bag", "evaluate", str(path), "--truth", str(drive), "--html", str(page), "--worst", "1"]) == 0
    reader = Reader(page.read_text(encoding="utf-8"))
    captions = ("input", "true labels", "predicted labels", "wrong labels", "true depth")
    assert [each for each in captions if f" {each} " not in reader.text] == []
    assert "predicted depth" not in reader.text


def test_a_pair_judges_depth_without_truth(tmp_path):
    left, right, depth_m = box_and_wall()
    for name, scale in (("right", 1.0), ("wrong", 1.3)):
        with BagWriter(tmp_path / name) as bag:
            for stamp in range(10**9, 7 * 10**9, 10**9):
                head = new_header(stamp, "camera")
                for side, image, by_m in (("left", left, 0.0), ("right", right, CAMERA.baseline_m)):
                    bag.write_message(f"/{side}/camera_info", stamp, new_camera_info(CAMERA, head, by_m))
                    compressed = new_compressed(image, "png", head)
                    bag.write_message(f"/{side}/image_rect/compressed", stamp, compressed)
                bag.write_message("/segmentation/mask", stamp, new_image(np.zeros_like(left), "mono8", head))
                bag.write_message("/depth/image", stamp, new_image(depth_m * np.float32(scale), "32FC1", head))
    found = {name: evaluate_bag(tmp_path / name) for name in ("right", "wrong")}
    scores = {name: each.results()["scores"] for name, each in found.items()}
    assert scores["right"]["stereo_error"]["value"] < 0.03 < 0.3 < scores["wrong"]["stereo_error"]["value"]
    assert scores["right"]["stereo_reference"] == scores["wrong"]["stereo_reference"]
    assert not found["right"].is_live and found["wrong"].frames.badness[0] == "stereo"
    page = tmp_path / "page.html"
    arguments = ["bag", "evaluate", str(tmp_path / "right"), str(tmp_path / "wrong"), "--html", str(page)]
    assert main([*arguments, "--worst", "1"]) == 0
    text = Reader(page.read_text(encoding="utf-8")).text
    assert "wrong is worse than right: stereo error" in text and "There is no truth" in text and "No latency" in text


@pytest.mark.parametrize(
    ("score", "difference", "interval", "blocks", "expected"),
    [
        ("miou", 0.1, (0.05, 0.2), 9, "better"),
        ("abs_rel", 0.1, (0.05, 0.2), 9, "worse"),
        ("abs_rel", -0.1, (-0.2, -0.05), 9, "better"),
        ("miou", 0.1, (-0.05, 0.2), 9, "no difference that can be told"),
        ("miou", 0.1, (0.05, 0.2), 4, "too short to tell"),
        ("miou", 0.0, (0.0, 0.0), 4, "equal"),
    ],
)
def test_differences_in_words(score, difference, interval, blocks, expected):
    assert verdict({"score": score, "difference": difference, "interval": interval, "time_blocks": blocks}) == expected


def frames(values, name="miou", shares=None):
    """One frame each quarter of a second."""
    made = Timeline(CITYSCAPES)
    for index, value in enumerate(values):
        mask = np.zeros((1, 10), np.uint8)
        mask[0, : (shares or [0] * len(values))[index]] = 1
        made.add(index * 10**9 // 4, (index, index), mask, {name: value})
    return made


def test_frames_worth_looking_at_by_hand():
    """Frame 3 is the worst; 2 and 4 are too close to it; then come 7 and, half a second from both, 5."""
    scores = [0.9, 0.8, 0.2, 0.1, 0.2, 0.5, 0.6, 0.3, np.nan]
    assert worst_frames(frames(scores), 3) == [3, 7, 5]
    assert worst_frames(frames([np.nan] * 3), 3) == []
    other = [0.9, 0.8, 0.2, 0.1, 0.9, 0.5, 0.6, 0.4, np.nan]
    assert differing_frames(frames(scores), frames(other), 3) == [(4, 4), (7, 7)]
    # without truth by the shares of the classes: 0, 3 and 1 of ten pixels are another class
    a, b = frames([0.1] * 3, "label_flicker", [5, 5, 5]), frames([0.1] * 3, "label_flicker", [5, 8, 4])
    assert differing_frames(a, b, 1) == [(1, 1)]


def test_many_frames_are_drawn_as_few_and_gaps_stay_open():
    seconds = np.array([0.0, 1.0, 2.0, 9.0, 10.0])
    middle, mean, _, _ = binned(seconds, np.arange(5.0))
    np.testing.assert_array_equal(middle, [0, 1, 2, np.nan, 9, 10])
    np.testing.assert_array_equal(mean, [0, 1, 2, np.nan, 3, 4])
    seconds = np.arange(5000) / 10
    middle, mean, low, high = binned(seconds, np.where(np.arange(5000) % 10, 1.0, 6.0), bins=100)
    assert len(middle) == 100 and mean == pytest.approx(np.full(100, 1.5)) and (low.min(), high.max()) == (1, 6)


def test_names_tell_paths_apart(tmp_path):
    assert distinct_names([tmp_path / "a/drive", tmp_path / "b/drive"]) == ["a/drive", "b/drive"]
    assert distinct_names([tmp_path / "a/x", tmp_path / "b/y"]) == ["x", "y"]
    assert len(set(distinct_names([tmp_path, tmp_path]))) == 2


def test_what_is_missing_is_named_before_the_work_begins(tmp_path, monkeypatch, capsys):
    arguments = ["bag", "evaluate", str(tmp_path / "none"), "--html"]
    assert main([*arguments, str(tmp_path / "nowhere/page.html")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    monkeypatch.setattr("mt_perception.report.page.find_spec", lambda name: None if name == "jinja2" else sys)
    assert main([*arguments, str(tmp_path / "page.html")]) == 1
    assert "pip install 'mt_perception[report]'" in capsys.readouterr().err
