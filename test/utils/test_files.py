# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Files are whole or not there, and folders of one process."""

import os
import subprocess
import sys

import pytest

from mt_perception.utils import files
from mt_perception.utils.files import FolderError, own_folder, write_whole


def test_a_file_is_the_old_or_the_new_one(tmp_path):
    file = tmp_path / "made" / "a.json"
    write_whole(file, b"old")
    with pytest.raises(TypeError):
        write_whole(file, "no bytes")
    assert file.read_bytes() == b"old" and os.listdir(file.parent) == ["a.json"]
    write_whole(file, b"new")
    assert file.read_bytes() == b"new" and os.listdir(file.parent) == ["a.json"]
    assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_links_and_pipes_are_written_in_place(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_whole(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "target").read_bytes() == b"x"


def test_a_folder_is_ours_when_it_is_new_empty_or_marked(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("new/deep", "empty"):
        for _ in range(2):
            with own_folder(tmp_path / name):
                (tmp_path / name / "content").touch()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "letter").touch()
    with (
        pytest.raises(FolderError, match="theirs is not of this program, and is left alone"),
        own_folder(tmp_path / "theirs"),
    ):
        pass
    assert os.listdir(tmp_path / "theirs") == ["letter"]


def test_it_is_of_one_process_until_that_is_gone_however_it_ends(tmp_path, monkeypatch):
    program = (
        "import sys; from pathlib import Path; from mt_perception.utils.files import own_folder\n"
        f"with own_folder(Path({str(tmp_path / 'a')!r})): print('in', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"in\n"
    monkeypatch.setattr(files, "_PATIENCE_S", 0.1)
    with pytest.raises(FolderError, match="another process works in"), own_folder(tmp_path / "a"):
        pass
    other.kill()
    monkeypatch.setattr(files, "_PATIENCE_S", 10.0)  # it may take a moment until it is gone
    with own_folder(tmp_path / "a"):
        pass
    other.communicate()
