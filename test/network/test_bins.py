# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Depth as a choice between fixed depths."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from mt_perception.model.spec import DepthEncodingSpec, NetworkSpec, SpecError
from mt_perception.network.bins import DepthBins
from mt_perception.network.depth_encodings import DepthEncoding

ENCODING = DepthEncoding(DepthEncodingSpec("log", 1.0, 100.0))


def encoded(*scores: float) -> float:
    return float(DepthBins(len(scores), ENCODING)(torch.tensor(scores).view(1, -1, 1, 1)))


def test_the_mean_by_hand() -> None:
    """Five bins at 0, 1/4, ... 1; scores ln 3 and 0 on the second and third are 3/4 and 1/4."""
    assert encoded(-99.0, 1.0986123, 0.0, -99.0, -99.0) == pytest.approx(0.25 * 3 / 4 + 0.5 / 4)
    assert encoded(2.0, 2.0, 2.0) == pytest.approx(0.5)


def test_they_lie_evenly_in_the_range_of_the_encoding() -> None:
    bins = DepthBins(3, ENCODING)
    assert ENCODING.decode(bins.values.flatten()).tolist() == pytest.approx([1.0, 10.0, 100.0], rel=1e-5)
    article = DepthEncoding(DepthEncodingSpec("article", 1.0, 100.0))
    assert article.decode(DepthBins(2, article).values.flatten()).tolist() == pytest.approx([1.0, 100.0], rel=1e-5)


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=8))
def test_no_score_leads_out_of_the_range(scores: list[float]) -> None:
    assert -1e-6 <= encoded(*scores) <= 1 + 1e-6


def test_an_edge_stays_one() -> None:
    """Scores that fade evenly from near to far over nine cells: the depth leaves its two ends within three of them."""
    share = torch.linspace(1, 0, 9)
    scores = torch.stack([20 * share, torch.zeros(9) - 99, 20 * (1 - share)]).view(1, 3, 1, 9)
    depth = DepthBins(3, ENCODING)(scores).flatten()
    assert (depth[:3] < 0.01).all() and (depth[-3:] > 0.99).all() and depth[4] == pytest.approx(0.5)


@pytest.mark.parametrize("count", [-1, 1, 257])
def test_a_wrong_number_is_refused(count: int) -> None:
    with pytest.raises(SpecError, match=f"depth_bins is {count}; allowed: 2 to 256, or 0"):
        NetworkSpec(depth_bins=count)
