# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Losses count only where there is truth, and say what they should for hand-made cases."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from mt_perception.datasets.camvid import CAMVID11
from mt_perception.labels import CITYSCAPES
from mt_perception.model.spec import DepthEncodingSpec
from mt_perception.network.depth_encodings import DepthEncoding
from mt_perception_training.losses import (
    MultiTaskLoss,
    depth_error,
    depth_loss,
    gradient_loss,
    lovasz_loss,
    segmentation_loss,
    smoothness_loss,
)
from mt_perception_training.recipe import Losses, RecipeError
from mt_perception_training.superclasses import Targets

IDS = tuple(range(19))
TARGETS = Targets(CITYSCAPES, IDS, [CAMVID11])
SIGN = next(each.train_id for each in TARGETS.truth if each.name == "sign")  # of CamVid: traffic light or sign
NAN = float("nan")
ENCODING = DepthEncoding(DepthEncodingSpec("log", 0.5, 250.0))


def made_batch(labels: list[int], depth_m: list[float]) -> dict[str, torch.Tensor]:
    """Two samples of 1x1 pixel."""
    return {
        "labels": torch.tensor(labels, dtype=torch.uint8).view(2, 1, 1),
        "depth_m": torch.tensor(depth_m).view(2, 1, 1),
        "metric": torch.tensor([True, True]),
    }


def test_each_loss_counts_only_where_there_is_truth() -> None:
    """The first sample has labels only, the second depth only."""
    logits = torch.randn(2, 19, 1, 1, requires_grad=True)
    encoded = torch.randn(2, 1, 1, 1, requires_grad=True)
    loss = MultiTaskLoss(Losses(), ENCODING, TARGETS)
    loss(logits, encoded, made_batch([3, 255], [NAN, 7.0]), lovasz=1.0)["loss"].backward()
    assert logits.grad[0].abs().sum() > 0 and logits.grad[1].abs().sum() == 0
    assert encoded.grad[0] == 0 and encoded.grad[1] != 0


@pytest.mark.parametrize("kind", ["mse", "l1", "berhu"])
def test_no_truth_at_all_is_no_loss(kind: str) -> None:
    logits, encoded = torch.randn(2, 19, 1, 1, requires_grad=True), torch.randn(2, 1, 1, 1, requires_grad=True)
    loss = MultiTaskLoss(Losses(depth_kind=kind), ENCODING, TARGETS)
    parts = loss(logits, encoded, made_batch([255, 255], [NAN, NAN]), lovasz=1.0)
    parts["loss"].backward()
    assert parts["loss"] == 0 and not logits.grad.any() and not encoded.grad.any()


def test_a_group_asks_for_the_sum_of_its_members() -> None:
    members, table = torch.from_numpy(TARGETS.members), TARGETS.table
    probabilities = torch.full((19,), 0.4 / 17)
    probabilities[[6, 7]] = torch.tensor([0.4, 0.2])  # light and sign
    logits = probabilities.log().view(1, 19, 1, 1)
    target = torch.tensor(table[SIGN]).view(1, 1, 1)
    loss = segmentation_loss(logits, target, members, torch.ones(len(members)), 0.0)
    assert loss.item() == pytest.approx(-math.log(0.6), abs=1e-6)


def test_class_weights() -> None:
    options = Losses(class_weights={"pole": 3.0, "traffic sign": 5.0})
    loss = MultiTaskLoss(options, ENCODING, TARGETS)
    assert loss.weights[5] == 3 and loss.weights[0] == 1
    assert loss.weights[int(loss.table[SIGN])] == 5  # of a superclass: its members' largest
    with pytest.raises(RecipeError, match="'pool'"):
        MultiTaskLoss(Losses(class_weights={"pool": 1.0}), ENCODING, TARGETS)


def test_lovasz_is_one_minus_iou_for_certain_predictions() -> None:
    truth = torch.tensor([[[0, 0, 1, 1]]])
    guess = torch.tensor([[[0, 1, 1, 1]]])  # IoU 1/2 and 2/3
    logits = 1000.0 * torch.nn.functional.one_hot(guess, 2).permute(0, 3, 1, 2).float()
    loss = lovasz_loss(logits, truth, torch.eye(2, dtype=torch.bool))
    assert loss.item() == pytest.approx(1 - (1 / 2 + 2 / 3) / 2, abs=1e-6)


def test_depth_penalties_by_hand() -> None:
    encoded, target = torch.tensor([[[0.5, 0.0, 9.0]]]), torch.tensor([[[0.4, 1.0, NAN]]])
    error = depth_error(encoded, target, torch.tensor([True]))
    assert depth_loss(error, "mse").item() == pytest.approx((0.01 + 1.0) / 2)
    assert depth_loss(error, "l1").item() == pytest.approx((0.1 + 1.0) / 2)
    assert depth_loss(error, "berhu").item() == pytest.approx((0.1 + (1 + 0.04) / 0.4) / 2)


def test_a_sample_with_few_known_pixels_counts_as_much_as_one_with_many() -> None:
    error = torch.tensor([[[0.2, NAN, NAN, NAN]], [[0.4, 0.4, 0.4, 0.4]], [[NAN, NAN, NAN, NAN]]])
    assert depth_loss(error, "l1").item() == pytest.approx((0.2 + 0.4) / 2)


def test_depth_up_to_a_factor_teaches_only_what_is_left_of_it() -> None:
    """Twice as far everywhere: no error where metres are unknown, ln 2 of the encoding's range where they are known."""
    truth_m = torch.tensor([[[4.0, 8.0, 16.0]]] * 2)
    error = depth_error(ENCODING.encode(2 * truth_m), ENCODING.encode(truth_m), torch.tensor([True, False]))
    assert error[0, 0].tolist() == pytest.approx([math.log(2) / math.log(500)] * 3, abs=1e-6)
    assert error[1, 0].tolist() == pytest.approx([0.0] * 3, abs=1e-6)


def test_only_a_logarithmic_encoding_can_learn_from_depth_up_to_a_factor() -> None:
    batch = made_batch([255, 255], [4.0, 8.0]) | {"metric": torch.tensor([False, False])}
    encoded = torch.randn(2, 1, 1, 1)
    sqrt = DepthEncoding(DepthEncodingSpec("sqrt", 0.5, 250.0))
    assert MultiTaskLoss(Losses(), sqrt, TARGETS)(torch.randn(2, 19, 1, 1), encoded, batch)["depth"] == 0


def test_gradient_matching_by_hand() -> None:
    """An error that is the same everywhere has no gradient; a step of 0.3 in one of three columns counts once."""
    assert gradient_loss(torch.full((1, 2, 3), 0.7)) == 0
    step = torch.tensor([[[0.0, 0.0, 0.3], [0.0, 0.0, 0.3]]])
    # stride 1: along rows (0 + 0.3) / 2, along columns 0; stride 2 sees columns 0 and 2: 0.3; stride 4 a single pixel
    assert gradient_loss(step).item() == pytest.approx((0.15 + 0.3) / 3)
    assert gradient_loss(torch.tensor([[[NAN, 0.1, NAN]]])) == 0


def test_smoothness_counts_bends_inside_segments_only() -> None:
    encoded = torch.tensor([[[0.0, 1.0, 2.0, 9.0, 9.5, 9.0, 0.0]]])  # slope, jump, bend of -1
    target = torch.tensor([[[4, 4, 4, 7, 7, 7, -1]]])
    assert smoothness_loss(encoded, target).item() == pytest.approx((0.0 + 1.0) / 2)
    columns = smoothness_loss(encoded.transpose(1, 2), target.transpose(1, 2))
    assert columns.item() == pytest.approx(0.5)
    unknown = smoothness_loss(encoded, torch.full_like(target, -1))
    assert unknown.item() == 0


def test_smoothness_teaches_depth_where_only_labels_are_known() -> None:
    encoded = torch.randn(1, 1, 4, 5, requires_grad=True)
    batch = {"labels": torch.zeros(1, 4, 5, dtype=torch.uint8), "depth_m": torch.full((1, 4, 5), NAN)}
    batch["metric"] = torch.tensor([True])
    loss = MultiTaskLoss(Losses(smoothness=0.5), ENCODING, TARGETS)
    parts = loss(torch.zeros(1, 19, 4, 5), encoded, batch)
    parts["loss"].backward()
    assert parts["loss"].item() == pytest.approx((parts["segmentation"] + 0.5 * parts["smoothness"]).item())
    assert encoded.grad.abs().sum() > 0


def test_uncertainty_weights_are_learned_only_if_asked() -> None:
    assert not [p for p in MultiTaskLoss(Losses(), ENCODING, TARGETS).parameters() if p.requires_grad]
    loss = MultiTaskLoss(dataclasses.replace(Losses(), uncertainty=True), ENCODING, TARGETS)
    batch = made_batch([1, 2], [3.0, 4.0])
    loss(torch.randn(2, 19, 1, 1), torch.randn(2, 1, 1, 1), batch)["loss"].backward()
    assert loss.log_variances.grad.abs().min() > 0
