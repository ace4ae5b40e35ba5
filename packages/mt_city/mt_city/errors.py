# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What a user can mend."""

from __future__ import annotations


class CityError(ValueError):
    """Said to the user in one sentence: what is wrong, what is allowed, what to do."""
