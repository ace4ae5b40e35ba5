"""Recordings (rosbag2: mcap or sqlite3) in and out, without a ROS installation."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosbags.rosbag2 import Reader, ReaderError, StoragePlugin, Writer

from mt_perception.bag_types import TYPES, reliable_qos, type_hash


class BagError(ValueError):
    """A recording that cannot be read or written."""


@dataclass(frozen=True)
class Recorded:
    """One message of a recording, still serialized. `received_ns` is when it was recorded."""

    topic: str
    type_name: str
    received_ns: int
    data: bytes | memoryview

    def message(self) -> Any:
        """The message, with arrays as NumPy arrays."""
        return TYPES.deserialize_cdr(self.data, self.type_name)


class Bag:
    """A recording opened for reading. Use it in a `with` statement."""

    def __init__(self, path: Path | str) -> None:
        path = Path(path)
        self.path = path.parent if path.is_file() and path.suffix in (".mcap", ".db3") else path
        self.loss = ""
        """Why a part of the recording cannot be read; empty for a whole one."""
        self._reader: Any = self._open()

    def _open(self) -> Any:
        try:
            if not (self.path / "metadata.yaml").is_file():
                raise BagError("it has no metadata.yaml")
            reader = Reader(self.path)
            reader.open()
            return reader
        except (BagError, ReaderError, OSError, ValueError, KeyError) as error:
            return self._rescue(error)

    def _rescue(self, error: Exception) -> Any:
        """A reader of what there is of a recording that was not ended. Raises `BagError` when there is nothing."""
        files = [file for form in ("*.mcap", "*.db3") for file in self.path.glob(form)]
        if len(files) != 1:
            raise BagError(
                f"{self.path} is no recording that can be read ({error}); give the folder that ros2 bag record made"
            ) from error
        from mt_perception.damaged import DamagedMcap, DamagedSqlite

        try:
            reader = (DamagedMcap if files[0].suffix == ".mcap" else DamagedSqlite)(files[0])
        except ValueError as nothing:
            raise BagError(f"the recording {self.path} cannot be read ({nothing})") from error
        self.loss = f"{self.path} was not ended properly ({error}); {reader.loss or 'all its messages are there'}"
        return reader

    def __enter__(self) -> Bag:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    @property
    def connections(self) -> Collection[Any]:
        """The topics as `rosbags` describes them, with the definitions of their types and their QoS."""
        return self._reader.connections

    @property
    def counts(self) -> dict[str, int]:
        """Number of messages by topic."""
        return {connection.topic: connection.msgcount for connection in self.connections}

    @property
    def type_names(self) -> dict[str, str]:
        """Message type by topic."""
        return {connection.topic: connection.msgtype for connection in self.connections}

    @property
    def span_ns(self) -> tuple[int, int]:
        """When the first message was received, and a moment after the last."""
        return self._reader.start_time, self._reader.end_time

    @property
    def duration_s(self) -> float:
        """Seconds between the first and the last message."""
        return self._reader.duration / 1e9

    def messages(
        self, topics: Collection[str] | None = None, start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[Recorded]:
        """The messages of `topics` (None: of all) in the order in which they were recorded.

        Only those received from `start_ns` on, and before `stop_ns`, where these are given.
        """
        wanted = [c for c in self.connections if topics is None or c.topic in topics]
        if not wanted:
            return
        for connection, received_ns, data in self._reader.messages(wanted, start_ns, stop_ns):
            yield Recorded(connection.topic, connection.msgtype, received_ns, data)


class BagWriter:
    """A new recording. Use it in a `with` statement; it is complete when the block ends, even by an exception."""

    def __init__(self, path: Path | str, storage: str = "mcap") -> None:
        path = Path(path)
        refuse_existing(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = Writer(path, version=9, storage_plugin=StoragePlugin[storage.upper()])
        self._writer.open()
        self._connections: dict[str, Any] = {}
        self._originals: dict[str, Any] = {}

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def adopt(self, bag: Bag) -> None:
        """Topics that `bag` has too keep the definitions of their types, known here or not, and their QoS."""
        self._originals = {connection.topic: connection for connection in bag.connections}

    def write(
        self, topic: str, type_name: str, received_ns: int, data: bytes | memoryview, latched: bool = False
    ) -> None:
        """Add a serialized message. `latched` is told to players, so that late subscribers get it too."""
        if topic not in self._connections:
            self._connections[topic] = self._connect(topic, type_name, latched)
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
    refuse_existing(path)
    unfinished = path.with_name(f"{path.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a program that was killed
    try:
        with BagWriter(unfinished / path.name, storage) as bag:  # its files are named after it
            yield bag
        (unfinished / path.name).rename(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def refuse_existing(path: Path) -> None:
    """Raise `BagError` when there is something at `path`."""
    if path.exists():
        raise BagError(f"{path} exists already; a recording is never overwritten: give another folder or remove it")


def serialized(topic: str, received_ns: int, message: Any) -> Recorded:
    """A message made from `TYPES` as it is recorded."""
    type_name = message.__msgtype__
    return Recorded(topic, type_name, received_ns, TYPES.serialize_cdr(message, type_name))
