# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Scores of recordings: what is there by hand, what changes, and how sure the numbers are."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from mt_perception.bags.bag import Bag, BagError
from mt_perception.bags.writer import BagWriter
from mt_perception.commands.main import main
from mt_perception.datasets.camvid import CAMVID11
from mt_perception.evaluation.bootstrap import TimeBlocks, confidence, differences
from mt_perception.evaluation.recording import compare, evaluate_bag
from mt_perception.evaluation.run import summarize
from mt_perception.labels import CITYSCAPES, Label, LabelSet
from mt_perception.messages.read import array_from_image
from mt_perception.messages.rosbags import new_compressed, new_header, new_image, new_label_info
from mt_perception.metrics.label_mapping import Comparison
from mt_perception.model.card import BundleCard, TrainingCamera
from mt_perception.model.row_prior import RowPrior
from mt_perception.model.spec import InputSpec, NetworkSpec
from mt_perception.utils.parallel import parallel_map
from recordings import SIZE, write_results

SAME = Comparison(CITYSCAPES, CITYSCAPES)


def test_scores_and_times_by_hand(tmp_path):
    path = write_results(tmp_path / "bag", 50, wrong_columns=25, depth_m=6.0, missing=(7, 8))
    found = evaluate_bag(path).results()
    assert (found["images"], found["results"], found["dropped"], found["gaps"]) == (50, 48, 2, 1)
    assert found["longest_gap_s"] == pytest.approx(0.3) and found["fps"] == pytest.approx(10)
    assert found["latency_ms"] == {"p50": 40.0, "p95": 40.0, "p99": 40.0}
    assert found["scores"]["miou"]["value"] == pytest.approx(0.75)  # road: 75 of 100 columns; sky is not true anywhere
    assert found["scores"]["abs_rel"]["value"] == pytest.approx(0.2)
    assert found["scores"]["miou"]["interval"] == pytest.approx((0.75, 0.75))
    assert (found["over"]["list"], found["over"]["classes"]) == ("cityscapes", ["road"])
    assert found["over"]["pixels"] == 48 * SIZE[0] * SIZE[1]
    assert found["scores"]["label_flicker"]["value"] == found["scores"]["depth_flicker"]["value"] == 0


def test_truth_of_another_recording_is_matched_by_stamp(tmp_path):
    truth = write_results(tmp_path / "truth", 10, results=False)
    path = write_results(tmp_path / "bag", 20, truth=False, wrong_columns=50)
    found = evaluate_bag(path, truth)
    assert found.time_blocks.total()["miou"] == pytest.approx(0.5)
    assert found.time_blocks.total()["coverage"] == 1.0  # of the ten frames that both have
    assert len(found.frames) == 20


def test_flicker_is_what_changes_between_frames(tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        for index in range(6):
            head = new_header(10**9 + index * 10**8, "camera")
            mask = np.zeros(SIZE, np.uint8)
            mask[:, : 10 * (index % 2)] = 8
            metres = np.full(SIZE, 4.0 * np.e ** (0.5 * (index % 2)), np.float32)
            bag.write_message("/segmentation/mask", index, new_image(mask, "mono8", head))
            bag.write_message("/depth/image", index, new_image(metres, "32FC1", head))
    found = evaluate_bag(tmp_path / "bag").results()
    assert found["scores"]["label_flicker"]["value"] == pytest.approx(0.1)
    assert found["scores"]["depth_flicker"]["value"] == pytest.approx(0.5, abs=1e-6)
    assert set(found["scores"]) == {"label_flicker", "depth_flicker"} and found["images"] == 0


def test_two_recordings_are_compared_in_pairs(tmp_path):
    good = write_results(tmp_path / "good", 50, wrong_columns=10)
    bad = write_results(tmp_path / "bad", 50, wrong_columns=30, depth_m=5.5)
    rows = {row["score"]: row for row in compare([evaluate_bag(good), evaluate_bag(bad)])}
    assert rows["miou"]["difference"] == pytest.approx(-0.2) and rows["abs_rel"]["difference"] == pytest.approx(0.1)
    assert rows["miou"]["interval"] == pytest.approx((-0.2, -0.2))


def test_the_interval_of_a_paired_difference_is_narrower_than_the_scores_own():
    rng = np.random.default_rng(3)
    a, b = TimeBlocks(SAME), TimeBlocks(SAME)
    for second in range(60):
        truth = np.zeros((10, 10), np.uint8)
        hard = rng.random() * 0.8  # a hard frame is hard for both
        noise = rng.random((10, 10))
        for blocks, more in ((a, 0.0), (b, 0.05)):
            blocks.add(second * 10**9, ((noise < hard + more).astype(np.uint8), truth), None)
    value, (low, high) = differences(a, b)["miou"]
    assert low <= value <= high < 0
    own_low, own_high = confidence(a)["miou"]
    assert high - low < 0.5 * (own_high - own_low)


@pytest.mark.parametrize("seconds", [1, 4, 5])
def test_a_few_stretches_of_time_have_scores_without_an_interval(tmp_path, capsys, seconds):
    """Of one, any drawing is the same again: an interval of no width would say that the score is certain."""
    good, bad = (
        write_results(tmp_path / name, 10 * seconds, wrong_columns=columns)
        for name, columns in (("good", 10), ("bad", 30))
    )
    assert main(["bag", "evaluate", str(good), str(bad), "--json", str(tmp_path / "scores.json")]) == 0
    said = capsys.readouterr().out
    written = json.loads((tmp_path / "scores.json").read_text())
    rows = [each["scores"]["miou"] for each in written["recordings"]] + written["differences"][:1]
    assert rows[0]["value"] == pytest.approx(0.9) and rows[2]["difference"] == pytest.approx(-0.2)
    assert [row["interval"] is None for row in rows] == [seconds < 5] * 3
    assert ("90.0 %   [too short to tell]" in said) == (seconds < 5)
    assert ("mean IoU -20.00 points: too short to tell" in said) == (seconds < 5)


def test_blocks_stay_few_and_lose_nothing():
    blocks = TimeBlocks(SAME)
    for second in range(1000):
        mask = np.full((2, 2), second % 2, np.uint8)
        blocks.add(second * 10**9, (mask, np.zeros((2, 2), np.uint8)), None)
    assert len(blocks.table()) <= 400 and blocks.level == 2
    assert blocks.total()["pixel_accuracy"] == 0.5


def test_the_command_prints_and_writes(tmp_path, capsys):
    good = write_results(tmp_path / "good", 10, wrong_columns=10)
    bad = write_results(tmp_path / "bad", 10, wrong_columns=30)
    assert main(["bag", "evaluate", str(good), str(bad), "--json", str(tmp_path / "scores.json")]) == 0
    said = capsys.readouterr().out
    assert "90.0 %" in said and "70.0 %" in said
    written = json.loads((tmp_path / "scores.json").read_text())
    assert [each["scores"]["miou"]["value"] for each in written["recordings"]] == pytest.approx([0.9, 0.7])
    assert written["differences"][0]["difference"] == pytest.approx(-0.2)


@pytest.mark.parametrize("table", [False, True])
def test_depth_is_compared_with_what_the_row_says(tmp_path, table):
    """The model's table, or that of the other stretches, says 5 m as the truth does, but for a nearer box."""
    path = write_results(tmp_path / "bag", 60, depth_m=6.0, camera=True, box_m=2.0)
    prior = RowPrior(0.0, 0.1, (5.0, 5.0)) if table else None
    card = BundleCard("street", True, NetworkSpec(), InputSpec(), TrainingCamera(500.0, 640), row_prior=prior)
    found = evaluate_bag(path, None, card).results()
    scores = {name: row["value"] for name, row in found["scores"].items()}
    # a tenth of the columns is the box: 6 m are 200 % off there, 20 % elsewhere; the table is 150 % off there
    assert scores["prior_abs_rel"] == pytest.approx(0.15, abs=0.02)
    assert scores["skill"] == pytest.approx(1 - (0.9 * 0.2 + 0.1 * 2) / scores["prior_abs_rel"])
    assert scores["standing_out"] == pytest.approx(2.0) and scores["standing_out_share"] == pytest.approx(0.1)
    assert ("trained on" if table else "other stretches") in found["row_table"]


def test_without_a_camera_or_a_second_stretch_skill_is_unknown_and_that_is_said(tmp_path):
    for name, camera, frames, words in (("no", False, 60, "no camera_info"), ("short", True, 5, "no other stretch")):
        found = evaluate_bag(write_results(tmp_path / name, frames, camera=camera)).results()
        assert "skill" not in found["scores"] and words in found["row_table"]


def test_what_has_no_results_or_no_truth_is_refused(tmp_path):
    empty = write_results(tmp_path / "empty", 3, results=False)
    with pytest.raises(BagError, match="bag process"):
        evaluate_bag(empty)
    with pytest.raises(BagError, match="tells no truth"):
        evaluate_bag(write_results(tmp_path / "bag", 3), write_results(tmp_path / "none", 3, truth=False))


def test_one_frame_says_nothing_about_time_and_the_json_says_so(tmp_path):
    path = write_results(tmp_path / "bag", 1, depth_m=np.inf)  # no rate, no flicker, and no metres to compare
    assert main(["bag", "evaluate", str(path), "--json", str(tmp_path / "scores.json")]) == 0
    summary = summarize(path, CITYSCAPES)
    assert summary["fps"] is None and summary["abs_rel"] is None and summary["miou"] == 1.0
    written = json.loads((tmp_path / "scores.json").read_text(), parse_constant=pytest.fail)
    assert written["recordings"][0]["fps"] is None and "abs_rel" not in written["recordings"][0]["scores"]


def test_an_evaluation_comes_back_whole_from_another_process(tmp_path):
    path = write_results(tmp_path / "bag", 12, wrong_columns=20, missing=(5,))
    (found,) = parallel_map(evaluate_bag, [path], workers=1)
    travelled = pickle.loads(pickle.dumps(found))
    assert travelled.results() == found.results() and travelled.gaps == found.gaps


NAMES = {
    "a namespace": lambda topic: f"/robot{topic}",
    "a driver's names": lambda topic: {"/image/compressed": "/cam/image_raw/compressed",
                                       "/camera_info": "/cam/camera_info"}.get(topic, topic),
    "a namespace of two words for results, another for the truth": lambda topic: (
        f"/sim{topic}" if "truth" in topic else f"/a/b_c{topic}" if "segm" in topic or "depth" in topic else topic
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A recording under the node's own names, and all that is found in it."""
    path = tmp_path_factory.mktemp("plain") / "bag"
    write_results(path, 30, wrong_columns=20, depth_m=5.5, camera=True, box_m=2.5)
    return path, evaluate_bag(path).results()


def renamed(source, target, name):
    with Bag(source) as bag, BagWriter(target) as writer:
        for each in bag.messages():
            writer.write(name(each.topic), each.type_name, each.received_ns, each.data)


@pytest.mark.parametrize("names", NAMES)
def test_other_names_change_no_score(tmp_path, plain, names):
    """Skill too, which needs the camera_info: with the node's own name, or beside the images."""
    renamed(plain[0], tmp_path / "bag", NAMES[names])
    found = evaluate_bag(tmp_path / "bag").results()
    assert "skill" in found["scores"] and found["warnings"] == []
    assert found | {"recording": ""} == plain[1] | {"recording": ""}


def test_compressed_results_are_read_as_raw_ones(tmp_path, plain):
    with Bag(plain[0]) as bag, BagWriter(tmp_path / "bag") as writer:
        for each in bag.messages():
            if each.topic != "/segmentation/mask":
                writer.write(each.topic, each.type_name, each.received_ns, each.data)
                continue
            message = each.message()
            made = new_compressed(array_from_image(message), "png", message.header)
            writer.write_message(f"{each.topic}/compressed", each.received_ns, made)
    found = evaluate_bag(tmp_path / "bag").results()
    assert found | {"recording": ""} == plain[1] | {"recording": ""}


def test_a_named_camera_wins_over_the_one_that_would_be_found(tmp_path, plain, capsys):
    """Of two robots each has its results and its truth; and what was left out is said."""
    other = write_results(tmp_path / "other", 20, wrong_columns=50)
    with Bag(plain[0]) as one, Bag(other) as two, BagWriter(tmp_path / "bag") as writer:
        for space, bag in (("/r1", one), ("/r2", two)):
            for each in bag.messages():
                writer.write(f"{space}{each.topic}", each.type_name, each.received_ns, each.data)
    found = {topic: evaluate_bag(tmp_path / "bag", cameras=(topic, "")).results() for topic in ("", "/r2/image")}
    assert [each["scores"]["pixel_accuracy"]["value"] for each in found.values()] == pytest.approx([0.8, 0.5])
    assert [each["images"] for each in found.values()] == [30, 20]
    assert "/r2/segmentation/mask, not from /r1/segmentation/mask" in found["/r2/image"]["warnings"][0]
    assert main(["bag", "evaluate", str(tmp_path / "bag"), "--topic", "/r3/image"]) == 1
    assert "has no topic /r3/image; it has /r1/camera_info" in capsys.readouterr().err


def test_a_named_camera_may_be_in_the_recording_of_the_truth_alone(tmp_path, plain):
    """As with `bag process --results-only`."""
    with Bag(plain[0]) as bag, BagWriter(tmp_path / "results") as results, BagWriter(tmp_path / "drive") as drive:
        for each in bag.messages():
            writer = results if each.topic in ("/segmentation/mask", "/depth/image") else drive
            writer.write(each.topic, each.type_name, each.received_ns, each.data)
    found = evaluate_bag(tmp_path / "results", tmp_path / "drive", cameras=("/image", "")).results()
    assert (found["images"], found["results"], found["scores"]["miou"]) == (0, 30, plain[1]["scores"]["miou"])
    with pytest.raises(BagError, match="has no topic /none"):
        evaluate_bag(tmp_path / "results", tmp_path / "drive", cameras=("/none", ""))


def test_of_several_nodes_results_one_is_read_and_the_others_are_named(tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        for topic in ("/rear/segmentation/mask", "/front/segmentation/mask"):
            bag.write_message(topic, 10**9, new_image(np.zeros(SIZE, np.uint8), "mono8", new_header(10**9, "c")))
    found = evaluate_bag(tmp_path / "bag").results()
    assert found["results"] == 1
    assert found["warnings"] == ["results are read from /front/segmentation/mask, not from /rear/segmentation/mask"]


def test_without_stamps_the_time_of_reception_tells_what_belongs_together(tmp_path):
    """As `bag process` writes results of a camera that leaves header.stamp at 0: with the time of their image."""
    with BagWriter(tmp_path / "bag") as bag:
        head, mask = new_header(0, "camera"), np.zeros(SIZE, np.uint8)
        for index in range(6):
            now_ns = 17 * 10**17 + index * 10**8
            for topic in ("/zed/left/image_rect_gray", "/ground_truth/labels", "/segmentation/mask"):
                bag.write_message(topic, now_ns, new_image(mask, "mono8", head))
    found = evaluate_bag(tmp_path / "bag").results()
    assert (found["images"], found["results"], found["latency_ms"]) == (6, 6, {})
    assert found["fps"] == pytest.approx(10) and found["scores"]["miou"]["value"] == 1
    assert "time of reception" in found["warnings"][0]


def test_truth_that_belongs_to_no_result_is_refused(tmp_path):
    path, truth = write_results(tmp_path / "bag", 3, truth=False), tmp_path / "truth"
    with BagWriter(truth) as bag:
        bag.write_message("/ground_truth/labels", 1, new_image(np.zeros(SIZE, np.uint8), "mono8", new_header(1, "c")))
    with pytest.raises(BagError, match="the truth of none of the 3 results"):
        evaluate_bag(path, truth)


def test_a_truth_of_other_stamps_in_the_recording_itself_is_no_score(tmp_path):
    with BagWriter(tmp_path / "bag") as bag:
        for stamp, topic in ((1, "/segmentation/mask"), (2, "/ground_truth/labels")):
            image = new_image(np.zeros(SIZE, np.uint8), "mono8", new_header(stamp, "c"))
            bag.write_message(topic, stamp, image)
    with pytest.raises(BagError, match="bag tells the truth of none of the 1 results"):
        evaluate_bag(tmp_path / "bag")


def write_labels(path, predicted, true, true_info=None, info=None):
    """Five frame sets of one mask each, with the names of their classes where they are told."""
    with BagWriter(path) as bag:
        for topic, labels in (("/segmentation/label_info", info), ("/ground_truth/label_info", true_info)):
            if labels:
                bag.write_message(topic, 10**9, new_label_info(labels, new_header(10**9, "")), latched=True)
        for index in range(5):
            stamp_ns = 10**9 + index * 10**8
            for topic, mask in (("/segmentation/mask", predicted), ("/ground_truth/labels", true)):
                bag.write_message(topic, stamp_ns, new_image(mask, "mono8", new_header(stamp_ns, "c")))
    return path


def test_labels_are_scored_in_the_classes_that_the_recording_names(tmp_path):
    """Cityscapes' car, truck and fence against CamVid's car, car and building."""
    predicted, true = np.array([[13, 14, 4]], np.uint8), np.array([[8, 8, 1]], np.uint8)
    found = evaluate_bag(write_labels(tmp_path / "bag", predicted, true, CAMVID11)).results()
    assert found["over"] == {
        "list": "camvid11", "list_length": 11, "classes": ["building", "car"], "pixels": 15,
        "absent": [name for name in CAMVID11.names if name not in ("building", "car")],
    }  # fmt: skip
    assert found["scores"]["miou"]["value"] == pytest.approx(0.5)
    told = evaluate_bag(write_labels(tmp_path / "told", predicted, true), true_labels=CAMVID11).results()
    assert (told["scores"]["miou"], told["over"]) == (found["scores"]["miou"], found["over"])


def test_classes_that_nobody_knows_are_taken_by_their_names(tmp_path):
    own = LabelSet("own", (Label("crop", 0, 4, (0, 9, 0)), Label("sky", 1, 5, (0, 0, 9))), sky="sky")
    mask = np.array([[4, 5, 5]], np.uint8)
    found = evaluate_bag(write_labels(tmp_path / "bag", mask, mask, own, own))
    assert found.comparison.labels.names == ("crop", "sky") and found.comparison.labels.sky_id == 5
    assert found.results()["over"]["list"] == "recorded" and found.results()["scores"]["miou"]["value"] == 1


def test_true_labels_of_no_class_are_told(tmp_path):
    found = evaluate_bag(write_labels(tmp_path / "bag", *np.array([[[0, 0, 0]], [[0, 255, 104]]], np.uint8))).results()
    assert found["over"]["pixels"] == 5
    assert found["warnings"] == [
        "true labels hold 104, which is no class of cityscapes and not scored; --truth-labels tells other classes"
    ]
