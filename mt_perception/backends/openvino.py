# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""The graph on a CPU, by OpenVINO. Imports no torch."""

from __future__ import annotations

import copy
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from mt_perception.backends import BackendError, choose_precision, openvino_layers
from mt_perception.backends.engines import CacheKey, EngineCache
from mt_perception.backends.variants import KEPT, Names, Variants
from mt_perception.errors import reason_of
from mt_perception.model.bundle import OPENVINO_GRAPH, OPENVINO_INT8_GRAPH, Bundle
from mt_perception.network.graph_file import read_graph
from mt_perception.types import Camera
from mt_perception.utils.hardware import computes_bf16, limited_threads, processor
from mt_perception.utils.resources import cache_folder

_LOG = logging.getLogger(__name__)
_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
_COMPILING = Lock()  # OpenVINO changes the locale meanwhile; two at a time would not restore it


@dataclass(frozen=True)
class GraphKey(CacheKey):
    """Everything that a compiled graph depends on."""

    ending = "blob"
    outputs: str
    config: str
    processor: str
    capabilities: str
    openvino: str


class OpenVinoBackend:
    """Compiles the bundle's graph for one size, and for the outputs that are requested: the rest is cut off.

    With `background` a new set of outputs is compiled beside the running ones, where one of those covers it.
    Compiled graphs are cached on disk, with hashes (OpenVINO's own cache has none, and runs what is damaged), so that
    the next start takes a fraction of a second.
    """

    name = "openvino"
    progress = ""
    fallback = ""
    device = "cpu"

    def __init__(
        self,
        bundle: Bundle,
        size: tuple[int, int],
        precision: str = "auto",
        threads: int = 0,
        streams: int = 0,
        pinning: bool = False,
        background: bool = False,
    ) -> None:
        core = ov.Core()
        native = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        natively = {"bf16": "BF16" in native and computes_bf16(), "fp16": "FP16" in native, "fp32": True}
        floats = [name for name, computes in natively.items() if computes]
        if bundle.card.imported:  # what it loses in fewer digits is not known, and was not checked
            floats.reverse()
        if precision == "int8" and not bundle.has_int8:
            raise BackendError(
                f"precision is int8, but the model {bundle.folder} has no int8 graph; make one with "
                "mt-perception export --backend openvino --precision int8 --images FOLDER --model MODEL --out NEW"
            )
        supported = (["int8"] if bundle.has_int8 and "INT8" in native else []) + floats
        self.precision = choose_precision(precision, supported, self.name, self.device)
        is_int8 = self.precision == "int8"
        config = {
            "PERFORMANCE_HINT": "LATENCY",
            # what stays out of int8 is computed in the fastest other arithmetic
            "INFERENCE_PRECISION_HINT": _HINTS[floats[0] if is_int8 else self.precision],
            "INFERENCE_NUM_THREADS": threads or limited_threads(),
            "NUM_STREAMS": streams or 1,
            "ENABLE_CPU_PINNING": pinning,
        }
        self._size, self._has_rays = size, bundle.card.network.rays
        graph = OPENVINO_INT8_GRAPH if is_int8 else OPENVINO_GRAPH
        self._compiler = _Compiler(core, bundle, graph, size, self.precision, config)
        self._compiled = Variants(self._compiler, background)
        self._requests = _Requests()
        self._streams = streams or 1

    def siblings(self) -> Iterator[OpenVinoBackend]:
        """Others that share the compiled graphs: one for each further stream, to be called from a thread of its own."""
        for _ in range(self._streams - 1):
            other = copy.copy(self)
            other._requests = _Requests()
            yield other

    def infer(
        self, image: NDArray[np.uint8], depth_scale: float, outputs: Collection[str], camera: Camera | None = None
    ) -> dict[str, NDArray[np.generic]]:
        """See `Backend.infer`. The first call with a new set of outputs compiles the graph for it."""
        names, compiled = self._compiled.get(outputs)
        request = self._requests.of(names, compiled)
        request.infer(self._inputs(image, depth_scale, names, camera), share_inputs=True)
        return {name: request.get_tensor(name).data for name in outputs}

    def layer_times(self, image: NDArray[np.uint8], outputs: Collection[str], runs: int) -> list[dict[str, Any]]:
        """Of each layer that is computed, in the graph's order: see `openvino_layers.layer_times`."""
        names = tuple(sorted(outputs))
        return openvino_layers.layer_times(self._compiler.counting(names), self._inputs(image, 1.0, names, None), runs)

    def rates(self, precisions: Collection[str]) -> dict[str, float]:
        """What this machine does in a millisecond at its best: see `openvino_layers.rates`."""
        return self._compiler.rates(precisions)

    def _inputs(
        self, image: NDArray[np.uint8], depth_scale: float, names: Names, camera: Camera | None
    ) -> dict[str, NDArray[Any]]:
        inputs: dict[str, NDArray[Any]] = {"image": image[None]}
        if "depth_m" in names:
            inputs["depth_scale"] = np.array([depth_scale], np.float32)
        if self._has_rays:
            camera = camera or Camera.assumed(self._size)
            inputs["camera"] = np.array([camera.intrinsics], np.float32)
        return inputs


class _Requests:
    """What one thread asks compiled graphs by: their inputs and results in memory of its own."""

    def __init__(self) -> None:
        self._made: dict[Names, tuple[ov.CompiledModel, ov.InferRequest]] = {}

    def of(self, names: Names, compiled: ov.CompiledModel) -> ov.InferRequest:
        """That for a graph; the least recently used one is given up beyond as many as there are graphs."""
        made, request = self._made.pop(names, (None, None))
        if made is not compiled:
            request = compiled.create_infer_request()
        self._made[names] = compiled, request
        while len(self._made) > KEPT + 1:
            self._made.pop(next(iter(self._made)))
        return request


class _Compiler:
    """Makes what serves a set of outputs.

    It knows nothing of the backend: a circle of the two would be freed by a garbage collection alone, and the node
    keeps its model out of that.
    """

    def __init__(
        self, core: ov.Core, bundle: Bundle, graph: str, size: tuple[int, int], precision: str, config: dict[str, Any]
    ) -> None:
        self._core, self._cache = core, EngineCache(cache_folder() / "openvino")
        self._bundle, self._graph = bundle, graph
        self._size, self._precision, self._config = size, precision, config

    def __call__(self, requested: Names) -> ov.CompiledModel:
        with _COMPILING:
            return self._compiled(requested)

    def _compiled(self, requested: Names) -> ov.CompiledModel:
        key = self._key(requested)
        if (blob := self._cache.load(key)) is not None:
            try:
                return self._core.import_model(blob, "CPU", self._config)
            except RuntimeError as error:
                _LOG.warning("%s cannot be used, and is made anew: %s", self._cache.path(key), error)
        try:
            compiled = self._core.compile_model(self._model(requested), "CPU", self._config)
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO cannot run {self._bundle.file(self._graph)}; copy the model again ({reason_of(error)})"
            ) from error
        self._cache.keep(key, compiled.export_model().getvalue())
        return compiled

    def counting(self, requested: Names) -> ov.CompiledModel:
        """The same with a counter at each layer; not kept."""
        return openvino_layers.counting(self._core, self._model(requested), self._config)

    def rates(self, precisions: Collection[str]) -> dict[str, float]:
        """See `openvino_layers.rates`."""
        return openvino_layers.rates(self._core, self._config, precisions)

    def _key(self, requested: Names) -> GraphKey:
        files = self._bundle.card.files
        return GraphKey(
            weights=files[self._bundle.constants(self._graph).name],
            graph=files[self._graph],
            height=self._size[0],
            width=self._size[1],
            precision=self._precision,
            outputs=" ".join(requested),
            config=repr(self._config),
            processor=processor(),
            capabilities=" ".join(self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
            openvino=ov.get_version(),
        )

    def _model(self, requested: Names) -> ov.Model:
        """The graph of the bundle for one size, with these outputs alone."""
        whole = read_graph(self._core, self._bundle, self._graph)
        used = ["image", *["depth_scale"] * ("depth_m" in requested), *["camera"] * self._bundle.card.network.rays]
        model = ov.Model(
            [whole.output(name) for name in requested],
            [whole.input(name).get_node() for name in used],
        )
        model.reshape({"image": [1, *self._size, 3]})
        return model
