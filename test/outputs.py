"""What a backend says of a picture, and whether two of them say the same."""

from __future__ import annotations

import numpy as np
from helpers import make_picture

from mt_perception.backends import open_backend
from mt_perception.settings import Settings
from mt_perception.types import OUTPUTS


def infer(bundle, size, scale=1.5, outputs=tuple(OUTPUTS), **settings):
    backend = open_backend(bundle, Settings(**settings), size)
    return {name: array.copy() for name, array in backend.infer(make_picture(*size), scale, outputs).items()}


def assert_alike(ours, reference, size):
    """Within what backends may differ by: 0.1 % of the mask's pixels, 1e-3 of depth, one step of confidence."""
    assert {name: (a.dtype, a.shape) for name, a in ours.items()} == {n: (t, size) for n, t in OUTPUTS.items()}
    assert (ours["mask"] == reference["mask"]).mean() >= 0.999
    assert np.abs(ours["confidence"].astype(int) - reference["confidence"]).max() <= 1
    finite = np.isfinite(reference["depth_m"])
    assert finite.any() and (np.isfinite(ours["depth_m"]) == finite).mean() >= 0.999
    both = finite & np.isfinite(ours["depth_m"])
    np.testing.assert_allclose(ours["depth_m"][both], reference["depth_m"][both], rtol=1e-3)
