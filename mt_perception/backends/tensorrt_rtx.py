# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Engines of TensorRT for RTX, which `pip` installs: built in a second, on any machine, for GPUs that are elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt_perception.backends import Backend, NvidiaError, choose_precision
from mt_perception.backends.engine_builder import Engine, open_engine
from mt_perception.backends.engines import CacheKey, EngineCache, graph_version, packed
from mt_perception.backends.onnx_file import onnx_name, read_onnx
from mt_perception.model.additions import with_files
from mt_perception.model.bundle import WEIGHTS, Bundle, require_place
from mt_perception.settings import Settings
from mt_perception.utils.resources import cache_folder

NAME = "tensorrt_rtx"
TARGETS = ("sm75", "sm86", "sm89", "sm120")
"""The GPUs of the RTX series 20, 30, 40 and 50."""
_PRECISIONS = ["fp16", "fp32", "int8"]


@dataclass(frozen=True)
class RtxKey(CacheKey):
    """Everything that an engine for RTX depends on: no GPU's name, and no driver."""

    ending = "rtx"
    source: str
    target: str
    tensorrt_rtx: str

    @property
    def form(self) -> str:
        return f"{self.precision}-{self.target}"


def library() -> Any:
    """The module of TensorRT for RTX. Raises `NvidiaError` when it is installed, and cannot be loaded."""
    try:
        import tensorrt_rtx
    except (ImportError, OSError) as error:
        raise NvidiaError(f"tensorrt_rtx cannot be loaded ({error}); pip install tensorrt-rtx-cu13") from error
    return tensorrt_rtx


def targets(names: str) -> tuple[str, ...]:
    """`sm86,sm120` -> those names. Raises `NvidiaError` for one that the installed version does not build for."""
    known = [each.lower() for each in library().ComputeCapability.__members__ if each.startswith("SM")]
    asked = tuple(each.strip() for each in names.split(",") if each.strip()) or TARGETS
    for each in asked:
        if each not in known:
            raise NvidiaError(f"targets names {each}; {NAME} {library().__version__} builds for {', '.join(known)}")
    return asked


def precisions(names: str) -> tuple[str, ...]:
    """`fp16,fp32` -> those names, `auto` for fp16. Raises `NvidiaError` for one that there are no engines in."""
    return tuple(dict.fromkeys(choose_precision(each, _PRECISIONS, NAME, "cuda") for each in names.split(",")))


def engine_key(bundle: Bundle, size: tuple[int, int], precision: str, target: str) -> RtxKey:
    """What an engine for GPUs of the compute capability `target` depends on."""
    return RtxKey(
        weights=bundle.card.files[WEIGHTS],
        graph=graph_version(bundle.card.network),
        height=size[0],
        width=size[1],
        precision=precision,
        source=bundle.card.files.get(onnx_name(size, precision), "made of the weights"),
        target=target,
        tensorrt_rtx=library().__version__,
    )


def build_engine(bundle: Bundle, size: tuple[int, int], precision: str, target: str) -> bytes:
    """A serialized engine. Needs no GPU."""
    from mt_perception.backends.trt_engine import build

    trt = library()
    capability = trt.ComputeCapability.__members__[target.upper()]
    return build(trt, read_onnx(bundle, size, precision), [capability], _folder() / "timing.bin")


def build_ahead(
    bundle: Bundle,
    size: tuple[int, int],
    wanted: Sequence[str],
    names: Sequence[str],
    out: Path | None = None,
    force: bool = False,
) -> list[Path]:
    """Build an engine for each of the targets `names` in each of the `wanted` precisions, into the cache, or with `out`
    into a copy of the model; their paths. Nothing has run them: whoever loads one checks it."""
    if out:
        require_place(out)
    keys = [engine_key(bundle, size, each, name) for each in wanted for name in names]
    cache = EngineCache(_folder())
    engines = {
        key: cache.get_or_build(key, lambda key=key: build_engine(bundle, size, key.precision, key.target), force)  # type: ignore[misc]
        for key in keys
    }
    if not out:
        return [cache.path(key) for key in keys]
    ours = with_files(bundle, out, {key.file_name: packed(key, engine) for key, engine in engines.items()})
    return [ours.file(key.file_name) for key in keys]


def rtx_engine(bundle: Bundle, size: tuple[int, int], precision: str, target: str) -> Engine:
    """The engine of this model for one target: the bundle's own, or one in the cache."""
    from mt_perception.backends.torch import TorchBackend
    from mt_perception.backends.trt_engine import EngineBackend

    key = engine_key(bundle, size, precision, target)
    inside = key.file_name in bundle.card.files
    return Engine(
        cache=EngineCache(bundle.folder if inside else _folder()),
        key=key,
        build=lambda: build_engine(bundle, size, precision, target),
        run=lambda engine: EngineBackend(library(), NAME, bundle, size, precision, engine),
        reference=lambda: TorchBackend(bundle, size, "fp32"),
    )


def open_rtx(bundle: Bundle, settings: Settings, size: tuple[int, int]) -> Backend:
    """The backend tensorrt_rtx. An engine that is missing is built at once, which takes seconds."""
    from mt_perception.backends.torch import TorchBackend, cuda_capability

    capability = cuda_capability(NAME)
    precision = choose_precision(settings.precision, _PRECISIONS, NAME, "cuda")
    (target,) = targets(f"sm{capability}")
    fallback_backend = TorchBackend(bundle, size, "fp16" if precision == "int8" else precision, settings.threads)
    return open_engine(rtx_engine(bundle, size, precision, target), fallback_backend, settings.force_rebuild)


def _folder() -> Path:
    return cache_folder() / NAME
