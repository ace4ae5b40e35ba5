# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the city share."""

from __future__ import annotations

import pytest

from mt_city import CityError
from mt_city.gl import load_mujoco, open_context


@pytest.fixture(scope="session")
def rendering() -> None:
    """For tests that render: they are skipped, with the packages that are missing, where nothing can."""
    try:
        open_context(load_mujoco(), 16, 16).free()
    except CityError as error:
        pytest.skip(str(error))
