# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where the files of the package are looked for."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

from mt_perception.utils import resources


def test_an_editable_install_reads_the_source_tree(root: Path) -> None:
    """Not the copies that were made when it was installed."""
    assert resources.share_folder() == root


def test_a_colcon_install_is_found_by_where_it_lies(tmp_path: Path) -> None:
    module = tmp_path / "lib" / "python3.12" / "site-packages" / "mt_perception" / "utils" / "resources.py"
    module.parent.mkdir(parents=True)
    shutil.copy(resources.__file__, module)
    folders = runpy.run_path(str(module))["_share_folders"]()
    assert tmp_path / "share" / "mt_perception" in [*folders]
