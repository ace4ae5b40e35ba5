# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What each layer of a compiled graph takes, what it has to compute and move, and how fast this machine does that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from mt_perception.backends import BackendError

_COUNTING = {"PERF_COUNT": True}
_CONVOLUTIONS = ("Convolution", "FullyConnected", "MatMul")
_PROBE_RUNS = 50
_CHANNELS, _EDGE = 512, 64
"""Of the convolution that is the probe: 1.07 billion multiply-adds, and numbers that fit into a cache."""
_MOVED_SHAPE = [1, 16, 96, 160]
"""Of what the addition that is the other probe reads and writes: a usual map of a network."""


def counting(core: ov.Core, model: ov.Model, config: Mapping[str, Any]) -> ov.CompiledModel:
    """`model` with a counter at each layer, which costs time of its own."""
    return core.compile_model(model, "CPU", {**config, **_COUNTING})


def layer_times(compiled: ov.CompiledModel, inputs: Mapping[str, NDArray[Any]], runs: int) -> list[dict[str, Any]]:
    """Of each layer that is computed, in the graph's order: `names` of what became it, its `kind`, mean `ms`, and the
    `costs` of computing it."""
    request = compiled.create_infer_request()
    for _ in range(runs):
        request.infer(inputs, share_inputs=True)
    layers = []
    for layer in compiled.get_runtime_model().get_ordered_ops():
        if (microseconds := _fact(layer, "execTimeMcs")).isdecimal():
            facts = {"names": _fact(layer, "originalLayersNames"), "kind": _fact(layer, "layerType")}
            layers.append({**facts, "ms": int(microseconds) / 1e3, **costs(layer)})
    return layers


def costs(layer: ov.Node) -> dict[str, Any]:
    """`multiply_adds` of a convolution, 0 of other layers, with the `arithmetic` they are done in, and the `bytes` that
    go in and out, weights included."""
    sizes = [(port.get_element_type(), port.get_shape()) for port in (*layer.inputs(), *layer.outputs())]
    moved = sum(number.size * int(np.prod(shape)) for number, shape in sizes)
    multiply_adds = 0
    if _fact(layer, "layerType") in _CONVOLUTIONS:
        weights, pixels = sizes[1][1], sizes[-1][1][2:]
        multiply_adds = int(np.prod(weights)) * int(np.prod(pixels))
    arithmetic = _fact(layer, "runtimePrecision").replace("u8", "i8") if multiply_adds else ""
    return {"multiply_adds": multiply_adds, "arithmetic": arithmetic, "bytes": moved}


def rates(core: ov.Core, config: Mapping[str, Any], precisions: Collection[str]) -> dict[str, float]:
    """How many multiply-adds in each of `precisions` (`i8`, `bf16`, `f16`, `f32`), and how many `bytes`, this machine
    does in a millisecond at its best: in one pointwise convolution, and in one addition, that do nothing else.

    Raises `BackendError` where a layer that is counted is not found among those that were computed.
    """
    found = {each: _best(core, _convolution(each), each, config, "multiply_adds") for each in precisions}
    return {**found, "bytes": _best(core, _addition(), "f32", config, "bytes")}


def _best(core: ov.Core, model: ov.Model, arithmetic: str, config: Mapping[str, Any], what: str) -> float:
    hint = {"INFERENCE_PRECISION_HINT": "f32" if arithmetic == "i8" else arithmetic}
    compiled = counting(core, model, {**config, **hint})
    layers = compiled.get_runtime_model().get_ordered_ops()
    done = {each.get_friendly_name(): costs(each)[what] for each in layers}
    name = max(done, key=lambda each: done[each])
    request, image = compiled.create_infer_request(), np.ones(model.inputs[0].shape, np.float32)
    times_us = []
    for _ in range(_PROBE_RUNS):
        request.infer([image], share_inputs=True)
        times_us += [each.real_time.total_seconds() * 1e6 for each in request.profiling_info if each.node_name == name]
    best_us = min(times_us, default=0.0)
    if not done[name] or not best_us:
        raise BackendError(
            f"OpenVINO {ov.get_version()} counts no time of {model.friendly_name}, by which is told what this machine "
            "does at its best; --layers needs another version: pip install --upgrade openvino"
        )
    return done[name] / best_us * 1e3


def _fact(layer: ov.Node, key: str) -> str:
    return layer.get_rt_info()[key].astype(str)


def _convolution(arithmetic: str) -> ov.Model:
    image = op.parameter([1, _CHANNELS, _EDGE, _EDGE], np.float32)
    weights = op.constant(np.random.default_rng(0).normal(size=(_CHANNELS, _CHANNELS, 1, 1)).astype(np.float32))
    x = image
    if arithmetic == "i8":
        x, weights = _quantized(op.relu(image), 0, 2.55, 256), _quantized(weights, -4, 4, 255)
    result = op.convolution(x, weights, [1, 1], [0, 0], [0, 0], [1, 1])
    return ov.Model([result], [image], "a convolution")


def _addition() -> ov.Model:
    numbers = op.parameter(_MOVED_SHAPE, np.float32)
    return ov.Model([op.add(numbers, op.constant(np.float32(1)))], [numbers], "an addition")


def _quantized(x: ov.Node, low: float, high: float, levels: int) -> ov.Node:
    bounds = [op.constant(np.float32(each)) for each in (low, high, low, high)]
    return op.fake_quantize(x, *bounds, levels)
