# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Evaluation in detail: scores by class and by distance, and which frames are the worst."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from miniature import CAMERA, scene

from mt_perception.datasets.camvid import CAMVID11
from mt_perception.datasets.sample import Sample
from mt_perception.evaluation.datasets.collector import Collector
from mt_perception.evaluation.datasets.scoreboard import Scoreboard
from mt_perception.labels import CITYSCAPES, Label, LabelSet
from mt_perception.metrics.depth_scores import DepthBreakdown, DepthHistogram, DepthScores
from mt_perception.metrics.label_mapping import Comparison, LabelMapping, NoCommonClasses
from mt_perception.metrics.scores import SegmentationScores
from mt_perception.report.findings import mistakes
from mt_perception.report.frames import Worst
from mt_perception.report.images import depth_errors, label_errors
from mt_perception.types import Camera

SAME = Comparison(CITYSCAPES, CITYSCAPES)
THREE = Comparison(*[LabelSet("three", CITYSCAPES.labels[:3])] * 2)


def sample(name: str, labels: np.ndarray, depth_m: np.ndarray | None = None) -> Sample:
    height, width = labels.shape
    camera = Camera(width, height, 10.0, 10.0, 0.0, 0.0)
    return Sample(name, np.full((height, width, 3), 90, np.uint8), labels, depth_m, camera)


def test_iou_is_that_of_the_official_evaluation(tmp_path: Path) -> None:
    official = pytest.importorskip("cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling")
    rng = np.random.default_rng(0)
    to_train_id = CITYSCAPES.id_to_train_id()
    scores = SegmentationScores(SAME)
    files: tuple[list[str], list[str]] = ([], [])
    absent = (31, 32)  # train: neither true nor predicted; motorcycle: predicted alone
    for index in range(4):
        truth = rng.choice([i for i in range(34) if i not in absent], (12, 20)).astype(np.uint8)
        guess = np.where(rng.random(truth.shape) < 0.6, truth, rng.choice([7, 8, 26, 32, 0, 9], truth.shape))
        guess = guess.astype(np.uint8)
        for kind, image, names in zip(("guess", "truth"), (guess, truth), files, strict=True):
            names.append(str(tmp_path / f"{kind}{index}.png"))
            cv2.imwrite(names[-1], image)
        scores.update(to_train_id[guess], to_train_id[truth])
    options = official.args
    options.evalInstLevelScore, options.JSONOutput, options.quiet = False, False, True
    expected = official.evaluateImgLists(*files, options)
    for label, iou in zip(CITYSCAPES, scores.iou, strict=True):
        np.testing.assert_equal(iou, expected["classScores"][label.name], err_msg=label.name)
    assert scores.official_miou == pytest.approx(expected["averageScoreClasses"], rel=1e-12)
    assert scores.iou[17] == 0 and np.isnan(scores.iou[16])
    assert scores.miou == pytest.approx(scores.official_miou * 18 / 17)  # without the motorcycles, which are never true


def test_depth_by_class_and_distance_by_hand() -> None:
    truth_m = np.array([[4.0, 5.0, 10.0, 50.0], [np.nan, np.inf, 81.0, 8.0]], np.float32)
    guess_m = np.array([[5.0, 5.0, 12.0, np.inf], [1.0, 1.0, 1.0, 4.0]], np.float32)
    labels = np.array([[0, 0, 1, 1], [0, 1, 0, 255]], np.uint8)
    scores = DepthBreakdown(THREE, edges_m=(0, 5, 20, 80))
    scores.update(guess_m, truth_m, labels)
    near, middle, far = scores.by_distance()
    assert (near["pixels"], middle["pixels"], far["pixels"]) == (2, 2, 1)  # 5 m is near still, 81 m nowhere
    assert near["abs_rel"] == pytest.approx((1 / 4 + 0) / 2)
    assert middle["abs_rel"] == pytest.approx((2 / 10 + 4 / 8) / 2)  # the unlabelled pixel too
    assert middle["rmse"] == pytest.approx(np.sqrt((2**2 + 4**2) / 2))
    assert far["coverage"] == 0 and np.isnan(far["abs_rel"])
    road, sidewalk, building = scores.by_class()
    assert road["abs_rel"] == pytest.approx(1 / 8) and road["pixels"] == 2
    assert sidewalk["abs_rel"] == pytest.approx(1 / 5) and sidewalk["coverage"] == 0.5
    assert building["pixels"] == 0 and np.isnan(building["delta1"])


def test_depth_margins_agree_with_the_plain_scores() -> None:
    rng = np.random.default_rng(1)
    plain, whole, merged = DepthScores(), *(DepthBreakdown(SAME, edges_m=(0, 80)) for _ in range(2))
    for _ in range(3):
        truth_m, guess_m = (rng.lognormal(3, 1, (6, 9)).astype(np.float32) for _ in range(2))
        labels = rng.integers(0, 25, (6, 9)).astype(np.uint8)
        part = DepthBreakdown(SAME, edges_m=(0, 80))
        for scores in (whole, part):
            scores.update(guess_m, truth_m, labels)
        merged.merge(part)
        plain.update(guess_m, truth_m)
    expected = plain.summary()
    del expected["spearman"]  # an order is one of whole frames
    (found,) = whole.by_distance()
    assert 0 < found.pop("pixels") < 3 * 54 and found == pytest.approx(expected)
    assert merged.by_class()[3] == pytest.approx(whole.by_class()[3], nan_ok=True)


def test_histogram_by_hand() -> None:
    histogram = DepthHistogram(bins=4, min_m=1, max_m=16)
    assert histogram.edges_m.tolist() == pytest.approx([1, 2, 4, 8, 16])
    truth_m = np.array([[1.5, 3.0, 3.5, 100.0, np.inf, 5.0]], np.float32)
    guess_m = np.array([[0.1, 3.0, 9.0, 5.0, 5.0, np.nan]], np.float32)
    histogram.update(guess_m, truth_m)
    assert histogram.truth.tolist() == [1, 2, 0, 1]
    assert histogram.predicted.tolist() == [1, 1, 1, 1]
    assert DepthHistogram().truth.size == 1000


def test_mistakes_are_ranked_by_their_share_of_the_class() -> None:
    labels = {"classes": [{"name": "road"}, {"name": "pole"}], "confusion": [[90, 10, 0], [6, 0, 4]]}
    assert mistakes(labels) == [(0.6, "pole", "road"), (0.4, "pole", "no class"), (0.1, "road", "pole")]


def test_worst_keeps_the_lowest_scores_in_order() -> None:
    worst: Worst[str] = Worst(3)
    for score, name in ((0.5, "e"), (0.2, "b"), (0.9, "f"), (0.2, "c"), (0.1, "a"), (0.2, "d")):
        worst.add(score, name)
    assert list(worst) == ["a", "b", "c"]
    assert worst.admits(0.15) and not worst.admits(0.2)
    assert not Worst[str](0).admits(-1.0)


def test_frames_are_judged_and_ranked() -> None:
    truth = np.array([[0, 0, 0, 5], [0, 0, 0, 5], [10, 10, 13, 255]], np.uint8)
    flat = np.full(truth.shape, 10.0, np.float32)
    no_pole = np.where(truth == 5, 0, truth)
    far_car = np.where(truth == 13, 20.0, flat).astype(np.float32)
    collector = Collector(CITYSCAPES, worst=2)
    collector.add("city", CITYSCAPES, sample("right", truth, flat), truth, flat)
    collector.add("city", CITYSCAPES, sample("lost pole", truth, flat), no_pole, flat)
    collector.add("city", CITYSCAPES, sample("lost pole, far car", truth, flat), no_pole, far_car)
    collector.add("city", CITYSCAPES, sample("far car", truth, flat), truth, far_car)
    assert [frame.name for frame, *_ in collector.details["city"].worst] == ["lost pole, far car", "lost pole"]
    frame = next(iter(collector.details["city"].worst))[0]
    # road 6 of 8, pole 0 of 2, sky and car right; depth: one pixel of twelve twice as far
    assert frame.miou == pytest.approx((6 / 8 + 0 + 1 + 1) / 4) and frame.abs_rel == pytest.approx(1 / 12)
    assert frame.labels_fault and frame.labels_fault.name == "pole" and frame.labels_fault.taken_for == "road"
    assert frame.labels_fault.share == pytest.approx(2 / 11)
    assert frame.depth_fault and (frame.depth_fault.name, frame.depth_fault.value) == ("car", pytest.approx(1.0))
    ranked = collector.results()["datasets"]["city"]["frames"]
    assert [each["name"] for each in ranked] == ["lost pole, far car", "lost pole", "far car", "right"]


def test_memory_holds_the_images_of_the_worst_frames_alone() -> None:
    rng = np.random.default_rng(2)
    collector = Collector(CITYSCAPES, worst=2)
    for index in range(30):
        made = scene(rng)
        guess = np.where(rng.random(made.labels.shape) < rng.random(), made.labels, np.uint8(2)).astype(np.uint8)
        collector.add(
            "city", CITYSCAPES, Sample(f"{index}", made.left, made.labels, made.depth_m, CAMERA), guess, made.depth_m
        )
    kept = list(collector.details["city"].worst)
    assert len(kept) == 2 and all(isinstance(panel.address, str) for _, panels, _ in kept for panel in panels)
    assert sum(sys.getsizeof(panel.address) for _, panels, _ in kept for panel in panels) < 200_000
    scores = [frame.score for frame in collector.details["city"].frames]
    assert [frame.score for frame, *_ in kept] == sorted(scores)[:2]


def test_the_collector_is_the_same_scoreboard() -> None:
    rng = np.random.default_rng(3)
    plain, collector = Scoreboard(CITYSCAPES), Collector(CITYSCAPES, worst=1)
    for dataset in ("city", "camvid"):
        made = scene(rng)
        true = CAMVID11 if dataset == "camvid" else CITYSCAPES
        labels = LabelMapping(CITYSCAPES, true).table()[made.labels]
        depth_m = None if dataset == "camvid" else made.depth_m
        for board in (plain, collector):
            guess = np.roll(made.labels, 3, axis=1)
            board.add(dataset, true, Sample("x", made.left, labels, depth_m, CAMERA), guess, made.depth_m * 1.1)
    results = collector.results()
    assert results["scores"] == pytest.approx(plain.summary())
    for name, board in plain.labels.items():
        assert results["datasets"][name]["labels"]["miou"] == pytest.approx(board.miou)
        assert results["datasets"][name]["labels"]["confusion"] == board.confusion.tolist()
    assert results["datasets"]["city"]["depth"]["rmse"] == pytest.approx(plain.depths["city"].summary()["rmse"])
    assert results["datasets"]["camvid"]["depth"] is None


def test_depth_alone_is_scored_whatever_its_classes_and_labels_are_not_mistaken() -> None:
    field = LabelSet("field", (Label("crop", 1, 0, (0, 160, 0)), Label("weed", 2, 1, (160, 0, 0))))
    board, mask, flat = Scoreboard(field), np.zeros((2, 3), np.uint8), np.full((2, 3), 10, np.float32)
    image, camera = np.zeros((2, 3, 3), np.uint8), Camera(3, 2, 10.0, 10.0, 0.0, 0.0)
    scores = board.add("kitti", CITYSCAPES, Sample("laser", image, None, flat, camera), mask, flat * 1.1)
    assert scores.summary()["abs_rel"] == pytest.approx(0.1) and not board.labels
    with pytest.raises(NoCommonClasses, match="neither can be told in the other's"):
        board.add("kitti", CITYSCAPES, Sample("labelled", image, mask), mask, flat)


def test_a_sample_is_scored_once_and_the_scores_are_those_of_it_alone() -> None:
    board, flat = Scoreboard(CITYSCAPES), np.full((1, 2), 10, np.float32)
    right = board.add("city", CITYSCAPES, sample("a", np.array([[0, 13]], np.uint8), flat), np.array([[0, 13]]), flat)
    half = board.add("city", CITYSCAPES, sample("b", np.array([[0, 0]], np.uint8), flat), np.array([[0, 13]]), flat * 2)
    assert (right.labels.miou, half.labels.miou) == (1, 0.5)
    assert board.summary() == {
        "city_miou": pytest.approx((2 / 3 + 1 / 2) / 2),
        "city_abs_rel": pytest.approx(1 / 2),
        "city_rmse": pytest.approx(np.sqrt(50)),
        "city_delta1": 0.5,
        "city_spearman": pytest.approx(np.nan, nan_ok=True),
    }
    assert board.overall() == pytest.approx((2 / 3 + 1 / 2) / 2 - 1 / 2)


def test_error_maps_tell_right_from_wrong() -> None:
    truth = np.array([[0, 0, 1, 255]], np.uint8)
    shown = label_errors(np.full((1, 4, 3), 90, np.uint8), np.array([[0, 1, 1, 1]], np.uint8), truth)
    reddish = shown[..., 0].astype(int) - shown[..., 1]
    assert reddish[0].tolist() == [0, 200, 0, 0] and shown[0, 3].max() < 50
    truth_m = np.array([[10, 10, 10, np.nan]], np.float32)
    shown = depth_errors(np.array([[10, 40, 2, 7]], np.float32), truth_m)
    assert shown[0, 0].min() > 240 and shown[0, 1].argmax() == 0 and shown[0, 2].argmax() == 2
    assert len(set(shown[0, 3].tolist())) == 1


def test_camvid_is_shown_in_its_own_classes() -> None:
    collector = Collector(CITYSCAPES, worst=0)
    collector.add("camvid", CAMVID11, sample("x", np.array([[8, 3]], np.uint8)), np.array([[14, 0]], np.uint8), None)
    labels = collector.results()["datasets"]["camvid"]["labels"]
    assert labels["miou"] == 1 and labels["over"]["classes"] == ["road", "car"]  # a truck is one of CamVid's cars
    assert (labels["over"]["list"], labels["over"]["list_length"], labels["over"]["pixels"]) == ("camvid11", 11, 2)
