# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The two lines that every source file begins with, as an entry point for `ament_copyright`.

By itself it knows licences by their whole headers alone.
"""

from __future__ import annotations

from typing import NamedTuple


class Licence(NamedTuple):
    """As `ament_copyright` has it; its templates know `{copyright}` alone."""

    name: str
    spdx: str
    file_headers: list[str]
    license_files: list[str]
    contributing_files: list[str]


APACHE2 = Licence(
    "Apache License, Version 2.0", "Apache-2.0", ["{copyright}\nSPDX-License-Identifier: Apache-2.0"], [], []
)
