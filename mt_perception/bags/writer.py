# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings (rosbag2: mcap or sqlite3) as they are written, without a ROS installation."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rosbags.rosbag2 import StoragePlugin

from mt_perception.bags.bag import Bag, BagError, Recorded
from mt_perception.bags.metadata import METADATA
from mt_perception.bags.storage import RecordingWriter
from mt_perception.errors import said
from mt_perception.messages.types import TYPES, reliable_qos, type_hash
from mt_perception.utils.files import own_folder


class BagWriter:
    """A new recording. Use it in a `with` statement; it is complete when the block ends, even by an exception.

    Where it cannot be written any further, `BagError` says so once; then it ends at the last `checkpoint`.
    """

    def __init__(self, path: Path | str, storage: str = "mcap") -> None:
        path = Path(path)
        require_place(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._writer = RecordingWriter(path, StoragePlugin[storage.upper()])
        self._writer.open()
        self._is_broken = False
        self._connections: dict[str, Any] = {}
        self._originals: dict[str, Any] = {}

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_broken:
            self._writer.abort()
        else:
            with self._errors_named():
                self._writer.close()

    def checkpoint(self) -> None:
        """From now on all that was written so far is safe from the end of this process, in mcap."""
        with self._errors_named():
            self._writer.checkpoint()

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            self._is_broken = True
            end = "it ends where it was last whole"
            raise BagError(f"{self._path} cannot be written any further ({said(error)}): {end}") from error

    def adopt(self, bag: Bag) -> None:
        """Topics that `bag` has too keep the definitions of their types, known here or not, and their QoS."""
        self._originals = {connection.topic: connection for connection in bag.connections}

    def write(
        self, topic: str, type_name: str, received_ns: int, data: bytes | memoryview, latched: bool = False
    ) -> None:
        """Add a serialized message. `latched` is told to players, so that late subscribers get it too."""
        if topic not in self._connections:
            self._connections[topic] = self._connect(topic, type_name, latched)
        with self._errors_named():
            self._writer.write(self._connections[topic], received_ns, data)

    def _connect(self, topic: str, type_name: str, latched: bool) -> Any:
        original = self._originals.get(topic)
        known: dict[str, Any] = {"typestore": TYPES}
        if original and original.msgdef.data:
            known = {"msgdef": original.msgdef.data, "rihs01": type_hash(original)}
        elif type_name not in TYPES.types:
            raise BagError(f"{topic} has the type {type_name}, which is not known here, and no recording defines it")
        qos = (original and original.ext.offered_qos_profiles) or [reliable_qos(latched)]
        return self._writer.add_connection(topic, type_name, offered_qos_profiles=qos, **known)

    def write_message(self, topic: str, received_ns: int, message: Any, latched: bool = False) -> None:
        """Add a message made from `TYPES`."""
        made = serialized(topic, received_ns, message)
        self.write(topic, made.type_name, received_ns, made.data, latched)


@contextmanager
def new_recording(path: Path, storage: str = "mcap") -> Iterator[BagWriter]:
    """A new recording that is there when the block has ended well, and not at all otherwise."""
    require_place(path)
    unfinished = path.with_name(f"{path.name}.unfinished")
    with own_folder(unfinished):
        shutil.rmtree(unfinished / path.name, ignore_errors=True)  # of a program that was killed
        try:
            with BagWriter(unfinished / path.name, storage) as bag:  # its files are named after it
                yield bag
            (unfinished / path.name).rename(path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def require_place(path: Path) -> None:
    """Raise `BagError` where no recording can be made: there is something, or it would lie in a recording."""
    if path.exists():
        raise BagError(f"{path} exists already; a recording is never overwritten: give another folder or remove it")
    for folder in path.resolve().parents:
        if (folder / METADATA).is_file():
            raise BagError(f"{path} would lie in the recording {folder}, which stays as it is: give another folder")


def serialized(topic: str, received_ns: int, message: Any) -> Recorded:
    """A message made from `TYPES` as it is recorded."""
    type_name = message.__msgtype__
    return Recorded(topic, type_name, received_ns, TYPES.serialize_cdr(message, type_name))
