# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Label sets as values, and what the classes of one say in those of another."""

import numpy as np
import pytest

from mt_perception.datasets.camvid import CAMVID11
from mt_perception.datasets.image_folder import IDD7
from mt_perception.labels import CITYSCAPES, UNLABELLED, Label, LabelSet
from mt_perception.metrics.label_mapping import Comparison, LabelMapping, NoCommonClasses
from mt_perception.utils.plain_values import ValueMismatch

GREEN = (0, 160, 0)
FIELD = LabelSet(
    "field",
    (Label("grass", 7, 0, GREEN), Label("crop", 1, 2, (200, 180, 0)), Label("sky", 3, 1, (70, 130, 180))),
    sky="sky",
)


def test_train_ids_are_0_to_18_in_order():
    assert CITYSCAPES.train_ids == tuple(range(19))
    assert CITYSCAPES.names[10] == "sky" and CITYSCAPES.sky_id == 10


def test_id_remap_goes_one_step_and_sends_void_to_unlabelled():
    # 0 unlabelled, 7 road, 8 sidewalk, 19 traffic light, 29 caravan (void), 33 bicycle
    ids = np.array([[0, 7, 8], [19, 29, 33]], np.uint8)
    assert CITYSCAPES.id_to_train_id()[ids].tolist() == [[UNLABELLED, 0, 1], [6, UNLABELLED, 18]]
    assert np.count_nonzero(CITYSCAPES.id_to_train_id() != UNLABELLED) == 19


def test_palette_is_rgb_and_black_elsewhere():
    assert CITYSCAPES.palette()[0].tolist() == [128, 64, 128]
    assert CITYSCAPES.palette()[13].tolist() == [0, 0, 142]
    assert CITYSCAPES.palette()[UNLABELLED].tolist() == [0, 0, 0]


def test_order_label_ids_and_train_ids_of_a_set_are_independent():
    assert FIELD.id_to_train_id()[[7, 1, 3, 0]].tolist() == [0, 2, 1, UNLABELLED]
    assert FIELD.places[[0, 2, 1, 3]].tolist() == [0, 1, 2, UNLABELLED]
    assert FIELD.sky_id == 1 and LabelSet("no sky", FIELD.labels).sky_id is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"labels": (FIELD.labels[0], Label("oats", 9, 0, GREEN))}, "two classes of x have the same train_id, 0"),
        ({"labels": (FIELD.labels[0], Label("oats", 7, 5, GREEN))}, "two classes of x have the same label_id, 7"),
        ({"labels": (FIELD.labels[0], Label("grass", 9, 5, GREEN))}, "two classes of x have the same name, 'grass'"),
        (
            {"labels": (FIELD.labels[0], Label("lawn", 9, 5, GREEN, ("grass",)))},
            "two classes of x have the same meaning, grass",
        ),
        ({"labels": ()}, "x has 0 classes; allowed: 1 to 255"),
        ({"ignore": 256}, "ignore is 256; allowed: 0 to 255, and the train_id of no class"),
        ({"ignore": 2}, "ignore is 2; allowed"),
        ({"sky": "heaven"}, "sky is 'heaven'; the classes are grass, crop, sky"),
        ({"name": ""}, "name is ''; expected 1 to 100"),
    ],
)
def test_a_set_that_says_two_things_is_refused(values, said):
    with pytest.raises(ValueMismatch) as error:
        LabelSet(**{"name": "x", "labels": FIELD.labels} | values)
    assert said in str(error.value)


@pytest.mark.parametrize("coarse", [CAMVID11, IDD7], ids=lambda each: each.name)
def test_every_class_of_cityscapes_is_one_of_a_coarser_set(coarse):
    members = LabelMapping(CITYSCAPES, coarse).members
    assert {len(each) for each in members.values()} == {1}
    superclasses = LabelMapping(coarse, CITYSCAPES).members
    assert all(members[fine] == (code,) for code, group in superclasses.items() for fine in group)
    assert sorted(fine for group in superclasses.values() for fine in group) == list(range(19))


def test_a_class_that_covers_several_is_a_group():
    members = LabelMapping(CAMVID11, CITYSCAPES).members
    names = {CAMVID11.names[code]: [CITYSCAPES.names[each] for each in group] for code, group in members.items()}
    assert names["pavement"] == ["sidewalk"] and names["tree"] == ["vegetation", "terrain"]
    table = LabelMapping(CAMVID11, CITYSCAPES).table()
    assert table[[0, 3, 4, 5, 255]].tolist() == [10, 0, 1, UNLABELLED, UNLABELLED]  # sky, road, pavement, tree, void


def test_what_may_be_something_unknown_is_nothing_certain():
    """IDD's vehicle may be a truck: where only cars are known it says nothing, though a car is a vehicle."""
    cars = LabelSet("cars", (Label("car", 0, 0, GREEN), Label("road", 1, 1, GREEN)))
    assert LabelMapping(IDD7, cars).members[3] == () and LabelMapping(cars, IDD7).members == {0: (3,), 1: (0,)}
    assert not any(LabelMapping(FIELD, cars).members.values())


def test_two_sets_that_cut_differently_leave_several_open():
    """CamVid's tree is vegetation or terrain: for IDD a far object, or what is not drivable."""
    members = LabelMapping(CAMVID11, IDD7).members
    assert members[5] == (1, 5) and members[8] == (3,)
    assert not LabelMapping(CAMVID11, IDD7).is_certain


def test_a_union_says_what_each_of_its_sets_says():
    union = CITYSCAPES.union(CAMVID11, FIELD)
    assert union.train_ids[:19] == CITYSCAPES.train_ids and union.sky_id == 10
    new = [sorted(each.meaning) for each in union.labels[19:]]
    assert new == [
        ["building", "wall"], ["terrain", "vegetation"], ["traffic light", "traffic sign"],
        ["bus", "car", "train", "truck"], ["bicycle", "motorcycle", "rider"], ["grass"], ["crop"]
    ]  # fmt: skip
    for source in (CAMVID11, FIELD, CITYSCAPES):
        table = LabelMapping(source, union).table()
        found = {each.train_id: each for each in union}
        assert all(found[table[each.train_id]].meaning == each.meaning for each in source)
    assert CITYSCAPES.union(CITYSCAPES) is CITYSCAPES


def test_a_union_of_too_many_classes_is_refused():
    many = LabelSet("many", tuple(Label(f"m{i}", i, i, GREEN) for i in range(250)))
    with pytest.raises(ValueMismatch, match="many and cityscapes have more than 255 classes"):
        many.union(CITYSCAPES)


def test_predictions_are_compared_in_the_classes_of_the_truth():
    comparison = Comparison(CITYSCAPES, CAMVID11)
    assert comparison.labels == CAMVID11
    fine = np.array([[13, 14, 8, 255]], np.uint8)  # car, truck, vegetation, none
    assert comparison.of_predicted(fine).tolist() == [[8, 8, 5, UNLABELLED]]
    assert comparison.of_true(np.array([[8, 11]], np.uint8)).tolist() == [[8, UNLABELLED]]


def test_coarse_predictions_are_compared_in_their_own_classes():
    comparison = Comparison(IDD7, CITYSCAPES)
    assert comparison.labels == IDD7
    assert comparison.of_true(np.array([[13, 18, 2, 255]], np.uint8)).tolist() == [[3, 3, 5, UNLABELLED]]


def test_sets_that_cannot_be_compared_are_named():
    only_crops = LabelSet("field", FIELD.labels[:2])
    for other in (IDD7, only_crops):  # cut differently; nothing in common
        with pytest.raises(NoCommonClasses, match=r"in the classes of camvid11 \(sky, .*\), the truth in those of"):
            Comparison(CAMVID11, other)


def test_obstacles_are_all_but_ground_and_sky_or_the_named_that_there_are():
    field = LabelSet(
        "field",
        tuple(Label(name, i, i, (i, 0, 0)) for i, name in enumerate(("crop", "heaven", "terrain", "rock"))),
        sky="heaven",
    )
    assert field.obstacles() == (0, 3)
    assert field.obstacles(("rock", "unicorn", "terrain")) == (2, 3)
    assert len(CITYSCAPES.obstacles()) == 15
