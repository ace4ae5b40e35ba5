# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""An int8 graph as ONNX, on the same images and kept by the same check as the one for OpenVINO. Needs NNCF, onnx.

TensorRT takes int8 as pairs of QuantizeLinear and DequantizeLinear with zero points of zero and signed bytes, so
ranges are symmetric here, where OpenVINO's are not.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mt_perception.backends import require
from mt_perception.backends.onnx_file import onnx_name, read_onnx
from mt_perception.model.additions import with_files
from mt_perception.model.bundle import Bundle
from mt_perception.quantize import AccuracyDrop, Check, QuantizeError, model_inputs, prepare, silence_nncf
from mt_perception.types import Frame

_UNSIGNED_TO_SIGNED = np.float32(255 / 127)
"""What 255 steps from zero up become where only 127 are left."""


def onnx_int8(bundle: Bundle, frames: Iterable[Frame], check: Check) -> tuple[bytes, Sequence[AccuracyDrop]]:
    """The graph of the bundle's own size in int8, with what it costs.

    Raises `QuantizeError` when that is more than `check` allows, with the last layers in higher precision, too.
    """
    for module in ("nncf", "onnx"):
        require(module, "quantize")
    if bundle.card.imported:
        raise QuantizeError(f"the model {bundle.card.name} was imported; it gets int8 for OpenVINO alone: no --format")
    fitted = prepare(bundle, frames)
    if not fitted:
        raise QuantizeError("there are no images to quantise on")
    size = bundle.card.input.height, bundle.card.input.width
    for all_heads in (False, True):
        graph = _quantized(read_onnx(bundle, size, "fp32"), fitted, all_heads)
        with tempfile.TemporaryDirectory() as temporary:
            trial = with_files(bundle, Path(temporary) / "trial", {onnx_name(size, "int8"): graph})
            drops = check(trial.folder)
        if all(drop.holds for drop in drops):
            return graph, drops
    told = "; ".join(str(drop) for drop in drops)
    raise QuantizeError(f"int8 loses too much of {bundle.card.name}, nothing was written: {told}")


def _quantized(fp32: bytes, frames: Sequence[Frame], all_heads: bool) -> bytes:
    import nncf
    import onnx

    silence_nncf()
    model = onnx.load_from_string(fp32)
    _name_constants(model)
    names = [each.name for each in model.graph.input]
    inputs = [model_inputs(names, each) for each in frames]
    int8 = nncf.quantize(
        model,
        nncf.Dataset(inputs),
        preset=nncf.QuantizationPreset.PERFORMANCE,  # symmetric ranges
        subset_size=len(inputs),
        # convolutions alone: the camera's numbers, and what is computed of them, are no matter for eight bits
        ignored_scope=nncf.IgnoredScope(
            names=sorted(_spared(model, all_heads)),
            types=sorted({each.op_type for each in model.graph.node} - {"Conv"}),
            validate=False,
        ),
    )
    _make_signed(int8)
    return int8.SerializeToString()  # type: ignore[no-any-return]


def _name_constants(model: Any) -> None:
    """Constants that are nodes become tensors, which NNCF looks for."""
    nodes = [each for each in model.graph.node if each.op_type == "Constant"]
    for node in nodes:
        tensor = node.attribute[0].t
        tensor.name = node.output[0]
        model.graph.initializer.append(tensor)
        model.graph.node.remove(node)


def _make_signed(model: Any) -> None:
    """Unsigned bytes, which NNCF takes where nothing is negative, become signed ones: TensorRT has no others."""
    import onnx
    from onnx import numpy_helper

    tensors = {each.name: each for each in model.graph.initializer}
    pairs = {
        (scale, zero)
        for each in model.graph.node
        if each.op_type in ("QuantizeLinear", "DequantizeLinear")
        for _, scale, zero in [each.input]
        if tensors[zero].data_type == onnx.TensorProto.UINT8
    }
    changes: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
        **{scale: lambda each: each * _UNSIGNED_TO_SIGNED for scale, _ in pairs},
        **{zero: lambda each: each.astype(np.int8) for _, zero in pairs},
    }
    for name, change in changes.items():
        array = numpy_helper.to_array(tensors[name])
        tensors[name].CopyFrom(numpy_helper.from_array(change(array), name))
    del model.graph.value_info[:]  # it names the former types; a reader infers them


def _spared(model: Any, all_heads: bool) -> set[str]:
    """Names of the convolutions that stay out of int8: the first, the last one of depth, which says the exponent of
    metres, and with `all_heads` those of the other heads, too."""
    users: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    convolutions = {each.name: each for each in model.graph.node if each.op_type == "Conv"}
    behind = {name: _behind(each, users) for name, each in convolutions.items()}
    spared = convolutions.keys() - {each.name for nodes in behind.values() for each in nodes}
    for name, nodes in behind.items():
        if not any(each.op_type == "Conv" for each in nodes):
            results = {output for each in nodes for output in each.output}
            spared |= {name} if all_heads or "mask" not in results else set()
    return spared


def _behind(node: Any, users: Mapping[str, Sequence[Any]]) -> list[Any]:
    """The nodes that use, directly or not, what `node` computes."""
    found, waiting, seen = list[Any](), list(node.output), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            found += users.get(name, ())
            waiting += [output for user in users.get(name, ()) for output in user.output]
    return found
