# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all, and folders that are this program's own and of one process at a time."""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mt_perception.errors import Error

_MARK = ".mt_perception"
_PATIENCE_S = 3.0  # for processes of a run that was killed, which are just ending


class FolderError(Error, ValueError):
    """A folder that belongs to somebody else."""


def no_file(path: Path) -> str:
    """Why `path` is no file, as the end of a sentence."""
    return "is a folder" if path.is_dir() else "does not exist"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, with its folders: under another name first, then on the disk, then by its own name.

    So neither a process that is stopped nor a robot that is switched off leaves half of it. What is no plain file (a
    link, a pipe) is written in place.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """The name of a file that others write in the block: it becomes `path` at its end, and goes where that fails."""
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def own_folder(path: Path) -> Iterator[None]:
    """The folder `path` for this process alone while the block lasts; made if need be, and left with what is in it.

    A folder of an earlier run is taken over, which a mark tells. Raises `FolderError` for one of somebody else, and for
    one in which another process works. A lock ends with its process, however that ends.
    """
    path.mkdir(parents=True, exist_ok=True)
    if not (path / _MARK).exists() and any(path.iterdir()):
        raise FolderError(f"{path} is not of this program, and is left alone: move it, or give another output")
    handle = _locked(path / _MARK)
    try:
        yield
    finally:
        os.close(handle)


def _locked(mark: Path) -> int:
    """The descriptor that holds the lock."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        mark.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(mark, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if mark.exists() and os.path.samestat(os.fstat(handle), mark.stat()):
                return handle  # else the process before removed it when it was done
        except BlockingIOError:
            if time.monotonic() > end:
                os.close(handle)
                refusal = f"another process works in {mark.parent}: wait for it, stop it, or give another output"
                raise FolderError(refusal) from None
        except OSError:  # a file system without locks
            return handle
        os.close(handle)
        time.sleep(0.05)
