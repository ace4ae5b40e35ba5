# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What the release before called options and data sets is still read, with a notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from mt_perception.commands.main import main
from mt_perception.datasets.sources import parse_folders
from mt_perception.model.spec import DepthEncodingSpec, NetworkSpec
from mt_perception.utils import former_names
from mt_perception.utils.former_names import DATASETS, FOLDERS, current_options, former_path
from mt_perception.utils.plain_values import build


@pytest.fixture(autouse=True)
def _no_notice_yet() -> None:
    former_names._give_notice.cache_clear()


def test_former_options_are_read_as_todays_with_a_notice(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["bench", "--node", "--pictures", "0", "--picture=60x100", "--size", "pictures"]
    assert current_options(given) == ["bench", "--node", "--images", "0", "--image-size=60x100", "--size", "pictures"]
    assert [line.split(";")[0] for line in capsys.readouterr().err.splitlines()] == [
        "notice: --pictures is now called --images",
        "notice: --picture is now called --image-size",
    ]


def test_the_command_line_takes_a_former_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--precision", "int8", "--pictures", str(tmp_path), "--out", str(tmp_path / "x")]) == 1
    notice, *_, error = capsys.readouterr().err.splitlines()
    assert notice.startswith("notice: --pictures is now called --images") and "holds no images" in error


def test_a_folder_of_images_may_have_its_former_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_folders(["pictures=/a", "camvid=/b"]) == {"images": Path("/a"), "camvid": Path("/b")}
    assert "pictures is now called images" in capsys.readouterr().err


def test_work_that_was_begun_under_a_former_name_goes_on_there(tmp_path: Path) -> None:
    shards, pseudo = tmp_path / "out.shards", tmp_path / "images"
    assert (former_path(shards, FOLDERS), former_path(pseudo, DATASETS)) == (shards, pseudo)
    for name in ("out.parts", "pictures"):
        (tmp_path / name).mkdir()
    assert former_path(shards, FOLDERS) == tmp_path / "out.parts"
    assert former_path(pseudo, DATASETS) == tmp_path / "pictures"
    shards.mkdir()
    assert former_path(shards, FOLDERS) == shards


def test_former_keys_of_cards_recipes_and_checkpoints_are_read_with_one_notice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    former = {"finest": 1, "depth_codec": {"name": "sqrt"}}
    for _ in range(2):
        assert build(NetworkSpec, former, "card") == NetworkSpec(head_level=1, depth_encoding=DepthEncodingSpec("sqrt"))
    assert len(capsys.readouterr().err.splitlines()) == 2
