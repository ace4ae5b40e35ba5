# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from fixed_backend import Says

from mt_perception.backends.parity_check import Parity, check_parity, structured_image


def parity(**answer):
    return check_parity(Says(**answer), Says(), (1, 4))


def test_the_same_agrees():
    assert parity() == Parity(mask=1.0, depth=0.0) and parity().is_good


def test_labels_are_counted_and_metres_are_relative():
    assert parity(mask=np.array([[0, 1, 2, 4]], np.uint8)).mask == 0.75
    # 2.2 instead of 2, 3 instead of 4: 10 % and 25 %, over four pixels
    depth = np.array([[2.2, 3.0, np.inf, np.inf]], np.float32)
    assert parity(depth_m=depth).depth == pytest.approx(0.35 / 4)


@pytest.mark.parametrize("wrong", [[np.inf, 4, np.inf, np.inf], [2, 4, 100, np.inf], [2, 4, np.inf, np.nan]])
def test_what_one_calls_infinite_and_the_other_does_not_is_an_error(wrong):
    assert not parity(depth_m=np.array([wrong], np.float32)).is_good


def test_it_is_said_how_far_they_differ():
    assert str(Parity(0.9, 0.5)) == (
        "90.00% of the labels are the same (at least 98%), depth differs by 50.00% (at most 2%)"
    )
    assert Parity(0.98, 0.02).is_good
    assert not Parity(0.9799, 0.0).is_good and not Parity(1.0, 0.021).is_good
    assert not Parity(1.0, float("nan")).is_good


def test_images_are_varied_and_the_same_every_time():
    one, two = structured_image((40, 90), 0), structured_image((40, 90), 1)
    assert one.shape == (40, 90, 3) and one.dtype == np.uint8 and one.std() > 30
    assert (one == structured_image((40, 90), 0)).all() and (one != two).mean() > 0.9
