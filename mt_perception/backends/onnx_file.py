# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Where a model's graph as ONNX comes from: its bundle, the cache, or PyTorch, which makes it in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from mt_perception.backends import BackendError, NvidiaError, require
from mt_perception.backends.engines import CacheKey, EngineCache, graph_version
from mt_perception.model.bundle import WEIGHTS, Bundle
from mt_perception.utils.resources import cache_folder


@dataclass(frozen=True)
class OnnxKey(CacheKey):
    """Everything that an ONNX graph depends on."""

    ending = "onnx"


def onnx_name(size: tuple[int, int], precision: str) -> str:
    """The name of the graph's file in a bundle."""
    return f"graph-{size[1]}x{size[0]}-{precision}.onnx"


def read_onnx(bundle: Bundle, size: tuple[int, int], precision: str) -> bytes:
    """The graph for images of `size` (height, width): that of the bundle, or one made of its weights, and kept.

    Raises `NvidiaError` for int8 that the bundle lacks, and where there is no PyTorch to make one.
    """
    name = onnx_name(size, precision)
    if name in bundle.card.files:
        return bundle.file(name).read_bytes()
    command = f"mt-perception export --format onnx --precision {precision} --model MODEL --out NEW"
    if precision == "int8":
        raise NvidiaError(f"the model {bundle.folder} has no {name}; make it: {command} --images FOLDER")
    cache = EngineCache(cache_folder() / "onnx")
    key = OnnxKey(
        weights=bundle.card.files[WEIGHTS],
        graph=graph_version(bundle.card.network),
        height=size[0],
        width=size[1],
        precision=precision,
    )
    if (graph := cache.load(key)) is not None:
        return graph
    try:
        require("torch", "torch")
    except BackendError as error:
        raise NvidiaError(f"the model {bundle.folder} has no {name}, made by: {command}. Or {error}") from None
    from mt_perception.network.onnx_graph import onnx_graph

    return cache.get_or_build(key, lambda: onnx_graph(bundle, size, precision))
