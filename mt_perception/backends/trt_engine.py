# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""Engines from the ONNX graph, by the Python API that TensorRT and TensorRT for RTX share; `trt` is either's module.

The engine is the whole graph, bytes in and bytes out, where Torch-TensorRT's is the network alone.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mt_perception.backends import NvidiaError
from mt_perception.backends.torch import TorchBackend
from mt_perception.model.bundle import Bundle
from mt_perception.utils.files import write_whole

_LOG = logging.getLogger(__name__)
MOST_IMAGES = 6
"""An engine takes so many at once, or fewer; it is tuned to one."""


def parse(trt: Any, graph: bytes) -> tuple[Any, Any, Any]:
    """(builder, network, parser) of an ONNX graph, with its types as they are: nothing falls back to another precision.

    The network lives as long as the two others. Raises `NvidiaError` with what the parser refuses.
    """
    logger = _logger(trt)
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(graph):
        said = "; ".join(" ".join(str(parser.get_error(index)).split()) for index in range(parser.num_errors))
        raise NvidiaError(f"{trt.__name__} {trt.__version__} does not take the graph: {said[-400:]}")
    return builder, network, parser


def build(trt: Any, graph: bytes, capabilities: Sequence[Any] = (), timing_cache: Path | None = None) -> bytes:
    """A serialized engine of an ONNX graph, for this GPU, or with `trt.ComputeCapability`s for GPUs that are elsewhere.

    What was timed is kept in the file `timing_cache`. Raises `NvidiaError` when it cannot be built.
    """
    builder, network, _parser = parse(trt, graph)
    config = builder.create_builder_config()
    if capabilities:
        config.num_compute_capabilities = len(capabilities)
        for index, capability in enumerate(capabilities):
            config.set_compute_capability(capability, index)
    profile = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        one, most = ([count, *list(tensor.shape)[1:]] for count in (1, MOST_IMAGES))
        profile.set_shape(tensor.name, one, one, most)
    config.add_optimization_profile(profile)
    timings = config.create_timing_cache(_read(timing_cache))
    config.set_timing_cache(timings, False)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        said = " ".join(" ".join(builder.logger.errors).split())
        raise NvidiaError(f"{trt.__name__} {trt.__version__} cannot build the engine: {said[-400:]}")
    if timing_cache:
        with suppress(OSError):  # the next build takes longer
            write_whole(timing_cache, bytes(config.get_timing_cache().serialize()))
    return bytes(engine)


def _logger(trt: Any) -> Any:
    """Keeps what the library calls errors, and prints none: without a driver it complains, and builds all the same."""

    class Logger(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            _LOG.debug("%s: %s", trt.__name__, message)
            if severity in (trt.ILogger.Severity.INTERNAL_ERROR, trt.ILogger.Severity.ERROR):
                self.errors.append(message)

    return Logger()


def _read(file: Path | None) -> bytes:
    try:
        return file.read_bytes() if file else b""
    except OSError:
        return b""


class EngineBackend(TorchBackend):
    """Runs an engine of the whole graph, with PyTorch's buffers, streams and CUDA graphs.

    Raises `NvidiaError` for an engine that was built for another GPU or by another version.
    """

    def __init__(
        self, trt: Any, name: str, bundle: Bundle, size: tuple[int, int], precision: str, engine: bytes
    ) -> None:
        self.name = name
        super().__init__(bundle, size, precision, graph=EngineGraph(trt, engine, size))


class EngineGraph:
    """An engine in the place of `network.graph.DeployedGraph`; for `count` images at a time."""

    def __init__(self, trt: Any, engine: bytes, size: tuple[int, int], count: int = 1) -> None:
        self._runtime = trt.Runtime(_logger(trt))
        _refuse_foreign(trt, self._runtime, engine)
        self._engine = self._runtime.deserialize_cuda_engine(engine)
        if self._engine is None:
            raise NvidiaError(f"{trt.__name__} cannot read the engine; build it anew with force_rebuild")
        self._context = _context(trt, self._engine)
        names = [self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)]
        inputs = {each for each in names if self._engine.get_tensor_mode(each) == trt.TensorIOMode.INPUT}
        self._has_camera = "camera" in inputs
        self._outputs = {each: _TYPES[each] for each in names if each not in inputs}
        shapes = {"image": (count, *size, 3), "depth_scale": (count,), "camera": (count, 4)}
        for each in inputs:
            self._context.set_input_shape(each, shapes[each])

    def select(
        self, image: Tensor, depth_scale: Tensor, outputs: Collection[str], camera: Tensor | None = None
    ) -> dict[str, Tensor]:
        """See `DeployedGraph.select`: for one image (H, W) each, for more (N, H, W). All outputs are computed."""
        self._context.set_tensor_address("image", image.data_ptr())
        self._context.set_tensor_address("depth_scale", depth_scale.data_ptr())
        if self._has_camera and camera is not None:
            self._context.set_tensor_address("camera", camera.data_ptr())
        results = {
            name: torch.empty(image.shape[:3], dtype=dtype, device=image.device)
            for name, dtype in self._outputs.items()
        }
        for name, result in results.items():
            self._context.set_tensor_address(name, result.data_ptr())
        self._context.execute_async_v3(torch.cuda.current_stream().cuda_stream)
        return {name: results[name][0] if len(image) == 1 else results[name] for name in outputs}


_TYPES = {"mask": torch.uint8, "confidence": torch.uint8, "depth_m": torch.float32}


def _refuse_foreign(trt: Any, runtime: Any, engine: bytes) -> None:
    """TensorRT for RTX tells beforehand what is wrong with an engine; TensorRT only that it cannot read it."""
    if not hasattr(runtime, "get_engine_validity"):
        return
    validity, diagnostics = runtime.get_engine_validity(engine)
    if validity == trt.EngineValidity.INVALID:
        kinds = trt.EngineInvalidityDiagnostics.__members__
        reasons = [name for name, bit in kinds.items() if int(diagnostics) & int(bit)] or ["no reason told"]
        raise NvidiaError(
            f"the engine does not fit this machine ({', '.join(reasons).lower()}); build it anew with force_rebuild"
        )


def _context(trt: Any, engine: Any) -> Any:
    """Where it can be chosen, kernels are compiled for the shapes in use before the first image, and not meanwhile:
    a recorded CUDA graph would keep those that stand in for them."""
    if not hasattr(trt, "DynamicShapesKernelSpecializationStrategy"):
        return engine.create_execution_context()
    config = engine.create_runtime_config()
    config.dynamic_shapes_kernel_specialization_strategy = trt.DynamicShapesKernelSpecializationStrategy.EAGER
    return engine.create_execution_context(config)
