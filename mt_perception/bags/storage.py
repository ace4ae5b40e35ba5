# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Writes recordings that survive: what was written a second ago opens in every reader, whatever then happens.

`rosbags` writes the files; here is when, and with what checksums. Its mcap file gets its index when it is closed; here
it has one after every `checkpoint`, which the next one overwrites with more data and a longer index, in one step.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.rosbag2.storage_mcap import McapWriter, write_channel, write_schema

_CRC_AT = 9 + 24  # in the record of a chunk: behind its kind and length, and three numbers of 8 bytes
_ZSTD_LEVEL = 1  # two thirds of the work of the usual 3; results get 1 % larger
_LARGE_BLOCK = 32 << 20  # bytes that wait for a checkpoint at most
_SMALL_INDEX = 1 << 20  # bytes; a larger one is only written together with as many of data


class _Block(BytesIO):
    """What is to be written to a file from the byte `start` on; positions are those in the file."""

    def __init__(self, start: int) -> None:
        super().__init__()
        self.start = start

    def tell(self) -> int:
        return self.start + super().tell()

    def close(self) -> None:
        """Its content is still needed."""


class _Mcap(McapWriter):
    """An mcap file. `bio` is the block that waits; `close` writes it with the index behind it."""

    def __init__(self, path: Path, compression: CompressionMode) -> None:
        super().__init__(path, compression)
        if self.compression:
            zstd: Any = self.compressor
            self.compressor = partial(zstd, level=_ZSTD_LEVEL)
        self._file: Any = self.bio
        self._file.flush()
        self._end, self._index = self._file.tell(), b""
        self.bio: Any = _Block(self._end)
        self.goes_on = False

    def add_msgtype(self, connection: Any) -> None:
        super().add_msgtype(connection)
        write_schema(self.bio, self.schemas[-1])  # also outside of chunks: a damaged one must not cost the others

    def add_connection(self, connection: Any, offered_qos_profiles: str) -> None:
        super().add_connection(connection, offered_qos_profiles)
        write_channel(self.bio, self.channels[-1], self.schemas)

    def close_chunk(self) -> None:
        checksum = crc32(self.chunk.bio.getbuffer())
        at = self.bio.tell() - self.bio.start + _CRC_AT
        super().close_chunk()
        with self.bio.getbuffer() as block:
            block[at : at + 4] = checksum.to_bytes(4, "little")
        if len(self.bio.getbuffer()) > _LARGE_BLOCK:
            self._append(self.bio.getvalue(), b"")

    def close(self, version: int, metadata: str) -> None:
        if self.chunk.bio.tell():
            self.close_chunk()
        data, self.bio = self.bio.getvalue(), _Block(self.bio.tell())
        super().close(version, metadata)
        index = self.bio.getvalue()
        self._append(data, b"" if self.goes_on and len(index) > max(len(data), _SMALL_INDEX) else index)
        if not self.goes_on:
            os.fsync(self._file.fileno())
            self._file.close()

    def abort(self) -> None:
        self._file.close()

    def _append(self, data: bytes, index: bytes) -> None:
        """Write `data` where the index was, and a new index. If there is no space, all is as it was before."""
        try:
            self._put(data + index)
        except OSError:
            with suppress(OSError):  # it was there, so there is space for it
                self._put(self._index)
            raise
        self._end, self._index = self._end + len(data), index
        self.bio = _Block(self._end)

    def _put(self, content: bytes) -> None:
        handle, done = self._file.fileno(), 0
        while done < len(content):
            done += os.pwrite(handle, memoryview(content)[done:], self._end + done)
        os.ftruncate(handle, self._end + len(content))


class RecordingWriter(Writer):
    """`rosbags`' writer with `checkpoint`, checksums, and mcap that is compressed (zstd)."""

    STORAGE_PLUGINS: Mapping[StoragePlugin, Any] = {**Writer.STORAGE_PLUGINS, StoragePlugin.MCAP: _Mcap}

    def __init__(self, path: Path, storage_plugin: StoragePlugin) -> None:
        # the newest that ROS 2 Humble reads: since 9 the metadata hold QoS in words, and Humble's player stops there
        super().__init__(path, version=8, storage_plugin=storage_plugin)
        if storage_plugin == StoragePlugin.MCAP:
            self.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)

    def checkpoint(self) -> None:
        """Bring all that came so far into files that are whole; with mcap. Raises `OSError`, also from `write`."""
        storage: Any = self.storage
        if not isinstance(storage, _Mcap):
            return
        storage.goes_on = True
        try:
            self.close()  # which writes the metadata, too
        finally:
            self.storage, storage.goes_on = storage, False
