# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Reads files of recordings by themselves: without metadata, or without an end, as a robot leaves them at power-off."""

from __future__ import annotations

import os
import sqlite3
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from mcap.records import Channel, Chunk, McapRecord, Message, Schema
from mcap.stream_reader import StreamReader, breakup_chunk
from rosbags.interfaces import Connection, ConnectionExtRosbag2, MessageDefinition, MessageDefinitionFormat

Record = tuple[Connection, int, bytes]
"""Topic, time of reception in ns, data."""


class RecoveredFiles:
    """What can be read of the files of one recording, with the part of `rosbags`' reader that `Bag` uses.

    Nothing but the messages is trusted, so the files are read through once to count. Raises `ValueError` when they
    hold not even one whole message, in a sentence.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = [_file(each) for each in files]
        counts: Counter[str] = Counter()
        found: dict[str, Connection] = {}
        first_ns, last_ns = 2**63 - 1, 0
        for connection, time_ns, _ in self._records():
            found.setdefault(connection.topic, connection)
            counts[connection.topic] += 1
            first_ns, last_ns = min(first_ns, time_ns), max(last_ns, time_ns)
        self.read_error = "; ".join(each.read_error for each in self._files if each.read_error)
        """Why they are not read to their end; empty when they are."""
        if not found:
            names = ", ".join(str(each) for each in files)
            raise ValueError(f"{names} holds no whole message{self.read_error and f': {self.read_error}'}")
        self.connections = [each._replace(msgcount=counts[topic]) for topic, each in found.items()]
        self.start_time, self.end_time = first_ns, last_ns + 1

    def messages(
        self, connections: Collection[Connection], start: int | None, stop: int | None
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """As of `rosbags`' reader: (connection, time of reception in ns, data)."""
        requested = {each.topic: each for each in connections}
        for connection, time_ns, data in self._records(start or 0, 2**63 - 1 if stop is None else stop):
            if connection.topic in requested:
                yield requested[connection.topic], time_ns, data

    def close(self) -> None:
        """Nothing is held open between two readings."""

    def _records(self, start_ns: int = 0, stop_ns: int = 2**63 - 1) -> Iterator[Record]:
        for each in self._files:
            yield from each.records(start_ns, stop_ns)


def _file(file: Path) -> DamagedFile:
    """The reader of a file. Raises `ValueError` for one of another kind."""
    if file.suffix in (".zstd", ".zst"):
        raise ValueError(f"{file} is compressed as a whole: unpack it first (zstd -d {file.name})")
    if file.suffix not in (".mcap", ".db3"):
        raise ValueError(f"{file} is no file of a recording; those end in .mcap or .db3")
    return DamagedMcap(file) if file.suffix == ".mcap" else DamagedSqlite(file)


class DamagedFile(ABC):
    """One file, read from its beginning as far as that goes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.read_error = ""
        """Why it is not read to its end; empty when it is."""

    @abstractmethod
    def records(self, start_ns: int, stop_ns: int) -> Iterator[Record]:
        """Whole messages received in this time, in the file's order, up to the damage, which `read_error` names."""


class DamagedMcap(DamagedFile):
    """An mcap file, perhaps without the index at its end."""

    def records(self, start_ns: int, stop_ns: int) -> Iterator[Record]:
        schemas: dict[int, Schema] = {}
        connections: dict[int, Connection] = {}
        for record in self._all():
            if isinstance(record, Schema):
                schemas[record.id] = record
            elif isinstance(record, Channel) and record.schema_id in schemas:
                connections[record.id] = _of_channel(record, schemas[record.schema_id])
            elif isinstance(record, Message) and start_ns <= record.log_time < stop_ns:
                connection = connections.get(record.channel_id)
                if connection:  # else what tells of it lies in a damaged chunk
                    yield connection, record.log_time, record.data

    def _all(self) -> Iterator[McapRecord]:
        """Every record that is whole; chunks by their checksum, where they have one."""
        bad = 0
        with self._file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            self.read_error = "" if size else "it is empty"
            try:
                for record in StreamReader(stream, emit_chunks=True, record_size_limit=size).records:
                    if not isinstance(record, Chunk):
                        yield record
                        continue
                    try:
                        yield from breakup_chunk(record, validate_crc=True)
                    except Exception as error:  # whatever decoding damaged bytes raises
                        bad += 1
                        self.read_error = f"{bad} of its chunks cannot be read ({type(error).__name__})"
            except Exception as error:  # whatever decoding cut-off bytes raises
                if size:
                    end = f"it breaks off at {stream.tell() / size:.0%} of the file ({type(error).__name__})"
                    self.read_error = f"{self.read_error}; {end}" if bad else end


class DamagedSqlite(DamagedFile):
    """An sqlite3 file, perhaps cut off, or with its last messages still in the log beside it."""

    def records(self, start_ns: int, stop_ns: int) -> Iterator[Record]:
        count = 0
        has_log = self._file.with_name(f"{self._file.name}-wal").exists()
        self.read_error = "all its messages are there, the last ones in sqlite3's log" if has_log else ""
        address = f"{self._file.resolve().as_uri()}?mode=ro{'' if has_log else '&immutable=1'}"
        try:
            with closing(sqlite3.connect(address, uri=True)) as base:
                base.execute("PRAGMA writable_schema = ON")  # else nothing is read of a file that is too short
                connections = {each.id: each for each in _topics(base)}
                # not by the index on time, which may lie behind the damage
                rows = base.execute(
                    "SELECT topic_id, timestamp, data FROM messages NOT INDEXED "
                    "WHERE timestamp >= ? AND timestamp < ? ORDER BY id",
                    (start_ns, stop_ns),
                )
                for topic_id, time_ns, data in rows:
                    count += 1
                    yield connections[topic_id], time_ns, data
        except (sqlite3.Error, KeyError) as error:
            self.read_error = f"it breaks off after {count} messages ({type(error).__name__}: {error})"


def _of_channel(channel: Channel, schema: Schema) -> Connection:
    return _connection(channel.id, channel.topic, schema.name, schema.encoding, schema.data.decode(errors="replace"))


def _topics(base: sqlite3.Connection) -> list[Connection]:
    try:
        stored = base.execute("SELECT topic_type, encoding, encoded_message_definition FROM message_definitions")
        definitions = {name: (encoding, text) for name, encoding, text in stored}
    except sqlite3.OperationalError:  # before ROS 2 Jazzy
        definitions = {}
    topics = base.execute("SELECT id, name, type FROM topics")
    return [_connection(key, name, kind, *definitions.get(kind, ("", ""))) for key, name, kind in topics]


def _connection(key: int, topic: str, type_name: str, encoding: str, text: str) -> Connection:
    forms = {"ros2msg": MessageDefinitionFormat.MSG, "ros2idl": MessageDefinitionFormat.IDL}
    known = encoding in forms
    definition = MessageDefinition(forms.get(encoding, MessageDefinitionFormat.NONE), text if known else "")
    return Connection(key, topic, type_name, definition, "", 0, ConnectionExtRosbag2("cdr", []), None)
