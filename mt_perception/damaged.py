"""Reads recordings that have no end, as a robot leaves them that is switched off while recording."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from mcap.records import Channel, Message, Schema
from mcap.stream_reader import StreamReader
from rosbags.interfaces import Connection, ConnectionExtRosbag2, MessageDefinition, MessageDefinitionFormat

Record = tuple[Connection, int, bytes]
"""Topic, time of reception in ns, data."""


class DamagedFile(ABC):
    """What can be read of a file from its beginning, with the part of `rosbags`' reader that `Bag` uses.

    Nothing but the messages is trusted, so the file is read through once to count. Raises `ValueError` when it holds
    not even one whole message.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.loss = ""
        """Why it is not read to its end; empty when it is."""
        counts: Counter[str] = Counter()
        found: dict[str, Connection] = {}
        first_ns, last_ns = 2**63 - 1, 0
        for connection, time_ns, _ in self._records():
            found.setdefault(connection.topic, connection)
            counts[connection.topic] += 1
            first_ns, last_ns = min(first_ns, time_ns), max(last_ns, time_ns)
        if not found:
            raise ValueError(f"{file} holds no whole message: {self.loss}")
        self.connections = [each._replace(msgcount=counts[topic]) for topic, each in found.items()]
        self.start_time, self.end_time = first_ns, last_ns + 1
        self.duration = self.end_time - self.start_time

    def messages(
        self, connections: Collection[Connection], start: int | None, stop: int | None
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """As of `rosbags`' reader: (connection, time of reception in ns, data)."""
        wanted = {each.topic: each for each in connections}
        for connection, time_ns, data in self._records(start or 0, 2**63 - 1 if stop is None else stop):
            if connection.topic in wanted:
                yield wanted[connection.topic], time_ns, data

    def close(self) -> None:  # noqa: B027
        """Nothing is held open between two readings."""

    @abstractmethod
    def _records(self, start_ns: int = 0, stop_ns: int = 2**63 - 1) -> Iterator[Record]:
        """Whole messages received in this time, in the order of the file, up to the damage, which `loss` then names."""


class DamagedMcap(DamagedFile):
    """An mcap file, perhaps without the index at its end."""

    def _records(self, start_ns: int = 0, stop_ns: int = 2**63 - 1) -> Iterator[Record]:
        schemas: dict[int, Schema] = {}
        connections: dict[int, Connection] = {}
        with self._file.open("rb") as stream:
            try:
                for record in StreamReader(stream).records:
                    if isinstance(record, Schema):
                        schemas[record.id] = record
                    elif isinstance(record, Channel):
                        connections[record.id] = _of_channel(record, schemas[record.schema_id])
                    elif isinstance(record, Message) and start_ns <= record.log_time < stop_ns:
                        yield connections[record.channel_id], record.log_time, record.data
            except Exception as error:  # whatever decoding cut-off bytes raises
                share = stream.tell() / self._file.stat().st_size
                self.loss = f"it breaks off at {share:.0%} of the file ({type(error).__name__})"


class DamagedSqlite(DamagedFile):
    """An sqlite3 file, perhaps cut off, or with its last messages still in the log beside it."""

    def _records(self, start_ns: int = 0, stop_ns: int = 2**63 - 1) -> Iterator[Record]:
        count = 0
        has_log = self._file.with_name(f"{self._file.name}-wal").exists()
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
            self.loss = f"it breaks off after {count} messages ({type(error).__name__}: {error})"


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
