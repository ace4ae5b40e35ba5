# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a backend says of an image."""

from __future__ import annotations

from helpers import make_image

from mt_perception.backends import open_backend
from mt_perception.settings import Settings
from mt_perception.types import OUTPUTS


def infer(bundle, size, scale=1.5, outputs=tuple(OUTPUTS), **settings):
    backend = open_backend(bundle, Settings(**settings), size)
    return {name: array.copy() for name, array in backend.infer(make_image(*size), scale, outputs).items()}
