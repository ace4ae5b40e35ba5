# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Which files make a recording, and whether they hold what its metadata tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from multiprocessing.util import Finalize
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rosbags.rosbag2 import Reader
from yaml import YAMLError

from mt_perception.bags.metadata import METADATA, read_metadata, write_metadata

_FILES = (".mcap", ".db3")
_PACKED = (".zstd", ".zst")
_ZSTD = b"\x28\xb5\x2f\xfd"  # how compressed data begin, and no serialized message
_MOST_COPIES = 2
_COPIES: dict[tuple[Path, int], tuple[Path, Callable[[], Any]]] = {}
"""Of recordings that are compressed as a whole, by folder and when it was changed: the copy, and what removes it."""
_PIECE = re.compile(r"(?P<name>.*)_(?P<number>\d+)(?P<ending>\.(mcap|db3)(\.zstd?)?)")


def is_recording(path: Path) -> bool:
    """Whether there is a recording at `path`: one of its files, or the folder of them."""
    if path.is_dir():
        return (path / METADATA).is_file() or any(each.suffix in (*_FILES, *_PACKED) for each in path.iterdir())
    return path.suffix in (*_FILES, *_PACKED)


def opened(path: Path) -> Any:
    """The reader of `rosbags` for a folder or a file, opened. What is compressed as a whole is unpacked once."""
    reader = Reader(unpacked(path) if path.is_dir() else path)
    reader.open()
    return reader


def unpacked(folder: Path) -> Path:
    """The recording in `folder`, or where its files are compressed as a whole (zstd), a copy of it with plain ones.

    The copy is among the temporary files. It serves this process until that ends, or has read several others.
    """
    try:
        facts = read_metadata(folder)
        if str(facts["compression_mode"]).lower() != "file" or facts["compression_format"] != "zstd":
            return folder
        key = folder.resolve(), (folder / METADATA).stat().st_mtime_ns
        files = [each | {"path": Path(each["path"]).name} for each in facts["files"]]
    except (OSError, ValueError, TypeError, KeyError, YAMLError):
        return folder  # the reader says what is wrong with it
    if key not in _COPIES:
        while len(_COPIES) >= _MOST_COPIES:
            _COPIES.pop(next(iter(_COPIES)))[1]()
        copy = TemporaryDirectory(prefix="mt_perception_")
        # a worker process ends without what `atexit` holds
        remove = Finalize(None, copy.cleanup, exitpriority=1)
        try:
            for each in files:
                _unpack(folder / each["path"], Path(copy.name))
        except BaseException:
            remove()
            raise
        plain_files = [each | {"path": Path(each["path"]).stem} for each in files]
        facts |= {"compression_mode": "", "compression_format": ""}
        write_metadata(Path(copy.name), [facts | {"files": plain_files}])
        _COPIES[key] = Path(copy.name), remove
    return _COPIES[key][0]


def _unpack(file: Path, folder: Path) -> None:
    import zstandard  # comes with mcap

    with file.open("rb") as packed, (folder / file.stem).open("wb") as unpacked_file:
        zstandard.ZstdDecompressor().copy_stream(packed, unpacked_file)


def is_all_of(folder: Path, file: Path) -> bool:
    """Whether the recording in `folder` consists of this file alone, so that its metadata speak of it."""
    try:
        return [Path(each).name for each in read_metadata(folder)["relative_file_paths"]] == [file.name]
    except (OSError, ValueError, TypeError, KeyError, YAMLError):
        return False


def pieces(folder: Path) -> list[Path]:
    """The files of the one recording in `folder`: one, or `NAME_0.mcap`, `NAME_1.mcap` and so on.

    Raises `ValueError`, in a sentence, where there are none, or several recordings.
    """
    files = [each for each in folder.glob("*") if each.suffix in (*_FILES, *_PACKED)]
    if not files:
        raise ValueError("give the folder that ros2 bag record made, or one of its files")
    files.sort(key=lambda each: (len(each.name), each.name))
    parts = [_PIECE.fullmatch(each.name) for each in files]
    numbers = [int(part["number"]) for part in parts if part]
    is_split = numbers == list(range(len(files))) and len({(p["name"], p["ending"]) for p in parts if p}) == 1
    if len(files) > 1 and not is_split:
        raise ValueError(f"it holds several ({', '.join(each.name for each in files)}): give one of them")
    return files


def storages(reader: Any) -> list[Any]:
    """The files behind `rosbags`' reader of a folder, as it has read them; none behind other readers."""
    return getattr(getattr(reader, "storage", reader), "storages", [])


def contradiction(reader: Any) -> str:
    """Where the files hold other than the metadata announce; then `rosbags` leaves out messages without a word."""
    stored = [each for storage in storages(reader) for each in storage.connections]
    for told in reader.connections:
        same = [
            each.msgcount
            for each in stored
            if (each.topic, each.msgtype, each.ext) == (told.topic, told.msgtype, told.ext)
            and told.digest in ("", each.digest or told.digest)
        ]
        if sum(same) != told.msgcount:
            return f"it tells of {told.msgcount} messages on {told.topic}, and its files hold {sum(same)}"
    return ""


def decompressed(data: bytes | memoryview) -> bytes | memoryview:
    """A message as it was published; where each was compressed, only metadata.yaml tells, and that may be lost."""
    if bytes(data[:4]) != _ZSTD:
        return data
    import zstandard  # comes with mcap

    return zstandard.ZstdDecompressor().decompressobj().decompress(data)
