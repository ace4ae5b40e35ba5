# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""A set of outputs is made while another serves it: with events in place of a compiler."""

import threading

import pytest

from mt_perception.backends.variants import Variants

ALL = ("confidence", "depth_m", "mask")


class Maker:
    """Makes the name of a set; sets in `slow` only once they are released."""

    def __init__(self, slow=(), broken=()):
        self.made, self.slow, self.broken = [], {each: threading.Event() for each in slow}, broken

    def __call__(self, names):
        if names in self.slow:
            assert self.slow[names].wait(10)
        if names in self.broken:
            raise RuntimeError("out of memory")
        self.made.append(names)
        return f"graph of {' '.join(names)}"


def settled(variants, outputs):
    """What serves once nothing is being made any more."""
    if variants._pending:
        variants._pending[1].exception(10)
    return variants.get(outputs)


def test_a_new_set_is_served_by_a_larger_one_until_it_is_made():
    maker = Maker(slow=[("mask",)])
    variants = Variants(maker, background=True)
    assert variants.get(ALL)[0] == ALL
    for _ in range(3):
        assert variants.get(["mask"]) == (ALL, "graph of confidence depth_m mask")
    maker.slow["mask",].set()
    assert settled(variants, ["mask"]) == (("mask",), "graph of mask")
    assert maker.made == [ALL, ("mask",)], "once each"


def test_the_smallest_set_that_covers_serves():
    variants = Variants(Maker(slow=[("mask",)]), background=True)
    variants.get(ALL)
    variants.get(["mask", "depth_m"])
    assert settled(variants, ["depth_m", "mask"])[0] == ("depth_m", "mask")
    assert variants.get(["mask"])[0] == ("depth_m", "mask")
    variants._make.slow["mask",].set()


def test_what_nothing_covers_is_waited_for():
    variants = Variants(Maker(), background=True)
    assert variants.get(["mask"])[0] == ("mask",)
    assert variants.get(["depth_m"])[0] == ("depth_m",)


def test_without_background_every_set_is_waited_for():
    variants = Variants(Maker())
    variants.get(ALL)
    assert variants.get(["mask"]) == (("mask",), "graph of mask")


@pytest.mark.parametrize("background", [True, False])
def test_the_last_two_are_kept_and_the_one_that_has_all(background):
    maker = Maker()
    variants = Variants(maker, background)
    variants.get(ALL)
    for outputs in (["mask"], ["depth_m"], ["confidence"], ["depth_m"], ["mask"], ALL):
        variants.get(outputs)
        assert set(settled(variants, outputs)[0]) == set(outputs)
    assert maker.made == [ALL, ("mask",), ("depth_m",), ("confidence",), ("mask",)]


def test_a_set_that_cannot_be_made_is_served_by_the_larger_one_and_that_is_said(caplog):
    variants = Variants(Maker(broken=[("mask",)]), background=True)
    variants.get(ALL)
    variants.get(["mask"])
    for _ in range(3):
        assert settled(variants, ["mask"])[0] == ALL
    assert caplog.messages == ["the graph for mask alone cannot be made (out of memory); a larger one serves"]


def test_without_background_the_failure_is_the_callers():
    with pytest.raises(RuntimeError, match="out of memory"):
        Variants(Maker(broken=[("mask",)])).get(["mask"])
