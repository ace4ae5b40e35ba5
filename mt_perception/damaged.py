"""Reads an mcap file that has no end, as a robot leaves it that is switched off while recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from mcap.records import Channel, Message, Schema
from mcap.stream_reader import StreamReader


@dataclass(frozen=True)
class Connection:
    """A topic of the recording, with the field names of `rosbags`."""

    topic: str
    msgtype: str
    msgcount: int


class StreamedMcap:
    """What can be read of an mcap file from its beginning, with the part of `rosbags`' reader that `Bag` uses.

    Without the index at its end, the file is read through once to count. Raises what `mcap` raises when not even the
    first record is good.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.loss = ""
        counts: Counter[tuple[str, str]] = Counter()
        times = []
        for schema, channel, message in self._records():
            counts[channel.topic, schema.name] += 1
            times.append(message.log_time)
        if not times:
            raise ValueError(f"{file} holds no whole message: {self.loss}")
        self.connections = [Connection(topic, kind, count) for (topic, kind), count in counts.items()]
        self.start_time, self.end_time = min(times), max(times) + 1
        self.duration = self.end_time - self.start_time

    def messages(
        self, connections: Collection[Connection], start: int | None, stop: int | None
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """As of `rosbags`' reader: (connection, time of reception in ns, data)."""
        wanted = {each.topic: each for each in connections}
        for _, channel, message in self._records():
            time_ns = message.log_time
            if channel.topic in wanted and (start or 0) <= time_ns and (stop is None or time_ns < stop):
                yield wanted[channel.topic], time_ns, message.data

    def close(self) -> None:
        """Nothing is held open between two readings."""

    def _records(self) -> Iterator[tuple[Schema, Channel, Message]]:
        """Whole messages up to the damage, which `loss` then names."""
        schemas: dict[int, Schema] = {}
        channels: dict[int, Channel] = {}
        with self._file.open("rb") as stream:
            try:
                for record in StreamReader(stream).records:
                    if isinstance(record, Schema):
                        schemas[record.id] = record
                    elif isinstance(record, Channel):
                        channels[record.id] = record
                    elif isinstance(record, Message):
                        channel = channels[record.channel_id]
                        yield schemas[channel.schema_id], channel, record
            except Exception as error:  # whatever decoding cut-off bytes raises
                share = stream.tell() / self._file.stat().st_size
                self.loss = f"it breaks off at {share:.0%} of the file ({type(error).__name__})"
