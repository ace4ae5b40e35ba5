# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Recordings (rosbag2: mcap or sqlite3) as they are read, without a ROS installation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt_perception.bags.files import contradiction, decompressed, is_all_of, opened, pieces, storages
from mt_perception.bags.metadata import METADATA
from mt_perception.errors import Error
from mt_perception.messages.types import TYPES
from mt_perception.types import DataError

_ALL_THERE = "all messages of its files are read"


class BagError(Error, ValueError):
    """A recording that cannot be read or written."""

    page = "recordings"


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
        self.read_error = ""
        """What of the recording cannot be read, and why; empty for a whole one."""
        if self.path.is_file() and not is_all_of(self.path.parent, self.path):
            self._reader: Any = self._open_files([self.path])
        else:
            self._reader = self._open_folder(self.path.parent if self.path.is_file() else self.path)

    def _open_folder(self, folder: Path) -> Any:
        """What the metadata tell of, if its files hold that; else what there is in them."""
        has_metadata = (folder / METADATA).is_file()
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
                self.read_error = (
                    f"{folder} is not what its metadata.yaml says ({error}); {self.read_error or _ALL_THERE}"
                )
            return reader

    def _open_files(self, files: list[Path], trusted: bool = True) -> Any:
        """A reader of these files alone: by the index if it is `trusted`, else from the beginning."""
        if trusted and len(files) == 1 and files[0].suffix == ".mcap":
            with suppress(Exception):
                return opened(files[0])  # else all of the file has to be read to begin with
        from mt_perception.bags.recovery import RecoveredFiles

        try:
            reader = RecoveredFiles(files)
        except ValueError as nothing:
            raise BagError(str(nothing)) from nothing
        self.read_error = reader.read_error and f"{self.path} was not ended properly; {reader.read_error}"
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
        fewer came than the recording announces, `read_error` says so.
        """
        requested = [c for c in self.connections if topics is None or c.topic in topics]
        if not requested:
            return
        came: Counter[str] = Counter()
        for connection, received_ns, data in self._readable(requested, start_ns, stop_ns):
            came[connection.topic] += 1
            yield Recorded(connection.topic, connection.msgtype, received_ns, decompressed(data))
        if start_ns is None and stop_ns is None:
            self._compare(came, {each.topic for each in requested})

    def _readable(
        self, requested: list[Any], start_ns: int | None, stop_ns: int | None
    ) -> Iterator[tuple[Any, int, Any]]:
        """By the index; where that, or a chunk, turns out to be damaged, all else that there is from the beginning."""
        came: Counter[str] = Counter()
        try:
            for record in self._reader.messages(requested, start_ns, stop_ns):
                came[record[0].topic] += 1
                yield record
        except Exception as error:  # whatever a reader raises on damaged bytes
            rescue = self._rescue()
            if rescue is None:
                raise
            self.read_error = (
                f"{self.path} is damaged ({type(error).__name__}: {error}); {rescue.read_error or _ALL_THERE}"
            )
            for record in rescue.messages(requested, start_ns, stop_ns):
                came[record[0].topic] -= 1
                if came[record[0].topic] < 0:  # not one that came before the damage
                    yield record

    def _rescue(self) -> Any:
        """A reader of the same files that trusts no index; None where this one does not either, or nothing is whole."""
        from mt_perception.bags.recovery import RecoveredFiles

        with suppress(ValueError):
            if not isinstance(self._reader, RecoveredFiles):
                return RecoveredFiles([self.path] if self.path.is_file() else pieces(self.path))
        return None

    def _compare(self, came: Mapping[str, int], topics: Collection[str]) -> None:
        short = [f"{came[topic]} of {count} on {topic}" for topic, count in self.counts.items()
                 if topic in topics and came[topic] < count]  # fmt: skip
        if short and not self.read_error:
            self.read_error = f"{self.path} holds fewer messages than it announces: {', '.join(short)}"
