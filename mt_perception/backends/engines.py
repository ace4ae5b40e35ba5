# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Built engines and compiled graphs on disk. Knows nothing of TensorRT: an engine is bytes that take minutes to make.

An engine runs only on the GPU, driver and library versions that it was built with: all of them are in its key.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from mt_perception import network as network_package
from mt_perception.backends import NVIDIA_DRIVER
from mt_perception.model.spec import NetworkSpec
from mt_perception.utils.files import write_whole

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class CacheKey:
    """What all that is kept depends on, and its name. A subclass adds the rest as plain values."""

    ending: ClassVar[str]
    weights: str
    graph: str
    height: int
    width: int
    precision: str

    @property
    def file_name(self) -> str:
        """Tells a reader what it is; the hash at the end makes it one of a kind."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        return f"{self.weights[:12]}-{self.width}x{self.height}-{self.form}-{digest[:16]}.{self.ending}"

    @property
    def form(self) -> str:
        """What the name tells of it beside model and size."""
        return self.precision


@dataclass(frozen=True)
class EngineKey(CacheKey):
    """Everything that an engine depends on. `weights` and `graph` are hashes; versions are what the libraries say."""

    ending = "engine"
    gpu: str
    compute_capability: str
    tensorrt: str
    torch: str
    torch_tensorrt: str
    driver: str


def packed(key: CacheKey, engine: bytes) -> bytes:
    """An engine as it is kept: one line of JSON (key and hash), then the engine."""
    header = {"key": asdict(key), "sha256": hashlib.sha256(engine).hexdigest()}
    return json.dumps(header).encode() + b"\n" + engine


class EngineCache:
    """A folder of engines, each a file, as `packed`.

    Files appear whole or not at all. Several processes may use one folder: of those that want the same engine, one
    builds it and the others wait. A lock ends with its process, however that ends. Where the folder cannot be made or
    written, all goes on without a cache, and says so.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: CacheKey) -> Path:
        """Where the engine of `key` is, or would be."""
        return self._folder / key.file_name

    def load(self, key: CacheKey) -> bytes | None:
        """The engine of `key`, or None when there is none or its file is damaged, which is logged."""
        try:
            with self.path(key).open("rb") as file:
                header = json.loads(file.readline())
                engine = file.read()
            if header["key"] == asdict(key) and header["sha256"] == hashlib.sha256(engine).hexdigest():
                return engine
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError):
            pass
        _LOG.warning("%s is damaged and will be built anew", self.path(key))
        return None

    def store(self, key: CacheKey, engine: bytes) -> None:
        """Write the engine of `key`; one that is there is replaced."""
        write_whole(self.path(key), packed(key, engine))

    def keep(self, key: CacheKey, engine: bytes) -> None:
        """`store`, where that is possible."""
        try:
            self.store(key, engine)
        except OSError as error:
            _LOG.warning("going on without a cache, since %s cannot be written (%s)", self.path(key), error)

    def get_or_build(self, key: CacheKey, build: Callable[[], bytes], force: bool = False) -> bytes:
        """The engine of `key`, built by `build` if there is none, or in any case with `force`."""
        with self._locked(key):
            engine = None if force else self.load(key)
            if engine is None:
                engine = build()
                self.keep(key, engine)
        return engine

    @contextmanager
    def _locked(self, key: CacheKey) -> Iterator[None]:
        from filelock import FileLock, Timeout  # comes with torch, not with openvino

        lock = FileLock(self.path(key).with_suffix(".lock"))
        with suppress(OSError):  # `keep` says it
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                _LOG.info("another process builds this engine: waiting for it")
                lock.acquire()
        try:
            yield
        finally:
            lock.release()


def graph_version(spec: NetworkSpec) -> str:
    """Changes with whatever turns weights into a graph: the network's description, or the code of its package."""
    digest = hashlib.sha256(json.dumps(spec.to_dict(), sort_keys=True).encode())
    for file in sorted(Path(network_package.__path__[0]).glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def driver_version(file: Path = NVIDIA_DRIVER) -> str:
    """What the NVIDIA driver says of itself; `unknown` where it says nothing."""
    try:
        return file.read_text(encoding="utf-8").splitlines()[0].removeprefix("NVRM version:").strip()
    except (OSError, IndexError):
        return "unknown"
