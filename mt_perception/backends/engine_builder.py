# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""From a model to a backend that runs a built engine: out of the cache, built first, or built while PyTorch serves.

What only TensorRT can do comes in as two functions, so that everything else is tested without it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mt_perception.backends import Backend, BackendError, NvidiaError, network_size
from mt_perception.backends.engines import CacheKey, EngineCache
from mt_perception.backends.hot_swap import HotSwapBackend, report_progress, run_command
from mt_perception.backends.parity_check import check_parity
from mt_perception.model.bundle import Bundle, open_model
from mt_perception.settings import Settings
from mt_perception.utils.resources import cache_folder

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Engine:
    """One engine for one model, size and machine: how it is built, run, found again, and what it must agree with."""

    cache: EngineCache
    key: CacheKey
    build: Callable[[], bytes]
    run: Callable[[bytes], Backend]
    reference: Callable[[], Backend]

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return self.cache.path(self.key)

    def ensure(self, force: bool = False) -> bytes:
        """The engine, built if need be, or in any case with `force`."""
        return self.cache.get_or_build(self.key, self._build_with_progress, force)

    def _build_with_progress(self) -> bytes:
        with report_progress(f"building the engine {self.key.file_name}", _LOG.warning):
            return self.build()

    def open(self, engine: bytes, reference: Backend) -> Backend:
        """The backend that runs `engine`. Raises `NvidiaError` when it does not compute what `reference` does."""
        backend = self.run(engine)
        parity = check_parity(backend, reference, (self.key.height, self.key.width))
        if not parity.is_good:
            raise NvidiaError(f"the {backend.name} engine differs from {reference.name}: {parity}")
        _LOG.info("the %s engine agrees with %s: %s", backend.name, reference.name, parity)
        return backend


def open_engine(
    engine: Engine,
    fallback_backend: Backend,
    force: bool = False,
    outside: Callable[[threading.Event], None] | None = None,
) -> Backend:
    """The backend of `engine`, or `fallback_backend` where it cannot be had; its `fallback` then says why.

    With `outside`, which builds the engine in another process, an engine that is not in the cache is not waited for:
    `fallback_backend` serves until it is there.
    """
    background = bool(outside) and (force or engine.cache.load(engine.key) is None)

    def prepare(report: Callable[[str], None], cancelled: threading.Event) -> Backend:
        if outside and background:
            with report_progress(
                f"{fallback_backend.name} serves while the engine {engine.key.file_name} is built", report
            ):
                outside(cancelled)
            # a backend belongs to one thread, and this one's is busy with the images
            return engine.open(engine.ensure(), engine.reference())
        return engine.open(engine.ensure(force), fallback_backend)

    return HotSwapBackend(fallback_backend, prepare, background)


def open_tensorrt(bundle: Bundle, settings: Settings, size: tuple[int, int], background: bool) -> Backend:
    """The backend tensorrt; with `background` PyTorch serves while an engine is built that is not in the cache.

    Raises `NvidiaError` where there is no GPU, and for a precision that TensorRT does not compute in.
    """
    from mt_perception.backends.tensorrt import precision_for
    from mt_perception.backends.torch import TorchBackend

    precision = precision_for(settings.precision)
    fallback_backend = TorchBackend(bundle, size, precision, settings.threads)
    try:
        engine = tensorrt_engine(bundle, size, precision)
    except Exception as error:  # it is installed, but does not find its libraries, or does not fit this PyTorch
        return HotSwapBackend(fallback_backend, partial(_unavailable, error))
    command = export_command(bundle.folder, size, precision, settings.force_rebuild)
    outside = partial(run_command, command) if background else None
    return open_engine(engine, fallback_backend, settings.force_rebuild, outside)


def tensorrt_engine(bundle: Bundle, size: tuple[int, int], precision: str) -> Engine:
    """The TensorRT engine of this model on this machine."""
    from mt_perception.backends import tensorrt
    from mt_perception.backends.torch import TorchBackend

    folder = cache_folder() / "tensorrt"
    return Engine(
        cache=EngineCache(folder),
        key=tensorrt.engine_key(bundle, size, precision),
        build=lambda: tensorrt.build_engine(bundle, size, precision, folder / "timing.bin"),
        run=lambda engine: tensorrt.backend_of(bundle, size, precision, engine),
        reference=lambda: TorchBackend(bundle, size, precision),
    )


def export_engine(settings: Settings) -> Path:
    """Build the TensorRT engine that `settings` ask for, unless it is there; its path.

    Raises `NvidiaError` when it cannot be built, or does not compute what PyTorch does.
    """
    from mt_perception.backends.tensorrt import precision_for

    bundle = open_model(settings.model)
    size = network_size(bundle, settings)
    precision = precision_for(settings.precision)
    try:
        engine = tensorrt_engine(bundle, size, precision)
        engine.open(engine.ensure(settings.force_rebuild), engine.reference())
    except BackendError:
        raise
    except Exception as error:  # a builder's libraries raise what they like
        raise NvidiaError(f"the engine cannot be built or run ({type(error).__name__}: {error})") from error
    if not engine.path.is_file():
        raise NvidiaError(f"the engine was built, but {engine.path} cannot be written; set XDG_CACHE_HOME to a folder")
    return engine.path


def export_command(model: Path, size: tuple[int, int], precision: str, force: bool) -> list[str]:
    """The arguments of `mt-perception` that build an engine ahead of time."""
    height, width = map(str, size)
    command = ["export", "--backend", "tensorrt", "--model", str(model), "--precision", precision]
    return [*command, "--input-height", height, "--input-width", width, *(["--force-rebuild"] if force else [])]


def _unavailable(error: Exception, *_: object) -> Backend:
    raise error
