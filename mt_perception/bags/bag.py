"""Recordings (rosbag2: mcap or sqlite3) in and out, without a ROS installation."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosbags.rosbag2 import StoragePlugin

from mt_perception.bags.files import contradiction, is_all_of, opened, pieces, plain, storages
from mt_perception.bags.storage import RecordingWriter
from mt_perception.errors import MtPerceptionError
from mt_perception.messages.types import TYPES, reliable_qos, type_hash
from mt_perception.types import DataError
from mt_perception.utils.files import own_folder

_ALL_THERE = "all messages of its files are read"


class BagError(MtPerceptionError, ValueError):
    """A recording that cannot be read or written."""


@dataclass(frozen=True)
class Recorded:
    """One message of a recording, still serialized. `received_ns` is when it was recorded."""

    topic: str
    type_name: str
    received_ns: int
    data: bytes | memoryview

    def message(self) -> Any:
        """The message, with arrays as NumPy arrays. Raises `DataError` for bytes that are none of its type."""
        try:
            return TYPES.deserialize_cdr(self.data, self.type_name)
        except Exception as error:  # whatever decoding foreign bytes raises
            why = f"{type(error).__name__}: {error}"
            raise DataError(f"a message of {self.topic} cannot be read as {self.type_name} ({why})") from error


class Bag:
    """A recording opened for reading: a folder, or a single file, which is read whatever lies beside it.

    Use it in a `with` statement.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.loss = ""
        """What of the recording cannot be read, and why; empty for a whole one."""
        if self.path.is_file() and not is_all_of(self.path.parent, self.path):
            self._reader: Any = self._open_files([self.path])
        else:
            self._reader = self._open_folder(self.path.parent if self.path.is_file() else self.path)

    def _open_folder(self, folder: Path) -> Any:
        """What the metadata tell of, if its files hold that; else what there is in them."""
        has_metadata = (folder / "metadata.yaml").is_file()
        try:
            if not has_metadata:
                raise BagError("it has no metadata.yaml")
            reader = opened(folder)
            if problem := contradiction(reader):
                reader.close()
                raise BagError(problem)
            return reader
        except Exception as error:  # whatever a reader raises on damaged bytes
            try:
                reader = self._open_files(pieces(folder), trusted=not has_metadata)
            except ValueError as nothing:
                raise BagError(f"{folder} is no recording that can be read ({error}); {nothing}") from error
            if has_metadata:
                self.loss = f"{folder} is not what its metadata.yaml says ({error}); {self.loss or _ALL_THERE}"
            return reader

    def _open_files(self, files: list[Path], trusted: bool = True) -> Any:
        """A reader of these files alone: by the index if it is `trusted`, else from the beginning."""
        if trusted and len(files) == 1 and files[0].suffix == ".mcap":
            with suppress(Exception):
                return opened(files[0])  # else all of the file has to be read to begin with
        from mt_perception.bags.recovery import Damaged

        try:
            reader = Damaged(files)
        except ValueError as nothing:
            raise BagError(str(nothing)) from nothing
        self.loss = reader.loss and f"{self.path} was not ended properly; {reader.loss}"
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
        counts: Counter[str] = Counter()
        for connection in self.connections:  # publishers of one topic may have one each
            counts[connection.topic] += connection.msgcount
        return dict(counts)

    @property
    def type_names(self) -> dict[str, str]:
        """Message type by topic."""
        return {connection.topic: connection.msgtype for connection in self.connections}

    @property
    def span_ns(self) -> tuple[int, int]:
        """When the first message was received, and a moment after the last: as its files say, if they do."""
        spans = [each.metadata for each in storages(self._reader) if each.metadata.message_count]
        if not spans:
            return self._reader.start_time, self._reader.end_time
        return min(each.start_time for each in spans), max(each.end_time for each in spans)

    @property
    def duration_s(self) -> float:
        """Seconds between the first and the last message."""
        start_ns, end_ns = self.span_ns
        return max(0, end_ns - start_ns) / 1e9

    def messages(
        self, topics: Collection[str] | None = None, start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[Recorded]:
        """The messages of `topics` (None: of all) in the order in which they were recorded.

        Only those received from `start_ns` on, and before `stop_ns`, where these are given. When all were read and
        fewer came than the recording announces, `loss` says so.
        """
        wanted = [c for c in self.connections if topics is None or c.topic in topics]
        if not wanted:
            return
        came: Counter[str] = Counter()
        for connection, received_ns, data in self._readable(wanted, start_ns, stop_ns):
            came[connection.topic] += 1
            yield Recorded(connection.topic, connection.msgtype, received_ns, plain(data))
        if start_ns is None and stop_ns is None:
            self._compare(came, {each.topic for each in wanted})

    def _readable(self, wanted: list[Any], start_ns: int | None, stop_ns: int | None) -> Iterator[tuple[Any, int, Any]]:
        """By the index; where that, or a chunk, turns out to be damaged, all else that there is from the beginning."""
        came: Counter[str] = Counter()
        try:
            for record in self._reader.messages(wanted, start_ns, stop_ns):
                came[record[0].topic] += 1
                yield record
        except Exception as error:  # whatever a reader raises on damaged bytes
            rescue = self._rescue()
            if rescue is None:
                raise
            self.loss = f"{self.path} is damaged ({type(error).__name__}: {error}); {rescue.loss or _ALL_THERE}"
            for record in rescue.messages(wanted, start_ns, stop_ns):
                came[record[0].topic] -= 1
                if came[record[0].topic] < 0:  # not one that came before the damage
                    yield record

    def _rescue(self) -> Any:
        """A reader of the same files that trusts no index; None where this one does not either, or nothing is whole."""
        from mt_perception.bags.recovery import Damaged

        with suppress(ValueError):
            if not isinstance(self._reader, Damaged):
                return Damaged([self.path] if self.path.is_file() else pieces(self.path))
        return None

    def _compare(self, came: Mapping[str, int], topics: Collection[str]) -> None:
        short = [f"{came[topic]} of {count} on {topic}" for topic, count in self.counts.items()
                 if topic in topics and came[topic] < count]  # fmt: skip
        if short and not self.loss:
            self.loss = f"{self.path} holds fewer messages than it announces: {', '.join(short)}"


class BagWriter:
    """A new recording. Use it in a `with` statement; it is complete when the block ends, even by an exception.

    Where it cannot be written any further, `BagError` says so once; then it ends at the last `checkpoint`.
    """

    def __init__(self, path: Path | str, storage: str = "mcap") -> None:
        path = Path(path)
        refuse_existing(path)
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
            with self._told():
                self._writer.close()

    def checkpoint(self) -> None:
        """From now on all that was written so far is safe from the end of this process, in mcap."""
        with self._told():
            self._writer.checkpoint()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            self._is_broken = True
            end = "it ends where it was last whole"
            raise BagError(f"{self._path} cannot be written any further ({error}): {end}") from error

    def adopt(self, bag: Bag) -> None:
        """Topics that `bag` has too keep the definitions of their types, known here or not, and their QoS."""
        self._originals = {connection.topic: connection for connection in bag.connections}

    def write(
        self, topic: str, type_name: str, received_ns: int, data: bytes | memoryview, latched: bool = False
    ) -> None:
        """Add a serialized message. `latched` is told to players, so that late subscribers get it too."""
        if topic not in self._connections:
            self._connections[topic] = self._connect(topic, type_name, latched)
        with self._told():
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
    with own_folder(unfinished):
        shutil.rmtree(unfinished / path.name, ignore_errors=True)  # of a program that was killed
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
